import { expect } from 'vitest'
import type { CollectionMetric, CollectionMetricName, Id } from '../../src/index.ts'

/*
 * The metrics from their definitions, in float64 and with no care for speed, and what design §3 promises against them.
 */

export interface Row {
  readonly id: Id
  readonly vector: ArrayLike<number>
}

export interface Scored {
  readonly id: Id
  readonly score: number
}

export function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!
  return sum
}

export function norm(x: ArrayLike<number>): number {
  return Math.sqrt(dot(x, x))
}

function distance(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += (x[i]! - y[i]!) ** 2
  return Math.sqrt(sum)
}

/** Entries of the matrix of the metric mahalanobis in tests, at i beside the diagonal and on it. It is diagonally dominant. */
const BESIDE = 0.5
const onDiagonal = (i: number): number => 1.5 + (i % 3)

/** The metric of this name as an option of a collection of vectors with so many components. */
export function metricOption(metric: CollectionMetricName, dimension: number): CollectionMetric {
  if (metric !== 'mahalanobis') return metric
  const matrix = new Float64Array(dimension * dimension)
  for (let i = 0; i < dimension; i++) {
    matrix[i * dimension + i] = onDiagonal(i)
    if (i > 0) matrix[i * dimension + i - 1] = matrix[(i - 1) * dimension + i] = BESIDE
  }
  return { mahalanobis: matrix }
}

function mahalanobis(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) {
    const apart = x[i]! - y[i]!
    sum += onDiagonal(i) * apart ** 2
    if (i > 0) sum += 2 * BESIDE * apart * (x[i - 1]! - y[i - 1]!)
  }
  return Math.sqrt(sum)
}

/** Whether less is nearer. */
export function isDistance(metric: CollectionMetricName): boolean {
  return metric === 'euclidean' || metric === 'mahalanobis'
}

export function referenceScore(
  metric: CollectionMetricName,
  x: ArrayLike<number>,
  query: ArrayLike<number>,
): number {
  if (metric === 'mahalanobis') return mahalanobis(x, query)
  if (metric === 'euclidean') return distance(x, query)
  return metric === 'dot' ? dot(x, query) : dot(x, query) / (norm(x) * norm(query))
}

/** How far a score may be from the reference. */
export function tolerance(
  metric: CollectionMetricName,
  x: ArrayLike<number>,
  query: ArrayLike<number>,
): number {
  if (metric === 'cosine') return 1e-12
  if (metric === 'mahalanobis') return 4e-12 * (norm(x) + norm(query))
  return metric === 'dot' ? 1e-12 * norm(x) * norm(query) : 1e-12 * (norm(x) + norm(query))
}

/** By how much the first score is nearer than the second; negative when it is farther. */
export function lead(metric: CollectionMetricName, first: number, second: number): number {
  return isDistance(metric) ? second - first : first - second
}

/**
 * Checks that matches are the `k` nearest rows, nearest first. `rows` are in the order of their slots, which decides
 * among equal scores. Rows whose reference scores differ by less than the tolerances may change places: no reference
 * can tell them apart.
 */
export function expectNearest(
  matches: readonly Scored[],
  rows: readonly Row[],
  query: ArrayLike<number>,
  metric: CollectionMetricName,
  k: number,
): void {
  const places = new Map(rows.map(({ id }, place) => [id, place]))
  const found = new Set(matches.map(({ id }) => id))
  expect(matches.length).toBe(Math.min(k, rows.length))
  expect(found.size).toBe(matches.length)
  for (const [i, { id, score }] of matches.entries()) {
    const row = rows[places.get(id) ?? -1]
    if (row === undefined) expect.fail(`${id} should not be found`)
    const reference = referenceScore(metric, row.vector, query)
    const error = Math.abs(score - reference)
    if (!(error <= tolerance(metric, row.vector, query))) {
      expect.fail(`the score of ${id} is ${score}, by the reference ${reference}`)
    }
    if (i > 0) expectInOrder(matches[i - 1]!, matches[i]!, places, metric)
  }
  const last = matches.at(-1)
  for (const { id, vector } of rows) {
    if (found.has(id) || last === undefined) continue
    const ahead = lead(metric, referenceScore(metric, vector, query), last.score)
    // The tolerance costs more than the score; most rows are far behind.
    if (ahead > 0 && ahead > tolerance(metric, vector, query)) {
      expect.fail(`${id} is missing: it is nearer than ${last.id} by ${ahead}`)
    }
  }
}

function expectInOrder(
  first: Scored,
  second: Scored,
  places: ReadonlyMap<Id, number>,
  metric: CollectionMetricName,
): void {
  const ahead = lead(metric, first.score, second.score)
  const bySlot = places.get(first.id)! < places.get(second.id)!
  if (!(ahead > 0 || (ahead === 0 && bySlot))) expect.fail(`${second.id} should come before ${first.id}`)
}
