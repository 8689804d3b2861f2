import { addon, fromNative, type NativeKernelMachine, type NativePool } from '../native.ts'
import { MEASURES, type Measure } from './numbers.ts'

/*
 * The typed face of what the addon computes of matrices: `native/score/similarities.h` and `native/score/kernel_machine.h`.
 */

/**
 * The index of the first row of a matrix with an element that is not finite (or with none but zeros, where `refuseZero`), or
 * the number of rows.
 */
export function firstBadRow(
  elements: Float32Array | Float64Array,
  columns: number,
  refuseZero: boolean,
): number {
  return addon().firstBadRow(elements, columns, refuseZero)
}

/** Of a call of `similarities`. Nothing of it is to change until it is done. */
export interface SimilaritiesCall<T extends Float32Array | Float64Array> {
  /** Rows of so many `columns`, finite; of the measure cosine none of zeros. */
  readonly left: T
  readonly right: T
  readonly columns: number
  readonly measure: Measure
  /** gamma, coef0, degree. */
  readonly parameters: Float64Array
  /** Gets the rows of left × rows of right. */
  readonly results: T
  /** Two elements: other than 0 in the first stops the work, the second tells how many thousandths are done. */
  readonly state: Int32Array
  /** Threads that share the work, at most. */
  readonly workers: number
}

/** Resolves once the results are complete. Rejects with `ABORTED` or `OUT_OF_MEMORY`. */
export function computeSimilarities<T extends Float32Array | Float64Array>(
  pool: NativePool,
  { left, right, columns, measure, parameters, results, state, workers }: SimilaritiesCall<T>,
): Promise<void> {
  const number = MEASURES.indexOf(measure)
  return addon().similarities(pool, left, right, columns, number, parameters, results, state, workers)
}

/**
 * A machine whose vectors have so many `columns`; `parameters` are gamma, coef0, degree. `ends` has for each class the number of the
 * support behind its last one. `weights` are (classes − 1) × supports: of one of class c, row t is against class t where t < c, else
 * t + 1. `offsets` are subtracted, for the pairs of classes (0, 1), (0, 2) … (1, 2) … All is copied.
 *
 * @throws SkalarError `OUT_OF_MEMORY`
 */
export function createKernelMachine(
  columns: number,
  measure: Measure,
  parameters: Float64Array,
  ends: Uint32Array,
  weights: Float64Array,
  offsets: Float64Array,
): NativeKernelMachine {
  const { KernelMachine } = addon()
  try {
    return new KernelMachine(columns, MEASURES.indexOf(measure), parameters, ends, weights, offsets)
  } catch (error) {
    throw fromNative(error)
  }
}
