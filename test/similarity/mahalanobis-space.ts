import fc from 'fast-check'
import { expect } from 'vitest'
import type { Collection, Metadata, QueryMetric } from '../../src/index.ts'
import { generator } from '../helpers/random.ts'
import { abs, add, compare, type Exact, exact, expectNear, multiply, negate, sum } from './exact.ts'

/*
 * Vectors and matrices of Mahalanobis distances, and what is expected of them, by exact arithmetic.
 */

/** More rows than are scored without images. */
export const COUNT = 400

export interface Space {
  readonly vectors: Float32Array[]
  readonly query: Float32Array
  readonly precision: number[][]
}

/**
 * Vectors around a center that lies `offset` away from the origin, each component in units of its own, some of them equal; and a matrix
 * G Gᵀ + tiny I, whose condition grows as `tiny` falls.
 */
export function space(dimension: number, seed: number, offset: number, tiny: number, range: number): Space {
  const random = generator(seed)
  const near = () => random() - 0.5
  const units = Array.from({ length: dimension }, () => 2 ** Math.floor(near() * range))
  const center = Array.from({ length: dimension }, () => offset * near())
  const vector = () => Float32Array.from(units, (unit, i) => unit * (center[i]! + near()))
  const vectors = Array.from({ length: COUNT }, vector)
  for (let i = 0; i < COUNT; i += 9) vectors[i] = vectors[(i * 7) % COUNT]!
  const rows = units.map(() => units.map(near))
  const precision = rows.map((x, i) =>
    rows.map((y, j) => {
      const product = x.reduce((total, value, k) => total + value * y[k]!, i === j ? tiny : 0)
      return product / units[i]! / units[j]!
    }),
  )
  return { vectors, query: random() < 0.2 ? vectors[3]! : vector(), precision }
}

export const spaces = fc
  .record({
    dimension: fc.constantFrom(1, 2, 5, 17),
    seed: fc.integer(),
    offset: fc.constantFrom(0, 1, 1e3, 1e6),
    tiny: fc.constantFrom(1, 1e-4, 1e-9),
    range: fc.constantFrom(0, 20, 100),
  })
  .map(({ dimension, seed, offset, tiny, range }) => space(dimension, seed, offset, tiny, range))

/** The terms of (x − q)ᵀ P (x − q). */
function termsOf({ query, precision }: Space, x: Float32Array): Exact[] {
  const apart = Array.from(x, (value, i) => add(exact(value), negate(exact(query[i]!))))
  return precision.flatMap((row, i) =>
    row.map((_, j) => {
      // The mean of the matrix and its transpose is what counts.
      const mean = precision[i]![j]! / 2 + precision[j]![i]! / 2
      return multiply(multiply(apart[i]!, exact(mean)), apart[j]!)
    }),
  )
}

export interface Found {
  readonly id: number
  readonly score: number
}

/** Checks that matches are the nearest of what there is, by exact arithmetic, but for 10⁻¹² of the terms. */
export function expectNearest(
  given: Space,
  ids: readonly number[],
  matches: readonly Found[],
  k: number,
): void {
  expect(matches.length).toBe(Math.min(k, ids.length))
  const squares = ids.map((id) => {
    const terms = termsOf(given, given.vectors[id]!)
    const total = sum(terms)
    const error = multiply(sum(terms.map(abs)), exact(2e-12))
    return { id, total, low: add(total, negate(error)), scale: sum(terms.map(abs)) }
  })
  const byId = new Map(squares.map((square) => [square.id, square]))
  let before = -1
  for (const { id, score } of matches) {
    const { total, scale } = byId.get(id)!
    const square = multiply(exact(score), exact(score))
    expectNear(0, abs(add(square, negate(total))), scale, 2e-12)
    expect(score).toBeGreaterThanOrEqual(before)
    before = score
  }
  const last = multiply(exact(before), exact(before))
  const found = new Set(matches.map(({ id }) => id))
  expect(found.size).toBe(matches.length)
  const missed = squares.filter(({ id, total, scale }) => {
    const high = add(total, multiply(scale, exact(2e-12)))
    return !found.has(id) && compare(high, last) < 0
  })
  expect(missed.map(({ id }) => id)).toEqual([])
}

export const ALL = Array.from({ length: COUNT }, (_, id) => id)

export type Films = Collection<Metadata, number>

/** That a query for all records, of vectors as in `given`, is exact with filters, thresholds and in pages; returns its matches. */
export async function expectConditions(
  given: Space,
  films: Films,
  query: { vector: Float32Array; metric?: QueryMetric; select: readonly [] },
): Promise<Found[]> {
  const all = await films.query({ ...query, k: COUNT })
  expectNearest(given, ALL, all, COUNT)
  const even = await films.query({ ...query, k: COUNT, filter: { even: true } })
  expect(even).toEqual(all.filter(({ id }) => id % 2 === 0))
  const { score } = all[100]!
  expect(await films.query({ ...query, k: COUNT, threshold: score })).toEqual(
    all.filter((match) => match.score <= score),
  )
  const pages: Found[] = []
  for (let page = await films.query({ ...query, k: 33 }); page.length > 0; ) {
    pages.push(...page)
    page = await films.query({ ...query, k: 33, after: page.at(-1)! })
  }
  expect(pages).toEqual(all)
  return all
}
