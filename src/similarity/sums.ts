/*
 * Sums in float64 whose error is a small multiple of 2⁻⁵³ of the sum of their absolute terms, at any length of vector, and
 * which neither overflow nor lose digits to underflow: what may lie beyond float64 is kept as `value · 2^exponent`. Scaling
 * by powers of two is exact.
 */

/** The number `value · 2^exponent`. */
export interface Scaled {
  readonly value: number
  readonly exponent: number
}

/** The vector `values · 2^exponent`, whose squares sum to `squares · 4^exponent`, neither 0 unless it is zero. */
export interface ScaledVector {
  readonly values: Float64Array
  readonly squares: number
  readonly exponent: number
}

/** Sums of more terms are those of their halves: an error grows with the depth of additions, so with 256 and a logarithm. */
const BLOCK = 1024

/** Squares that are far from both ends of float64, as are the products of two such. */
const LEAST_SQUARES = 2 ** -400
const MOST_SQUARES = 2 ** 400

/** A sum of products above this has lost nothing to underflow that matters: each product loses 2⁻¹⁰⁷⁵ at most. */
const LEAST_PRODUCT = 2 ** -900

/** Σ aᵢbᵢ. In four sums, since each addition waits for the one before; the order is the same for every pair. */
export function sumOfProducts(a: Float64Array, b: Float64Array, begin = 0, end = a.length): number {
  if (end - begin > BLOCK) {
    const middle = begin + ((end - begin) >> 1)
    return sumOfProducts(a, b, begin, middle) + sumOfProducts(a, b, middle, end)
  }
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let i = begin
  for (; i + 3 < end; i += 4) {
    s0 += a[i]! * b[i]!
    s1 += a[i + 1]! * b[i + 1]!
    s2 += a[i + 2]! * b[i + 2]!
    s3 += a[i + 3]! * b[i + 3]!
  }
  for (; i < end; i++) s0 += a[i]! * b[i]!
  return s0 + s1 + (s2 + s3)
}

/** Σ xᵢ. */
export function sumOf(values: Float64Array, begin = 0, end = values.length): number {
  if (end - begin > BLOCK / 4) {
    const middle = begin + ((end - begin) >> 1)
    return sumOf(values, begin, middle) + sumOf(values, middle, end)
  }
  let sum = 0
  for (let i = begin; i < end; i++) sum += values[i]!
  return sum
}

/** a · b. */
export function productOf(a: Float64Array, b: Float64Array): Scaled {
  const sum = sumOfProducts(a, b)
  // What is finite never overflowed on the way.
  if (!Number.isFinite(sum)) {
    const down = 2 ** -600
    const value = sumOfProducts(
      a.map((x) => x * down),
      b.map((x) => x * down),
    )
    return { value, exponent: 1200 }
  }
  if (Math.abs(sum) >= LEAST_PRODUCT) return { value: sum, exponent: 0 }
  return smallProduct(a, b, sum)
}

/**
 * A product below LEAST_PRODUCT, whose terms may have underflowed. The lesser factor of each term is scaled up; where the sum is
 * still so small, both are so small that both can be. Either overflows only where large terms cancel, and then nothing
 * that had underflowed matters.
 */
function smallProduct(a: Float64Array, b: Float64Array, sum: number): Scaled {
  const up = 2 ** 600
  const once = sumOfProducts(
    a.map((x, i) => (Math.abs(x) < Math.abs(b[i]!) ? x * up : x)),
    b.map((y, i) => (Math.abs(a[i]!) < Math.abs(y) ? y : y * up)),
  )
  if (!Number.isFinite(once)) return { value: sum, exponent: 0 }
  if (Math.abs(once) >= LEAST_PRODUCT) return { value: once, exponent: -600 }
  const twice = sumOfProducts(
    a.map((x) => x * 2 ** 900),
    b.map((y) => y * 2 ** 900),
  )
  return Number.isFinite(twice) ? { value: twice, exponent: -1800 } : { value: once, exponent: -600 }
}

/** A vector with its squared length, scaled where that is far from 1. What that makes underflow is below 2⁻¹⁰⁷⁴ of its length. */
export function scaled(vector: Float64Array): ScaledVector {
  const squares = sumOfProducts(vector, vector)
  if (squares > LEAST_SQUARES && squares < MOST_SQUARES) return { values: vector, squares, exponent: 0 }
  const exponent = exponentOf(largest(vector))
  const values = vector.map((x) => timesPowerOfTwo(x, -exponent))
  return { values, squares: sumOfProducts(values, values), exponent }
}

/** maxᵢ |xᵢ|. */
export function largest(vector: Float64Array): number {
  let most = 0
  for (let i = 0; i < vector.length; i++) {
    const size = Math.abs(vector[i]!)
    if (size > most) most = size
  }
  return most
}

/** a − b, halved as often as it takes to be finite: `values · 2^exponent`. */
export function difference(a: Float64Array, b: Float64Array): { values: Float64Array; exponent: number } {
  const values = new Float64Array(a.length)
  let finite = true
  for (let i = 0; i < a.length; i++) {
    values[i] = a[i]! - b[i]!
    finite &&= Number.isFinite(values[i])
  }
  if (finite) return { values, exponent: 0 }
  const down = 2 ** -600
  return { values: a.map((x, i) => x * down - b[i]! * down), exponent: 600 }
}

/** ⌊log₂|x|⌋ or one beside it, of a finite number; 0 of 0. */
export function exponentOf(x: number): number {
  return x === 0 ? 0 : Math.floor(Math.log2(Math.abs(x)))
}

/** More takes any number to 0 or infinity. */
const MOST_EXPONENT = 3000

/** x · 2^exponent, whatever the exponent. */
export function timesPowerOfTwo(x: number, exponent: number): number {
  let value = x
  let rest = Math.max(-MOST_EXPONENT, Math.min(MOST_EXPONENT, exponent))
  for (; rest > 1000; rest -= 1000) value *= 2 ** 1000
  for (; rest < -1000; rest += 1000) value *= 2 ** -1000
  return value * 2 ** rest
}

/** x · y · 2^exponent, where x · y alone may lie beyond float64. */
export function times(x: number, y: number, exponent: number): number {
  if (exponent === 0) {
    const product = x * y
    if (Math.abs(product) >= LEAST_PRODUCT && Number.isFinite(product)) return product
  }
  const exponentX = exponentOf(x)
  const exponentY = exponentOf(y)
  const product = timesPowerOfTwo(x, -exponentX) * timesPowerOfTwo(y, -exponentY)
  return timesPowerOfTwo(product, exponentX + exponentY + exponent)
}
