import { expect } from 'vitest'
import type { Id, Match, Metadata, MetricName } from '../../src/index.ts'

/** A record as a query may find it. */
export interface Candidate {
  readonly id: Id
  readonly vector: ArrayLike<number>
  readonly metadata?: Metadata
}

/** A metric's own value by its definition, in float64 and in order of the components. */
export function referenceScore(metric: MetricName, x: ArrayLike<number>, q: ArrayLike<number>): number {
  let dot = 0
  let squares = 0
  for (let i = 0; i < x.length; i++) {
    dot += x[i]! * q[i]!
    squares += (x[i]! - q[i]!) ** 2
  }
  if (metric === 'euclidean') return Math.sqrt(squares)
  return metric === 'dot' ? dot : dot / (length(x) * length(q))
}

/** How far an exact score may lie from the reference, both being rounded. */
export function tolerance(metric: MetricName, x: ArrayLike<number>, q: ArrayLike<number>): number {
  if (metric === 'cosine') return 1e-12
  return 1e-12 * (metric === 'dot' ? length(x) * length(q) : length(x) + length(q))
}

/** Positive when `a` is the nearer score. */
export function nearness(metric: MetricName, a: number, b: number): number {
  return metric === 'euclidean' ? b - a : a - b
}

/**
 * Checks matches against all records they may come from. Scores within tolerance of each other may stand in any order
 * and may push each other out, nothing else may.
 */
export function expectNearest(
  metric: MetricName,
  query: ArrayLike<number>,
  k: number,
  candidates: readonly Candidate[],
  matches: readonly Match[],
): void {
  const byId = new Map(candidates.map((candidate) => [candidate.id, candidate]))
  expect(matches.length).toBe(Math.min(k, candidates.length))
  expect(new Set(matches.map(({ id }) => id)).size).toBe(matches.length)
  for (const [i, { id, score, metadata }] of matches.entries()) {
    const candidate = byId.get(id)
    if (candidate === undefined) throw new Error(`${JSON.stringify(id)} is no candidate`)
    const { vector } = candidate
    expectScore(metric, vector, query, score)
    expect(metadata).toEqual(candidate.metadata)
    if (i > 0) expect(nearness(metric, matches[i - 1]!.score, score)).toBeGreaterThanOrEqual(0)
    byId.delete(id)
  }
  const last = matches.at(-1)
  if (last === undefined) return
  for (const { id, vector } of byId.values()) {
    const ahead = nearness(metric, referenceScore(metric, vector, query), last.score)
    if (ahead > tolerance(metric, vector, query)) {
      throw new Error(`${JSON.stringify(id)} is nearer by ${ahead} than the last match, and missing`)
    }
  }
}

export function expectScore(
  metric: MetricName,
  vector: ArrayLike<number>,
  query: ArrayLike<number>,
  score: number,
): void {
  const reference = referenceScore(metric, vector, query)
  const error = Math.abs(score - reference)
  if (!(error <= tolerance(metric, vector, query)))
    throw new Error(`score ${score} should be ${reference}: off by ${error}`)
}

/** What comes back must be the float32 of what went in, but for components far below the length. */
export function expectVector(actual: Float32Array, given: ArrayLike<number>): void {
  expect(actual.length).toBe(given.length)
  const underflow = length(given) * 2 ** -125
  for (let i = 0; i < given.length; i++) {
    const float = Math.fround(given[i]!)
    if (actual[i] !== float && !(Math.abs(float) < underflow && Math.abs(actual[i]! - float) < underflow))
      throw new Error(`component ${i} is ${actual[i]}, given was ${given[i]}`)
  }
}

function length(vector: ArrayLike<number>): number {
  return Math.sqrt(Array.from(vector).reduce((sum, component) => sum + component * component, 0))
}
