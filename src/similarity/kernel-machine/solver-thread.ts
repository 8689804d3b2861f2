import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'

/*
 * The thread that trains: all it runs is libsvm (C.-C. Chang and C.-J. Lin, "LIBSVM: a library for support vector machines", 2011),
 * which the package libsvm-js has for WebAssembly. It imports nothing of ours, since it is loaded as a file of its own.
 *
 * libsvm is given the kernel's values in place of vectors, its kernel type "precomputed": so it trains with any kernel, and
 * nothing is computed twice for pairs of classes and folds.
 */

export interface Problem {
  /** n × n: the kernel of each two examples. */
  readonly kernel: Float64Array<ArrayBuffer>
  /** n classes from 0 on; each has an example in each fold. */
  readonly classes: Int32Array
  /** For each example its fold, from 0 on. */
  readonly folds: Int32Array
  readonly C: number
}

export interface Solution {
  /** The classes in the order of what follows. */
  readonly classes: readonly number[]
  /** The examples that are support vectors, class by class. */
  readonly supports: Uint32Array<ArrayBuffer>
  /** As of `Parts`. */
  readonly ends: Uint32Array<ArrayBuffer>
  readonly weights: Float64Array<ArrayBuffer>
  readonly offsets: Float64Array<ArrayBuffer>
  readonly slopes: Float64Array<ArrayBuffer>
  readonly intercepts: Float64Array<ArrayBuffer>
  /** How many examples a machine that was trained on the other folds has classified as they are. */
  readonly correct: number
}

export type Report =
  | { readonly phase: 'train' | 'validate'; readonly done: number; readonly total: number }
  | { readonly solution: Solution }
  | { readonly failure: 'memory' | 'kernel' | 'supports' }

/** What is used of libsvm-js 0.2.1. */
interface Svm {
  /** Where the model is in memory. */
  readonly model: number
  train(samples: readonly Float64Array[], labels: readonly number[]): void
  predictOneProbability(sample: Float64Array): { prediction: number }
  free(): void
}
interface Library {
  new (options: object): Svm
  readonly SVM_TYPES: { readonly C_SVC: string }
  readonly KERNEL_TYPES: { readonly PRECOMPUTED: string }
}
interface Memory {
  readonly HEAP32: Int32Array
  readonly HEAPF64: Float64Array
  _malloc(bytes: number): number
  _free(place: number): void
}

/** Bytes of a number in a sample, as libsvm has it: with its index. */
const NODE = 16

const { kernel, classes, folds, C } = workerData as Problem
const count = classes.length
const foldCount = Math.max(...folds) + 1

async function run(): Promise<Report> {
  if (!kernel.every(Number.isFinite)) return { failure: 'kernel' }
  const require = createRequire(import.meta.url)
  const library: Library = await require('libsvm-js')
  const memory: Memory = require('libsvm-js/out/wasm/libsvm')
  if (!hasMemory(memory)) return { failure: 'memory' }
  const svm = new library({
    type: library.SVM_TYPES.C_SVC,
    kernel: library.KERNEL_TYPES.PRECOMPUTED,
    cost: C,
    probabilityEstimates: true,
    quiet: true,
  })
  const all = Array.from(classes.keys())
  report('train', 0, 1)
  train(svm, all)
  const model = readModel(memory, svm.model)
  if (model.supports.length === 0) return { failure: 'supports' }
  report('train', 1, 1)
  let correct = 0
  for (let fold = 0; fold < foldCount; fold++) {
    report('validate', fold, foldCount)
    train(
      svm,
      all.filter((i) => folds[i] !== fold),
    )
    for (const i of all) {
      if (folds[i] === fold)
        correct += Number(svm.predictOneProbability(sampleOf(i)).prediction === classes[i])
    }
  }
  svm.free()
  report('validate', foldCount, foldCount)
  return { solution: { ...model, correct } }
}

function report(phase: 'train' | 'validate', done: number, total: number): void {
  parentPort!.postMessage({ phase, done, total } satisfies Report)
}

/** libsvm does not look whether it was given memory. */
function hasMemory({ _malloc, _free }: Memory): boolean {
  const place = _malloc(NODE * (count + 8) * (count + 2))
  if (place === 0) return false
  _free(place)
  return true
}

/** On some of the examples. */
function train(svm: Svm, examples: readonly number[]): void {
  // It copies one sample after the other, and forgets it.
  const samples = new Proxy<Float64Array[]>([], {
    get: (_, key) => (key === 'length' ? examples.length : sampleOf(examples[Number(key)]!)),
  })
  svm.train(
    samples,
    examples.map((i) => classes[i]!),
  )
}

/** As libsvm wants them of this type: the number of the example, from 1 on, and its kernel values with all. */
function sampleOf(i: number): Float64Array {
  const sample = new Float64Array(count + 1)
  sample[0] = i + 1
  sample.set(kernel.subarray(i * count, (i + 1) * count), 1)
  return sample
}

/** Where the fields of svm_model (svm.h of libsvm 3.22) begin, in bytes, as WebAssembly lays them out. */
const MODEL = {
  classes: 96,
  supports: 100,
  weights: 108,
  offsets: 112,
  slopes: 116,
  intercepts: 120,
  indices: 124,
  labels: 128,
  counts: 132,
} as const

/**
 * Reads a model where it lies: libsvm-js tells it as text alone, with no more than six digits of an offset.
 */
function readModel({ HEAP32, HEAPF64 }: Memory, model: number): Omit<Solution, 'correct'> {
  const word = (place: number) => HEAP32[place >> 2]!
  const words = (place: number, length: number) => HEAP32.slice(place >> 2, (place >> 2) + length)
  const doubles = (place: number, length: number) => HEAPF64.slice(place >> 3, (place >> 3) + length)
  const k = word(model + MODEL.classes)
  const n = word(model + MODEL.supports)
  const pairs = (k * (k - 1)) / 2
  const at = (field: keyof typeof MODEL) => word(model + MODEL[field])
  const weights = new Float64Array((k - 1) * n)
  words(at('weights'), k - 1).forEach((row, t) => void weights.set(doubles(row, n), t * n))
  let end = 0
  return {
    classes: [...words(at('labels'), k)],
    supports: Uint32Array.from(words(at('indices'), n), (index) => index - 1),
    ends: Uint32Array.from(words(at('counts'), k), (each) => {
      end += each
      return end
    }),
    weights,
    offsets: doubles(at('offsets'), pairs),
    slopes: doubles(at('slopes'), pairs),
    intercepts: doubles(at('intercepts'), pairs),
  }
}

parentPort!.postMessage(await run())
