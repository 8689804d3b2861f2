import { squaredNorm } from '../../norm.ts'
import type { MetricName } from '../../types.ts'
import type { SpaceName } from './package.ts'

/*
 * How vectors are put to hnswlib, which computes in float32: `l2` is Σ(xᵢ − yᵢ)², `ip` is 1 − x·y.
 *
 * - cosine: unit vectors under `ip`, which is a tenth faster than `l2` and orders them alike.
 * - euclidean: the vectors under `l2`, times a factor that keeps squares from overflow and underflow.
 * - dot: the vectors under `ip`, times a factor, with one component more: √(R² − |x|²), or 0 where |x| > R. A query has 0
 *   there, so that the order is that of the dot products whatever R is; but between rows it makes short ones neighbours
 *   of each other, and not of the longest only. R is the length that a quarter of the rows exceed: docs/hnswlib.md has the
 *   measurement. The factor also makes the 1 vanish beside the products: dot products far below 1 would otherwise
 *   all round to the same distance.
 */

/** What the reference length of a space becomes in hnswlib. */
const LENGTH = 2 ** 40

/** Longer points are shortened to this: the square of twice it is still a float32. */
const LONGEST = 2 ** 62

/** A query so much longer than the rows leaves too few bits of a float32 for the differences between them. */
const LONGEST_QUERY = LENGTH * 2 ** 10

const LONG_SHARE = 0.25

/** The reference length of a space for rows of these norms. */
export function referenceLength(metric: MetricName, norms: readonly number[]): number {
  const longestFirst = norms.toSorted((a, b) => b - a)
  const reference = metric === 'dot' ? longestFirst[Math.floor(LONG_SHARE * norms.length)] : longestFirst[0]
  return reference || longestFirst[0] || 1
}

export function normOf(vector: Float32Array): number {
  return Math.sqrt(squaredNorm(vector))
}

/**
 * How far 1 − x·y of unit vectors can be off in float32: n roundings of 2⁻²⁴ are a factor of at most n·2⁻²⁴ / (1 − n·2⁻²⁴)
 * (Higham, Accuracy and Stability of Numerical Algorithms, lemma 3.1), here those of products and additions in any order, of
 * both inputs, and of a number below 2 from 1.
 */
function errorOfProduct(dimension: number): number {
  const roundings = (dimension + 4) * 2 ** -24
  return roundings / (1 - roundings)
}

export class Space {
  readonly name: SpaceName
  /** Components of a point in hnswlib. */
  readonly dimension: number
  readonly reference: number
  /** Distances are off by less than this; of points that are no unit vectors nothing is known. */
  readonly error: number
  readonly #metric: MetricName
  readonly #array: number[]

  constructor(metric: MetricName, dimension: number, reference: number) {
    this.name = metric === 'euclidean' ? 'l2' : 'ip'
    this.dimension = metric === 'dot' ? dimension + 1 : dimension
    this.reference = reference
    this.error = metric === 'cosine' ? errorOfProduct(dimension) : Infinity
    this.#metric = metric
    // Made so, V8 keeps it as an array of doubles without holes, which the addon reads fastest.
    this.#array = Array.from(new Float64Array(this.dimension).fill(0.5))
  }

  /** A row as hnswlib takes it, until the next call. */
  point(vector: Float32Array): number[] {
    const norm = normOf(vector)
    if (this.#metric === 'cosine') return this.#times(vector, 1 / norm)
    const point = this.#times(vector, Math.min(LENGTH / this.reference, LONGEST / norm))
    if (this.#metric === 'dot') {
      point[vector.length] = LENGTH * Math.sqrt(Math.max(0, 1 - (norm / this.reference) ** 2))
    }
    return point
  }

  /** A query as hnswlib takes it, until the next call; undefined when float32 cannot rank the rows for it. */
  query(vector: Float32Array): number[] | undefined {
    const norm = normOf(vector)
    if (this.#metric === 'euclidean') {
      const factor = LENGTH / this.reference
      return norm * factor <= LONGEST_QUERY ? this.#times(vector, factor) : undefined
    }
    if (norm === 0) return undefined
    if (this.#metric === 'dot') this.#array[vector.length] = 0
    return this.#times(vector, (this.#metric === 'cosine' ? 1 : LENGTH) / norm)
  }

  #times(vector: Float32Array, factor: number): number[] {
    const array = this.#array
    for (let i = 0; i < vector.length; i++) array[i] = vector[i]! * factor
    return array
  }
}
