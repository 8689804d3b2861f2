import type { CollectionMetricName, RecommendStrategy } from '../../src/index.ts'
import { isDistance, norm, referenceScore } from '../helpers/reference.ts'

/*
 * Recommendations from their definitions, in float64 and with no care for speed.
 */

export interface Item {
  readonly id: number
  readonly vector: Float32Array
}

export interface Wanted {
  readonly strategy: RecommendStrategy
  readonly positive: readonly Float32Array[]
  readonly negative: readonly Float32Array[]
}

function unit(x: ArrayLike<number>): number[] {
  const length = norm(x)
  return Array.from(x, (value) => value / length)
}

function mean(vectors: readonly ArrayLike<number>[], dimension: number): number[] {
  return Array.from({ length: dimension }, (_, i) => {
    return vectors.reduce((sum, vector) => sum + vector[i]!, 0) / vectors.length
  })
}

export function similarity(metric: CollectionMetricName, x: ArrayLike<number>, y: ArrayLike<number>): number {
  const score = referenceScore(metric, x, y)
  return isDistance(metric) ? -score : score
}

export const squash = (t: number): number => (1 + t / (1 + Math.abs(t))) / 2

/** What a match scores; larger is better, but for `mean` by distance. */
export function expectedScore(
  metric: CollectionMetricName,
  { strategy, positive, negative }: Wanted,
  x: Float32Array,
): number {
  const to = (vectors: readonly Float32Array[]) => vectors.map((vector) => similarity(metric, x, vector))
  if (strategy === 'sum') {
    const add = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0)
    return add(to(positive)) - add(to(negative))
  }
  if (strategy === 'best') {
    const best = Math.max(...to(positive))
    const worst = Math.max(Number.NEGATIVE_INFINITY, ...to(negative))
    return best > worst ? squash(best) : -squash(worst)
  }
  const seen = (vectors: readonly Float32Array[]) => (metric === 'cosine' ? vectors.map(unit) : vectors)
  const likes = mean(seen(positive), x.length)
  const dislikes = negative.length === 0 ? likes : mean(seen(negative), x.length)
  const made = likes.map((value, i) => 2 * value - dislikes[i]!)
  return referenceScore(metric, x, made)
}

/** By how much the first score is better than the second. */
export function advantage(
  metric: CollectionMetricName,
  strategy: RecommendStrategy,
  first: number,
  second: number,
): number {
  return strategy === 'mean' && isDistance(metric) ? second - first : first - second
}

/** The scores by which maximal marginal relevance compares, of items in their order; and which it picks. */
export function marginal(
  metric: CollectionMetricName,
  wanted: Wanted,
  pool: readonly Item[],
  k: number,
  diversity: number,
): number[] {
  const relevance = pool.map(({ vector }) => {
    const score = expectedScore(metric, wanted, vector)
    if (wanted.strategy === 'sum') return score / (wanted.positive.length + wanted.negative.length)
    return wanted.strategy === 'mean' && isDistance(metric) ? -score : score
  })
  const alike = (x: Item, y: Item) => {
    const value = similarity(metric, x.vector, y.vector)
    return wanted.strategy === 'best' ? squash(value) : value
  }
  const chosen: Item[] = []
  const rest = new Set(pool.keys())
  while (chosen.length < k && rest.size > 0) {
    let best = -1
    let most = Number.NEGATIVE_INFINITY
    for (const i of rest) {
      const redundance = Math.max(...chosen.map((item) => alike(pool[i]!, item)))
      const value =
        chosen.length === 0 ? relevance[i]! : (1 - diversity) * relevance[i]! - diversity * redundance
      if (value > most) {
        best = i
        most = value
      }
    }
    chosen.push(pool[best]!)
    rest.delete(best)
  }
  return chosen.map(({ id }) => id)
}
