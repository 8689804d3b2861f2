import { SkalarError } from '../errors.ts'
import type { VectorInput } from '../types.ts'
import { vectorOperand, vectorPair } from './operand.ts'
import {
  difference,
  exponentOf,
  largest,
  productOf,
  type ScaledVector,
  scaled,
  sumOf,
  times,
  timesPowerOfTwo,
} from './sums.ts'

/*
 * Functions of one or two vectors, in float64. Vectors may be of any numeric type and two of different ones; they are not
 * changed. Errors are at most 10⁻¹² of the sum of the absolute terms of what is computed, 10⁻¹⁴ of it for a thousand components;
 * nothing overflows or becomes NaN unless the true value lies beyond float64, which is ±Infinity then.
 *
 * All throw SkalarError `BAD_VECTOR` for what is no vector of finite numbers, `DIMENSION_MISMATCH` for vectors of different
 * lengths.
 */

/** The dot product Σ aᵢbᵢ. */
export function dot(a: VectorInput, b: VectorInput): number {
  const { value, exponent } = productOf(...vectorPair(a, b))
  return timesPowerOfTwo(value, exponent)
}

/** The length √Σ aᵢ². */
export function norm(a: VectorInput): number {
  return lengthOf(scaled(vectorOperand(a, 'a')))
}

/**
 * a / |a|: the vector of length 1 in the same direction.
 *
 * @throws SkalarError `BAD_VECTOR` for a zero vector, which has no direction
 */
export function normalize(a: VectorInput): Float64Array {
  const { values, squares } = directed(vectorOperand(a, 'a'), 'a')
  const length = Math.sqrt(squares)
  return values.map((x) => x / length)
}

/**
 * The cosine of the angle between two vectors, a·b / (|a||b|), from −1 to 1; exactly 1 between equal vectors and exactly −1
 * between opposite ones.
 *
 * @throws SkalarError `BAD_VECTOR` for a zero vector, as collections with the metric cosine do
 */
export function cosine(a: VectorInput, b: VectorInput): number {
  const [x, y] = directedPair(a, b)
  const { value, exponent } = productOf(x.values, y.values)
  // The root of a square is what was squared, so equal vectors give exactly 1.
  const quotient = value / Math.sqrt(x.squares * y.squares)
  return Math.max(-1, Math.min(1, timesPowerOfTwo(quotient, exponent)))
}

/**
 * The angle between two vectors in radians, from 0 to π: 2 atan2(|u − v|, |u + v|) of the vectors scaled to length 1. Unlike
 * the arc cosine that is accurate near 0 and π too: within 10⁻¹⁵ of the angle. Source: W. Kahan, "How futile are mindless
 * assessments of roundoff in floating-point computation?", 2006, section 12.
 *
 * @throws SkalarError `BAD_VECTOR` for a zero vector
 */
export function angle(a: VectorInput, b: VectorInput): number {
  const [x, y] = directedPair(a, b)
  const lengthX = Math.sqrt(x.squares)
  const lengthY = Math.sqrt(y.squares)
  const u = x.values.map((value) => value / lengthX)
  const v = y.values.map((value) => value / lengthY)
  const apart = lengthOf(scaled(u.map((value, i) => value - v[i]!)))
  const together = lengthOf(scaled(u.map((value, i) => value + v[i]!)))
  return 2 * Math.atan2(apart, together)
}

/** What of one vector lies in the direction of another. */
export interface Projection {
  /** Its length with a sign: a·b / |b|, negative where the vectors point apart. */
  readonly scalar: number
  /** The vector (a·b / |b|²) b. */
  readonly vector: Float64Array
}

/**
 * The projection of `a` onto the direction of another vector.
 *
 * @throws SkalarError `BAD_VECTOR` where `onto` is a zero vector
 */
export function projection(a: VectorInput, onto: VectorInput): Projection {
  const [x, y] = vectorPair(a, onto, 'a', 'onto')
  const { squares, exponent } = directed(y, 'onto')
  const product = productOf(x, y)
  const shift = exponentOf(product.value)
  const length = Math.sqrt(squares)
  // Of a size near 1, as is the length: the quotients are far from both ends of float64.
  const scalar = timesPowerOfTwo(product.value, -shift) / length
  const factor = scalar / length
  return {
    scalar: timesPowerOfTwo(scalar, product.exponent + shift - exponent),
    vector: y.map((value) => times(factor, value, product.exponent + shift - 2 * exponent)),
  }
}

/** The distance |a − b|. */
export function euclidean(a: VectorInput, b: VectorInput): number {
  const { values, exponent } = difference(...vectorPair(a, b))
  return timesPowerOfTwo(lengthOf(scaled(values)), exponent)
}

/** The largest distance in any component, maxᵢ |aᵢ − bᵢ|. */
export function chebyshev(a: VectorInput, b: VectorInput): number {
  const { values, exponent } = difference(...vectorPair(a, b))
  return timesPowerOfTwo(largest(values), exponent)
}

/** The sum of the distances in each component, Σ |aᵢ − bᵢ|. */
export function manhattan(a: VectorInput, b: VectorInput): number {
  const { values, exponent } = difference(...vectorPair(a, b))
  return timesPowerOfTwo(sumOf(values.map(Math.abs)), exponent)
}

function lengthOf({ squares, exponent }: ScaledVector): number {
  return timesPowerOfTwo(Math.sqrt(squares), exponent)
}

function directedPair(a: unknown, b: unknown): [ScaledVector, ScaledVector] {
  const [x, y] = vectorPair(a, b)
  return [directed(x, 'a'), directed(y, 'b')]
}

function directed(vector: Float64Array, path: string): ScaledVector {
  const result = scaled(vector)
  if (result.squares > 0) return result
  throw zeroVector(path)
}

/** The error for a vector that must have a direction. */
export function zeroVector(path: string): SkalarError {
  const message = `${path} is zero: it has no direction, so no cosine or angle; leave it out, or use dot`
  return new SkalarError('BAD_VECTOR', message, { path })
}
