import {
  type GammaOptions,
  gammaParameter,
  type PolynomialOptions,
  polynomialParameters,
  type SigmoidOptions,
  sigmoidParameters,
} from '../kernel-parameters.ts'
import { checkOptions, numberOption } from '../options.ts'
import type { VectorInput } from '../types.ts'
import { vectorOperand, vectorPair } from './operand.ts'
import { difference, productOf, scaled, sumOf, times, timesPowerOfTwo } from './sums.ts'

/*
 * Kernels: similarities that are dot products in some other space. Names, parameters and defaults are those of scikit-learn
 * (sklearn.metrics.pairwise). Precision and errors are those of the functions in vectors.ts; `BAD_OPTION` for a parameter that is out of range.
 */

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
  const temperature = numberOption(given, 'options.temperature', { above: 0, default: 1 })
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
