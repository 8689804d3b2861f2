import { SkalarError } from '../errors.ts'
import { listen } from '../listen.ts'
import { computeSimilarities, firstBadRow } from '../native/matrices.ts'
import type { Measure } from '../native/numbers.ts'
import { fromNative } from '../native.ts'
import {
  checkOptions,
  enumOption,
  functionOption,
  integerOption,
  QUERY_METRICS,
  signalOption,
} from '../options.ts'
import type { MahalanobisMetric, MatrixInput, QueryMetric } from '../types.ts'
import { describe } from '../validate/describe.ts'
import { hintFor } from '../validate/hints.ts'
import { isPlainObject } from '../validate/plain-object.ts'
import { KERNELS, kernelOption, NO_PARAMETERS, type Parameters } from './kernel-option.ts'
import { checkRow, type Floats, fitsFloat32, isFlat, type Matrix, uncheckedMatrix } from './operand.ts'
import { MOST_THREADS, pool } from './pool.ts'

/** What is computed of each pair: a function of vectors.ts by its name, or one of kernels.ts with its parameters. */
export type SimilarityMetric = Exclude<QueryMetric, MahalanobisMetric>

/** How far a call has come. */
export interface SimilarityProgress {
  /** Pairs that are done. */
  readonly done: number
  /** Rows of A times rows of B. */
  readonly total: number
}

export interface SimilaritiesOptions {
  /** Columns of A and B. Needed where both are flat. */
  columns?: number | undefined
  /**
   * The numbers that are computed with, and returned. Default: `float32` where both A and B are of a type that float32 holds
   * exactly (Float32Array, Float16Array, integers of 8 and 16 bits), else `float64`.
   */
  precision?: 'float32' | 'float64' | undefined
  /** Threads that share the work. Default, and at most: as many as there are cores. */
  threads?: number | undefined
  /** Stops the call, within milliseconds; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined
  /** Called about ten times a second, and in the end. If it throws, the call stops and rejects with that. */
  onProgress?: ((progress: SimilarityProgress) => void) | undefined
}

const KNOWN = ['columns', 'precision', 'threads', 'signal', 'onProgress'] as const
const PRECISIONS = ['float32', 'float64'] as const
const PROGRESS_MS = 100

/**
 * The similarity of each row of A with each row of B: number (i, j) of the result, at [i · rows of B + j], is that of A[i] and
 * B[j]. A and B are arrays of rows, or flat, row by row; both are copied before the call returns. Runs on threads of its own.
 *
 * With float32 the error of a dot product, and of a cosine, is below (130 + n/128) · 2⁻²⁴ of |a||b| (twice that for cosines) at n
 * components; that of the distances, and of what a kernel takes the exponential of, so much of itself. With float64 it is 2⁻⁵³
 * in place of 2⁻²⁴. docs/similarity.md derives that. Results are the same on every processor and for any number of threads.
 *
 * @throws SkalarError (the promise rejects) `BAD_VECTOR` for what is no matrix of finite numbers, and for rows of zeros with
 * `cosine`; `DIMENSION_MISMATCH` for rows of different lengths; `BAD_OPTION`; `OUT_OF_MEMORY`
 */
export async function similarities(
  A: MatrixInput,
  B: MatrixInput,
  metric: SimilarityMetric,
  options: SimilaritiesOptions & { precision: 'float64' },
): Promise<Float64Array>
export async function similarities(
  A: MatrixInput,
  B: MatrixInput,
  metric: SimilarityMetric,
  options: SimilaritiesOptions & { precision: 'float32' },
): Promise<Float32Array>
export async function similarities(
  A: MatrixInput,
  B: MatrixInput,
  metric: SimilarityMetric,
  options?: SimilaritiesOptions,
): Promise<Float32Array | Float64Array>
export async function similarities(
  A: MatrixInput,
  B: MatrixInput,
  metric: SimilarityMetric,
  options?: SimilaritiesOptions,
): Promise<Float32Array | Float64Array> {
  const settings = readOptions(options)
  const precision = settings.precision ?? (fitsFloat32(A) && fitsFloat32(B) ? 'float32' : 'float64')
  return precision === 'float32'
    ? compute(A, B, metric, settings, Float32Array)
    : compute(A, B, metric, settings, Float64Array)
}

type Settings = ReturnType<typeof readOptions>

function readOptions(options: unknown) {
  const given = checkOptions(options, KNOWN, 'options')
  return {
    columns: integerOption(given.columns, 'options.columns', { min: 1 }),
    precision: enumOption(given.precision, 'options.precision', PRECISIONS),
    threads: integerOption(given.threads, 'options.threads', { min: 1, max: MOST_THREADS }),
    signal: signalOption(given.signal, 'options.signal'),
    onProgress: functionOption<(progress: SimilarityProgress) => void>(
      given.onProgress,
      'options.onProgress',
    ),
  }
}

async function compute<T extends Floats>(
  A: unknown,
  B: unknown,
  metric: unknown,
  settings: Settings,
  elements: { new (length: number): T; new (numbers: ArrayLike<number>): T },
): Promise<T> {
  const { signal, threads = MOST_THREADS } = settings
  signal?.throwIfAborted()
  const [left, right] = operands(A, B, settings.columns, elements)
  const { measure, parameters } = readMetric(metric, left.columns)
  checkRows(left, A, 'A', measure)
  checkRows(right, B, 'B', measure)
  const results = room(elements, left.rows * right.rows)
  const state = new Int32Array(2)
  const work = computeSimilarities(pool(), {
    left: left.data,
    right: right.data,
    columns: left.columns,
    measure,
    parameters: Float64Array.of(parameters.gamma, parameters.coef0, parameters.degree),
    results,
    state,
    workers: threads,
  })
  await watch(work, state, results.length, settings)
  return results
}

/** Where one of them has rows, they tell the columns of the other. */
function operands<T extends Floats>(
  A: unknown,
  B: unknown,
  columns: number | undefined,
  elements: { new (length: number): T; new (numbers: ArrayLike<number>): T },
): [Matrix<T>, Matrix<T>] {
  if (columns === undefined && isFlat(A) && !isFlat(B)) {
    const right = uncheckedMatrix(B, columns, 'B', elements)
    return [uncheckedMatrix(A, right.columns, 'A', elements), right]
  }
  const left = uncheckedMatrix(A, columns, 'A', elements)
  return [left, uncheckedMatrix(B, left.columns, 'B', elements)]
}

function readMetric(metric: unknown, dimension: number): { measure: Measure; parameters: Parameters } {
  if (QUERY_METRICS.includes(metric as (typeof QUERY_METRICS)[number])) {
    return { measure: metric as (typeof QUERY_METRICS)[number], parameters: NO_PARAMETERS }
  }
  if (!isPlainObject(metric)) throw badMetric(metric)
  const kernel = kernelOption(metric, dimension, 'metric')
  if (kernel === undefined) throw badMetric(metric)
  return kernel
}

function badMetric(metric: unknown): SkalarError {
  const names = QUERY_METRICS.map((name) => JSON.stringify(name)).join(' | ')
  const kernels = KERNELS.map((name) => JSON.stringify(name)).join(' | ')
  const message = `metric must be ${names} or { kernel: ${kernels} }, got ${describe(metric)}`
  const hint = typeof metric === 'string' ? hintOf(metric) : ''
  return new SkalarError('BAD_OPTION', message + hint, { path: 'metric' })
}

function hintOf(metric: string): string {
  const kernel = KERNELS.find((name) => name === metric)
  const hint = kernel === undefined ? hintFor(metric, QUERY_METRICS) : `did you mean { kernel: "${kernel}" }?`
  return hint === undefined ? '' : `: ${hint}`
}

/** Of a million numbers in a millisecond, which a loop in JavaScript takes twenty for. */
function checkRows(matrix: Matrix<Floats>, given: unknown, path: string, measure: Measure): void {
  const row = firstBadRow(matrix.data, matrix.columns, measure === 'cosine')
  if (row === matrix.rows) return
  checkRow(matrix, row, given, path)
  const message = `row ${row} of ${path} is zero: it has no direction, so no cosine; leave it out, or use metric dot`
  throw new SkalarError('BAD_VECTOR', message, { path: isFlat(given) ? path : `${path}[${row}]` })
}

function room<T extends Floats>(elements: new (length: number) => T, length: number): T {
  try {
    return new elements(length)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    const message = `there is no memory for ${length} similarities: pass fewer rows at a time`
    throw new SkalarError('OUT_OF_MEMORY', message, { cause })
  }
}

/** What the work comes to; while it is under way, the signal stops it and progress is told. */
async function watch(
  work: Promise<void>,
  state: Int32Array,
  total: number,
  { signal, onProgress }: Settings,
): Promise<void> {
  let failure: { readonly error: unknown } | undefined
  const stop = (error: unknown) => {
    failure ??= { error }
    Atomics.store(state, 0, 1)
  }
  const report = (done: number) => {
    try {
      onProgress?.({ done, total })
    } catch (error) {
      stop(error)
    }
  }
  const unlisten = signal && listen(signal, () => stop(signal.reason))
  const timer = onProgress && setInterval(() => report(doneOf(state, total)), PROGRESS_MS)
  try {
    await work
    if (failure === undefined) report(total)
  } catch (error) {
    failure ??= { error: fromNative(error) }
  } finally {
    unlisten?.()
    clearInterval(timer)
  }
  if (failure !== undefined) throw failure.error
}

function doneOf(state: Int32Array, total: number): number {
  return Math.floor((Atomics.load(state, 1) / 1000) * total)
}
