import type { Kernel } from '../kernel-option.ts'
import type { LabelValue } from '../labels.ts'

/** More would make too many pairs: training and evaluation take one of each. */
export const MOST_LABELS = 256

/**
 * What there is of a machine. Pairs of labels are in the order (0, 1), (0, 2) … (1, 2) …; the decision value of a pair i < j,
 *
 *   f(x) = Σ w k(s, x) − offset     over the supports s of both,
 *
 * is above 0 where it says i.
 */
export interface Parts {
  readonly kernel: Kernel
  readonly C: number
  readonly dimension: number
  /** 2 to `MOST_LABELS`, all different. */
  readonly labels: readonly LabelValue[]
  readonly records: number
  readonly sample: number
  readonly accuracy: number
  /** Vectors row by row, at least one: those of label 0, then those of label 1, and so on. */
  readonly supports: Float32Array<ArrayBuffer>
  /** For each label the number of the support behind its last one. */
  readonly ends: Uint32Array<ArrayBuffer>
  /** (labels − 1) × supports: of one of label c, row t is its weight against t where t < c, else against t + 1. */
  readonly weights: Float64Array<ArrayBuffer>
  /** For each pair. */
  readonly offsets: Float64Array<ArrayBuffer>
  /** Platt's A and B of each pair: the probability of i, given i or j, is 1 / (1 + exp(A f + B)). */
  readonly slopes: Float64Array<ArrayBuffer>
  readonly intercepts: Float64Array<ArrayBuffer>
}

export function pairsOf(labels: number): number {
  return (labels * (labels - 1)) / 2
}
