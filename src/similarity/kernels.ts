import { SkalarError } from '../errors.ts'
import { checkOptions, integerOption, numberOption } from '../options.ts'
import type { VectorInput } from '../types.ts'
import { describe } from '../validate/describe.ts'
import { vectorOperand, vectorPair } from './operand.ts'
import { difference, productOf, scaled, sumOf, times, timesPowerOfTwo } from './sums.ts'

/*
 * Kernels: similarities that are dot products in some other space. Names, parameters and defaults are those of scikit-learn
 * (sklearn.metrics.pairwise). Precision and errors are those of the functions in vectors.ts; `BAD_OPTION` for a parameter that is out of range.
 */

/** The width of a kernel. */
export interface GammaOptions {
  /** A factor, at least 0. Default 1 / dimension. */
  gamma?: number | undefined
}

export interface SigmoidOptions extends GammaOptions {
  /** What is added, any number. Default 1. */
  coef0?: number | undefined
}

export interface PolynomialOptions extends SigmoidOptions {
  /** The power, an integer of at least 1. Default 3. */
  degree?: number | undefined
}

/** a·b. */
export function linear(a: VectorInput, b: VectorInput): number {
  const { value, exponent } = productOf(...vectorPair(a, b))
  return timesPowerOfTwo(value, exponent)
}

/** (gamma a·b + coef0)^degree. */
export function polynomial(a: VectorInput, b: VectorInput, options?: PolynomialOptions): number {
  const [x, y] = vectorPair(a, b)
  const { gamma, degree, coef0 } = polynomialParameters(options, x.length, 'options')
  return affine(x, y, gamma, coef0) ** degree
}

/** tanh(gamma a·b + coef0). */
export function sigmoid(a: VectorInput, b: VectorInput, options?: SigmoidOptions): number {
  const [x, y] = vectorPair(a, b)
  const { gamma, coef0 } = sigmoidParameters(options, x.length, 'options')
  return Math.tanh(affine(x, y, gamma, coef0))
}

/** exp(−gamma |a − b|²), from 0 to 1. */
export function rbf(a: VectorInput, b: VectorInput, options?: GammaOptions): number {
  const [x, y] = vectorPair(a, b)
  const { gamma } = gammaParameter(options, x.length, 'options')
  const apart = difference(x, y)
  const { squares, exponent } = scaled(apart.values)
  return Math.exp(-times(gamma, squares, 2 * (exponent + apart.exponent)))
}

/** exp(−gamma Σ|aᵢ − bᵢ|), from 0 to 1. */
export function laplacian(a: VectorInput, b: VectorInput, options?: GammaOptions): number {
  const [x, y] = vectorPair(a, b)
  const { gamma } = gammaParameter(options, x.length, 'options')
  const { values, exponent } = difference(x, y)
  // An eighth of a bit less than 2^1024 at most, times as many as there are: 2^-60 makes room for their sum.
  const sum = sumOf(values.map((value) => Math.abs(value) * 2 ** -60))
  return Math.exp(-times(gamma, sum, exponent + 60))
}

/**
 * exp(sᵢ / T) / Σⱼ exp(sⱼ / T): scores as probabilities that sum to 1. T is `options.temperature`, above 0, 1 by default; small
 * ones favour the best score, large ones make all alike.
 */
export function softmax(scores: VectorInput, options?: { temperature?: number | undefined }): Float64Array {
  const values = vectorOperand(scores, 'scores')
  const { temperature: given } = checkOptions(options, ['temperature'], 'options')
  const temperature = numberOption(given, 'options.temperature', { min: 0, default: 1 })
  if (temperature === 0) {
    const message = `options.temperature must be a finite number above 0, got ${describe(given)}: for the best score alone, take the largest`
    throw new SkalarError('BAD_OPTION', message, { path: 'options.temperature' })
  }
  // None of the exponents is above 0, and that of the best is 0.
  const best = values.reduce((most, score) => Math.max(most, score), -Infinity)
  const powers = values.map((score) => Math.exp((score - best) / temperature))
  const sum = sumOf(powers)
  return powers.map((power) => power / sum)
}

/** gamma a·b + coef0. */
function affine(a: Float64Array, b: Float64Array, gamma: number, coef0: number): number {
  const { value, exponent } = productOf(a, b)
  return times(gamma, value, exponent) + coef0
}

type Parameters<Options> = { [Key in keyof Options]-?: number }

/** The parameters of rbf and laplacian with their defaults. `others` are keys that are read elsewhere. */
export function gammaParameter(
  options: unknown,
  dimension: number,
  path: string,
  others: readonly string[] = [],
): Parameters<GammaOptions> {
  const { gamma } = checkOptions(options, ['gamma', ...others], path)
  return { gamma: numberOption(gamma, `${path}.gamma`, { min: 0, default: 1 / dimension }) }
}

/** Those of sigmoid. */
export function sigmoidParameters(
  options: unknown,
  dimension: number,
  path: string,
  others: readonly string[] = [],
): Parameters<SigmoidOptions> {
  const { gamma, coef0 } = checkOptions(options, ['gamma', 'coef0', ...others], path)
  return {
    gamma: numberOption(gamma, `${path}.gamma`, { min: 0, default: 1 / dimension }),
    coef0: numberOption(coef0, `${path}.coef0`, { default: 1 }),
  }
}

/** Those of polynomial. */
export function polynomialParameters(
  options: unknown,
  dimension: number,
  path: string,
  others: readonly string[] = [],
): Parameters<PolynomialOptions> {
  const { gamma, degree, coef0 } = checkOptions(options, ['gamma', 'degree', 'coef0', ...others], path)
  return {
    ...sigmoidParameters({ gamma, coef0 }, dimension, path),
    degree: integerOption(degree, `${path}.degree`, { min: 1, default: 3 }),
  }
}
