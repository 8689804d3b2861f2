import { isDistance } from '../../query/measure.ts'
import type { CollectionMetricName } from '../../types.ts'
import type { MatchMargin } from './types.ts'

/*
 * Margins (M. Artetxe & H. Schwenk, "Margin-based Parallel Corpus Mining with Multilingual Sentence Embeddings", ACL 2019, arXiv
 * 1811.01136, section 3). With NN(x) the k nearest to x in the other collection:
 *
 *   m(x, y) = Σ_{z ∈ NN(x)} sim(x, z) / 2k + Σ_{z ∈ NN(y)} sim(y, z) / 2k
 *
 *   none       sim(x, y)
 *   distance   sim(x, y) − m(x, y)
 *   ratio      sim(x, y) / m(x, y)
 *
 * sim is the metric's score, and −distance where that is one. Where fewer than k can be found, k is their number.
 */

/** How alike two vectors are, larger is more, from a score of this metric. */
export function similarityOf(metric: CollectionMetricName, score: number): number {
  return isDistance(metric) ? -score : score
}

/**
 * The margin of a pair, larger is better, of its similarity and m(x, y). A ratio says how many times more alike two vectors are than
 * others, which means nothing where they are not alike at all: undefined. Where others are not alike to them in the mean, it is
 * Infinity, the limit.
 */
export function marginOf(
  margin: Exclude<MatchMargin, 'none'>,
  similarity: number,
  mean: number,
): number | undefined {
  if (margin === 'distance') return similarity - mean
  if (similarity <= 0) return undefined
  return mean > 0 ? similarity / mean : Number.POSITIVE_INFINITY
}
