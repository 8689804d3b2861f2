import { expect } from 'vitest'
import type { Id, MetricName } from '../../src/index.ts'

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

export function referenceScore(metric: MetricName, x: ArrayLike<number>, query: ArrayLike<number>): number {
  if (metric === 'euclidean') return distance(x, query)
  return metric === 'dot' ? dot(x, query) : dot(x, query) / (norm(x) * norm(query))
}

/** How far a score may be from the reference. */
export function tolerance(metric: MetricName, x: ArrayLike<number>, query: ArrayLike<number>): number {
  if (metric === 'cosine') return 1e-12
  return metric === 'dot' ? 1e-12 * norm(x) * norm(query) : 1e-12 * (norm(x) + norm(query))
}

/** By how much the first score is nearer than the second; negative when it is farther. */
export function lead(metric: MetricName, first: number, second: number): number {
  return metric === 'euclidean' ? second - first : first - second
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
  metric: MetricName,
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
  metric: MetricName,
): void {
  const ahead = lead(metric, first.score, second.score)
  const bySlot = places.get(first.id)! < places.get(second.id)!
  if (!(ahead > 0 || (ahead === 0 && bySlot))) expect.fail(`${second.id} should come before ${first.id}`)
}
