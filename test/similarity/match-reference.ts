import type { CollectionMetricName, MatchMargin } from '../../src/index.ts'
import { isDistance, referenceScore } from '../helpers/reference.ts'

/*
 * Matching from its definition (Artetxe & Schwenk, arXiv 1811.01136), over all pairs, in float64 and with no care for speed.
 */

export interface Item {
  readonly id: number
  readonly vector: Float32Array
}

export interface Wanted {
  readonly metric: CollectionMetricName
  readonly k: number
  readonly margin: MatchMargin
  readonly mutual: boolean
  readonly threshold?: number | undefined
}

export interface Pair {
  readonly a: number
  readonly b: number
  readonly score: number
  readonly margin: number
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length

/** The places of the k best, best first. */
function best(numbers: readonly number[], k: number): number[] {
  return [...numbers.keys()].sort((i, j) => numbers[j]! - numbers[i]!).slice(0, k)
}

/** What `match` is to give, in the order of A. */
export function expectedPairs(A: readonly Item[], B: readonly Item[], wanted: Wanted): Pair[] {
  const { metric, k, margin, mutual, threshold } = wanted
  const sign = isDistance(metric) ? -1 : 1
  const sim = A.map(({ vector }) => B.map((b) => sign * referenceScore(metric, vector, b.vector)))
  const column = (j: number) => sim.map((row) => row[j]!)
  const forward = sim.map((row) => best(row, k))
  const backward = B.map((_, j) => best(column(j), k))
  const around = (i: number, j: number) => {
    const ofA = mean(forward[i]!.map((place) => sim[i]![place]!))
    const ofB = mean(backward[j]!.map((place) => sim[place]![j]!))
    return (ofA + ofB) / 2
  }
  const marginOf = (i: number, j: number): number => {
    const x = sim[i]![j]!
    if (margin === 'none') return x
    const m = around(i, j)
    if (margin === 'distance') return x - m
    if (x <= 0) return Number.NaN
    return m > 0 ? x / m : Number.POSITIVE_INFINITY
  }
  const most = (places: readonly number[], of: (place: number) => number) =>
    places.filter((place) => !Number.isNaN(of(place))).sort((x, y) => of(y) - of(x) || 0)[0]
  const shown = (x: number) => (margin === 'none' ? sign * x : x)
  return A.flatMap((a, i) => {
    const j = most(forward[i]!, (place) => marginOf(i, place))
    if (j === undefined) return []
    if (mutual && most(backward[j]!, (place) => marginOf(place, j)) !== i) return []
    const value = marginOf(i, j)
    if (threshold !== undefined && value < shown(threshold)) return []
    return [{ a: a.id, b: B[j]!.id, score: sign * sim[i]![j]!, margin: shown(value) }]
  })
}

/** All pairs that are near enough, in the order of the first, nearest first. */
export function expectedDuplicates(
  items: readonly Item[],
  metric: CollectionMetricName,
  threshold: number,
): { a: number; b: number; score: number }[] {
  const sign = isDistance(metric) ? -1 : 1
  return items.flatMap((a, i) =>
    items
      .slice(i + 1)
      .map((b) => ({ a: a.id, b: b.id, score: referenceScore(metric, a.vector, b.vector) }))
      .filter(({ score }) => sign * score >= sign * threshold)
      .sort((x, y) => sign * (y.score - x.score)),
  )
}
