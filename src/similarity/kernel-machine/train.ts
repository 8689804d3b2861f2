import { SkalarError } from '../../errors.ts'
import type { Source } from '../../source.ts'
import { type SimilarityMetric, similarities } from '../similarities.ts'
import { type Examples, readExamples } from './examples.ts'
import { machineOf, metricOf } from './machine.ts'
import { parseTraining, type TrainRequest } from './request.ts'
import { foldsOf } from './sample.ts'
import { solve } from './solver.ts'
import type { Solution } from './solver-thread.ts'
import type { KernelMachine, TrainProgress } from './types.ts'

/** Between two reports, unless a phase is done. */
const PROGRESS_MS = 100

/** A machine that has learned from the records of a collection. */
export async function train(source: Source, input: unknown): Promise<KernelMachine> {
  const request = parseTraining(input, source.definition)
  request.signal?.throwIfAborted()
  const report = reporter(request)
  const examples = await readExamples(source, request, (done, total) => report('read', done, total))
  const { dimension } = source.definition
  const { classes } = examples
  const kernel = await kernelMatrix(examples, dimension, request, (done, total) =>
    report('kernel', done, total),
  )
  const problem = { kernel, classes, folds: foldsOf(classes, request.folds), C: request.C }
  const solution = await solve(problem, request.signal, report)
  return machineOf({
    ...request,
    ...solution,
    dimension,
    labels: solution.classes.map((place) => examples.labels[place]!),
    records: examples.records,
    sample: classes.length,
    accuracy: solution.correct / classes.length,
    supports: rowsOf(examples.vectors, dimension, solution),
  })
}

function reporter({ onProgress }: TrainRequest) {
  let last = Number.NEGATIVE_INFINITY
  return (phase: TrainProgress['phase'], done: number, total: number) => {
    if (onProgress === undefined) return
    const now = performance.now()
    if (done < total && now - last < PROGRESS_MS) return
    last = now
    onProgress({ phase, done, total })
  }
}

/** The kernel of each two examples, in float64. */
async function kernelMatrix(
  { vectors }: Examples,
  dimension: number,
  { kernel, signal }: TrainRequest,
  onProgress: (done: number, total: number) => void,
): Promise<Float64Array<ArrayBuffer>> {
  try {
    const metric: SimilarityMetric = metricOf(kernel)
    const matrix = await similarities(vectors, vectors, metric, {
      columns: dimension,
      precision: 'float64',
      signal,
      onProgress: ({ done, total }) => onProgress(done, total),
    })
    return matrix as Float64Array<ArrayBuffer>
  } catch (error) {
    if (!(error instanceof SkalarError) || error.code !== 'OUT_OF_MEMORY') throw error
    const message = 'there is no memory for the kernel of each two examples: set options.sample lower'
    throw new SkalarError('OUT_OF_MEMORY', message, { path: 'options.sample', cause: error })
  }
}

function rowsOf(vectors: Float32Array, dimension: number, { supports }: Solution): Float32Array<ArrayBuffer> {
  const rows = new Float32Array(supports.length * dimension)
  supports.forEach((example, i) => {
    rows.set(vectors.subarray(example * dimension, (example + 1) * dimension), i * dimension)
  })
  return rows
}
