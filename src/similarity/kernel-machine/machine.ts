import { SkalarError } from '../../errors.ts'
import { checkOptions, signalOption } from '../../options.ts'
import { turnWhenBusy } from '../../turns.ts'
import type { Cancel, KernelMetric, VectorInput } from '../../types.ts'
import { isArray } from '../../validate/built-in.ts'
import type { Kernel } from '../kernel-option.ts'
import { type Classification, type LabelValue, toClassification } from '../labels.ts'
import { type Matrix, matrixOperand } from '../operand.ts'
import { batchOf, checkDecisions, Decider } from './decisions.ts'
import { decodeMachine, encodeMachine } from './machine-bytes.ts'
import type { Parts } from './parts.ts'
import { probabilitiesOf } from './probabilities.ts'
import type { KernelMachine } from './types.ts'

/**
 * The machine that `toBytes` was called of. The bytes are copied.
 *
 * @throws SkalarError `CORRUPTED` for bytes that are damaged, cut off or of something else, `UNSUPPORTED_VERSION`, `BAD_OPTION`
 * for what is no Uint8Array
 */
export function kernelMachineFromBytes<L extends LabelValue = LabelValue>(
  bytes: Uint8Array,
): KernelMachine<L> {
  return machineOf(decodeMachine(bytes)) as unknown as KernelMachine<L>
}

/** The machine of parts that are the caller's no longer. */
export function machineOf(parts: Parts): KernelMachine {
  return new SupportVectorMachine(parts)
}

class SupportVectorMachine implements KernelMachine {
  readonly kernel: KernelMetric
  readonly C: number
  readonly dimension: number
  readonly labels: readonly LabelValue[]
  readonly records: number
  readonly sample: number
  readonly supports: number
  readonly accuracy: number
  readonly #parts: Parts
  readonly #decider: Decider

  constructor(parts: Parts) {
    this.kernel = metricOf(parts.kernel)
    this.C = parts.C
    this.dimension = parts.dimension
    this.labels = Object.freeze([...parts.labels])
    this.records = parts.records
    this.sample = parts.sample
    this.supports = parts.ends.at(-1)!
    this.accuracy = parts.accuracy
    this.#parts = parts
    this.#decider = new Decider(parts)
  }

  classify(vector: VectorInput, options?: Cancel): Promise<Classification>
  classify(vectors: readonly VectorInput[], options?: Cancel): Promise<Classification[]>
  async classify(
    given: VectorInput | readonly VectorInput[],
    options?: Cancel,
  ): Promise<Classification | Classification[]> {
    const { signal: rawSignal } = checkOptions(options, ['signal'], 'options')
    const signal = signalOption(rawSignal, 'options.signal')
    if (isArray(given) && typeof given[0] !== 'number') {
      if (given.length === 0) return []
      return this.#classify(matrixOperand(given, this.dimension, 'vectors'), signal, (i) => `vectors[${i}]`)
    }
    const matrix = matrixOperand(given, this.dimension, 'vector')
    if (matrix.rows > 1) {
      const message = `vector has ${matrix.data.length} elements, the machine's dimension is ${this.dimension}: pass several vectors as an array of them`
      throw new SkalarError('DIMENSION_MISMATCH', message, { path: 'vector' })
    }
    const [classification] = await this.#classify(matrix, signal, () => 'vector')
    return classification!
  }

  async #classify(
    { data, rows, columns }: Matrix,
    signal: AbortSignal | undefined,
    pathOf: (i: number) => string,
  ): Promise<Classification[]> {
    const classifications: Classification[] = []
    const batch = batchOf(this.#parts)
    for (let begin = 0; begin < rows; begin += batch) {
      const vectors = data.subarray(begin * columns, (begin + batch) * columns)
      const decisions = await this.#decider.decide(vectors, signal)
      const count = vectors.length / columns
      checkDecisions(decisions, count, (i) => pathOf(begin + i))
      for (let i = 0; i < count; i++) {
        await turnWhenBusy()
        classifications.push(this.#classification(probabilitiesOf(this.#parts, decisions, i, count)))
      }
    }
    signal?.throwIfAborted()
    return classifications
  }

  #classification(probabilities: Float64Array): Classification {
    return toClassification(this.labels.map((label, i) => ({ label, probability: probabilities[i]! })))
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return encodeMachine(this.#parts)
  }
}

/** As callers write it. */
export function metricOf({ name, parameters: { gamma, coef0, degree } }: Kernel): KernelMetric {
  switch (name) {
    case 'linear':
      return Object.freeze({ kernel: name })
    case 'polynomial':
      return Object.freeze({ kernel: name, gamma, degree, coef0 })
    case 'sigmoid':
      return Object.freeze({ kernel: name, gamma, coef0 })
    case 'rbf':
    case 'laplacian':
      return Object.freeze({ kernel: name, gamma })
  }
}
