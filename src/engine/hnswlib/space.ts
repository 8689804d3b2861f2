import type { MetricName } from '../../types.ts'
import type { SpaceName } from './package.ts'

/*
 * How vectors are put to hnswlib, which computes in float32: `l2` is Σ(xᵢ − yᵢ)², `ip` is 1 − x·y.
 *
 * - cosine: unit vectors under `ip`, which is a tenth faster than `l2` and orders them alike.
 * - euclidean: the vectors under `l2`, times a power of two that keeps squares from overflow and underflow.
 * - dot: the vectors under `ip`, times a power of two that makes the 1 vanish beside the products: unscaled, dot products
 *   far below 1 would all round to the same distance. Why not one of the reductions to l2: docs/hnswlib.md.
 */

/** The longest of the vectors that a scale is made for has about this length in hnswlib. */
const LENGTH = 2 ** 40

/** Longer points are shortened to this: the square of twice it is still a float32. */
const LONGEST = 2 ** 62

/** A query so much longer than the rows leaves too few bits of a float32 for the differences between them. */
const LONGEST_QUERY = LENGTH * 2 ** 10

/** The power of two that brings vectors up to a norm to the length that suits hnswlib. */
export function scaleFor(norm: number): number {
  return norm === 0 ? LENGTH : LENGTH / 2 ** Math.ceil(Math.log2(norm))
}

export function normOf(vector: Float32Array): number {
  let sum = 0
  for (const value of vector) sum += value * value
  return Math.sqrt(sum)
}

export class Space {
  readonly name: SpaceName
  readonly scale: number
  readonly #metric: MetricName
  readonly #array: number[]

  constructor(metric: MetricName, dimension: number, scale: number) {
    this.name = metric === 'euclidean' ? 'l2' : 'ip'
    this.scale = scale
    this.#metric = metric
    this.#array = new Array<number>(dimension).fill(0)
  }

  /** A row as hnswlib takes it, until the next call. */
  point(vector: Float32Array): number[] {
    if (this.#metric === 'cosine') return this.#times(vector, 1 / normOf(vector))
    return this.#times(vector, Math.min(this.scale, LONGEST / normOf(vector)))
  }

  /** A query as hnswlib takes it, until the next call; undefined when float32 cannot rank the rows for it. */
  query(vector: Float32Array): number[] | undefined {
    const norm = normOf(vector)
    if (this.#metric === 'euclidean') {
      return norm * this.scale <= LONGEST_QUERY ? this.#times(vector, this.scale) : undefined
    }
    if (norm === 0) return undefined
    return this.#times(vector, (this.#metric === 'cosine' ? 1 : LENGTH) / norm)
  }

  #times(vector: Float32Array, factor: number): number[] {
    const array = this.#array
    for (let i = 0; i < array.length; i++) array[i] = vector[i]! * factor
    return array
  }
}
