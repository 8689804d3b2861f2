import { SkalarError } from '../errors.ts'
import { checkOptions, enumOption, integerOption, numberOption } from '../options.ts'
import { type Layer, roomForWeights } from './layers.ts'
import { normals } from './random.ts'
import { type Transform, transformOf } from './transform.ts'

export interface RandomFourierFeaturesOptions {
  /** `rbf`, the only one and the default: exp(−γ |x − y|²). */
  kernel?: 'rbf' | undefined
  /** γ, from 0 to 1e30: at a distance of 1 / √γ the kernel has fallen to 1/e. Default 1 / dimension, as of `rbf`. */
  gamma?: number | undefined
  /** Components of a vector x, 1 to 65,535. */
  dimension: number
  /** Components of z(x): an even number, 2 to 65,534. */
  features: number
  /** An integer from 0 to 2⁵³ − 1. Default 0. The same one gives the same features, bit for bit, on every machine. */
  seed?: number | undefined
}

/**
 * A map z into a space where the dot product is the RBF kernel, nearly: z(x) · z(y) ≈ exp(−γ |x − y|²) (Rahimi & Recht 2007,
 * "Random Features for Large-Scale Kernel Machines"). So an index for dot products or cosines finds neighbours by the kernel.
 *
 *     z(x) = √(2/D) · (cos w₁x, …, cos wₙx, sin w₁x, …, sin wₙx),  n = D/2,  wᵢ ~ N(0, 2γ I)
 *
 * These pairs of sine and cosine have a lower variance for this kernel than √(2/D) cos(wx + b) has, and |z(x)| = 1 always
 * (Sutherland & Schneider 2015, arXiv 1506.02785): the error of z(x) · z(y) has a mean of 0 and a standard deviation of
 * (1 − k²) / √D, where k is the kernel's value. It shrinks with 1 / √D, and vanishes for x = y.
 *
 * Costs D/2 × dimension multiplications and D sines and cosines a vector.
 *
 * @throws SkalarError `BAD_OPTION`
 */
export function randomFourierFeatures(options: RandomFourierFeaturesOptions): Transform {
  const known = ['kernel', 'gamma', 'dimension', 'features', 'seed'] as const
  const given = checkOptions(options, known, 'options')
  enumOption(given.kernel, 'options.kernel', ['rbf'], 'rbf')
  for (const key of ['dimension', 'features']) {
    if (given[key] === undefined) throw refused(`options.${key}`, 'is missing, and has no default')
  }
  const inputs = integerOption(given.dimension, 'options.dimension', { min: 1, max: 65_535 })!
  // Up to here frequencies are float32 numbers, whatever is drawn.
  const gamma = numberOption(given.gamma, 'options.gamma', { min: 0, max: 1e30, default: 1 / inputs })
  const features = integerOption(given.features, 'options.features', { min: 2, max: 65_534 })!
  if (features % 2 === 1) {
    throw refused('options.features', `must be even, for they come in pairs, got ${features}`)
  }
  const seed = integerOption(given.seed, 'options.seed', { min: 0, default: 0 })
  return transformOf('randomFourierFeatures', [frequencies(features / 2, inputs, gamma, seed)])
}

/** Row by row from the first. */
function frequencies(products: number, inputs: number, gamma: number, seed: number): Layer {
  const weights = roomForWeights(products, inputs)
  const normal = normals(seed)
  const deviation = Math.sqrt(2 * gamma)
  for (let i = 0; i < weights.length; i++) weights[i] = deviation * normal()
  return { inputs, products, weights, bias: undefined, activation: 'fourier' }
}

function refused(path: string, problem: string): SkalarError {
  return new SkalarError('BAD_OPTION', `${path} ${problem}`, { path })
}
