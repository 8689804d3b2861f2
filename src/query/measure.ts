import { SkalarError } from '../errors.ts'
import { gammaParameter, polynomialParameters, sigmoidParameters } from '../kernel-parameters.ts'
import type { BaseMetric } from '../native.ts'
import { checkOptions, enumOption, metricOption, QUERY_METRICS } from '../options.ts'
import type { Precision } from '../precision-matrix.ts'
import type { Definition } from '../store/catalogue.ts'
import { isRevoked } from '../validate/built-in.ts'
import { parsePrecision } from './precision.ts'

/*
 * What a query ranks by. Native code knows few measures, its base metrics; every kernel is a function of one of them that
 * never reverses its order. So rows are ranked by the base score, and only what is found gets its kernel's score: where kernels
 * run out of digits, and give the same number to many, the nearer still come first.
 *
 *   kernel       score (scikit-learn, "Pairwise metrics")   base metric
 *   linear       x·q                                         dot
 *   polynomial   (γ x·q + c)^d, d odd                        dot
 *                d even                                      apart: |x·q + c/γ|, larger is nearer
 *   sigmoid      tanh(γ x·q + c)                             dot
 *   rbf          exp(−γ |x − q|²)                            euclidean
 *   laplacian    exp(−γ Σ|x − q|)                            manhattan
 */

export interface Measure {
  /** For `explain`. */
  readonly name: string
  readonly metric: BaseMetric
  /** Of the base metric `apart`. */
  readonly center: number
  /** Of the base metric `mahalanobis`. */
  readonly precision?: Precision | undefined
  /** How base scores become what users see; undefined where they are that. */
  readonly kernel: KernelMap | undefined
}

export interface KernelMap {
  /** Whether scores can serve as weights. */
  readonly neverNegative: boolean
  score(base: number): number
  /**
   * A base score that none stands behind whose kernel score is at least this one; undefined where all may be. It need not be the
   * nearest of these: what is let through too much is left out by its score.
   */
  loosest(score: number): number | undefined
}

const KERNELS = ['linear', 'polynomial', 'rbf', 'laplacian', 'sigmoid'] as const

const METRICS: Readonly<Record<Exclude<BaseMetric, 'apart' | 'mahalanobis'>, Measure>> = {
  cosine: plain('cosine'),
  dot: plain('dot'),
  euclidean: plain('euclidean'),
  chebyshev: plain('chebyshev'),
  manhattan: plain('manhattan'),
}

/** How far base scores are loosened, relatively: a thousand times what rounding can do to them. */
const LOOSE = 1e-12

/** What rounding can do to scores that are so small that they have few digits. */
const TINY = Number.MIN_VALUE

/** Whether less is nearer. */
export function isDistance(metric: BaseMetric): boolean {
  return (
    metric === 'euclidean' || metric === 'chebyshev' || metric === 'manhattan' || metric === 'mahalanobis'
  )
}

/** Whether it is the collection's own metric, or orders as that does. */
export function ordersAsOwn({ metric, precision }: Measure, definition: Definition): boolean {
  return metric === definition.metric && precision === definition.precision
}

/** Whether scores are functions of a dot product and lengths. */
export function isOfProducts(metric: BaseMetric): boolean {
  return metric !== 'chebyshev' && metric !== 'manhattan' && metric !== 'mahalanobis'
}

function plain(metric: BaseMetric): Measure {
  return { name: metric, metric, center: 0, kernel: undefined }
}

function byMahalanobis(precision: Precision): Measure {
  return { ...plain('mahalanobis'), precision }
}

/** @throws SkalarError `BAD_OPTION`; of a matrix `BAD_VECTOR`, `DIMENSION_MISMATCH` */
export function parseMeasure(value: unknown, path: string, definition: Definition): Measure {
  if (value === undefined && definition.precision !== undefined) return byMahalanobis(definition.precision)
  if (typeof value !== 'object' || value === null) {
    const own = definition.metric as Exclude<Definition['metric'], 'mahalanobis'>
    return METRICS[metricOption(value, path, QUERY_METRICS) ?? own]
  }
  if (!isRevoked(value) && 'mahalanobis' in value) {
    const { mahalanobis } = checkOptions(value, ['mahalanobis'], path)
    return byMahalanobis(parsePrecision(mahalanobis, `${path}.mahalanobis`, definition))
  }
  return parseKernel(value, path, definition)
}

/** The same of `{ kernel, … }` alone. @throws SkalarError `BAD_OPTION` */
export function parseKernel(value: unknown, path: string, definition: Definition): Measure {
  const { dimension } = definition
  const { kernel } = checkOptions(value, ['kernel', 'gamma', 'degree', 'coef0'], path)
  switch (enumOption(kernel, `${path}.kernel`, KERNELS)) {
    case 'linear':
      checkOptions(value, NAME, path)
      return { ...plain('dot'), name: 'linear' }
    case 'rbf':
      return rbf(gammaParameter(value, dimension, path, NAME).gamma)
    case 'laplacian':
      return laplacian(gammaParameter(value, dimension, path, NAME).gamma)
    case 'sigmoid':
      return sigmoid(shifted(sigmoidParameters(value, dimension, path, NAME), path))
    case 'polynomial': {
      const numbers = shifted(polynomialParameters(value, dimension, path, NAME), path)
      return numbers.degree % 2 === 1 ? oddPolynomial(numbers) : evenPolynomial(numbers)
    }
    case undefined: {
      const message = `${path} needs the name of a kernel: ${path}.kernel`
      throw new SkalarError('BAD_OPTION', message, { path })
    }
  }
}

/** The key that kernels are told apart by. */
const NAME = ['kernel'] as const

interface Shift {
  readonly gamma: number
  readonly coef0: number
}

interface Power extends Shift {
  readonly degree: number
}

function shifted<T extends Shift>(numbers: T, path: string): T {
  if (Number.isFinite(numbers.coef0 / numbers.gamma)) return numbers
  const message = `${path}.gamma is too small beside ${path}.coef0: their quotient must be finite`
  throw new SkalarError('BAD_OPTION', message, { path: `${path}.gamma` })
}

function rbf(gamma: number): Measure {
  return {
    ...plain('euclidean'),
    name: 'rbf',
    kernel: {
      neverNegative: true,
      score: (distance) => Math.exp(-gamma * distance * distance),
      loosest: (score) => falling(score, gamma, Math.sqrt),
    },
  }
}

function laplacian(gamma: number): Measure {
  return {
    ...plain('manhattan'),
    name: 'laplacian',
    kernel: {
      neverNegative: true,
      score: (distance) => Math.exp(-gamma * distance),
      loosest: (score) => falling(score, gamma, (distance) => distance),
    },
  }
}

function sigmoid({ gamma, coef0 }: Shift): Measure {
  return {
    ...plain('dot'),
    name: 'sigmoid',
    kernel: {
      neverNegative: false,
      score: (dot) => Math.tanh(gamma * dot + coef0),
      loosest: (score) => {
        if (score > 1) return Number.POSITIVE_INFINITY
        if (score < -1 + LOOSE) return undefined
        return rising(Math.atanh(Math.min(score, 1 - LOOSE) - LOOSE), gamma, coef0)
      },
    },
  }
}

function oddPolynomial({ gamma, degree, coef0 }: Power): Measure {
  return {
    ...plain('dot'),
    name: 'polynomial',
    kernel: {
      neverNegative: false,
      score: (dot) => (gamma * dot + coef0) ** degree,
      loosest: (score) => rising(root(score - TINY, degree), gamma, coef0),
    },
  }
}

function evenPolynomial({ gamma, degree, coef0 }: Power): Measure {
  return {
    name: 'polynomial',
    metric: 'apart',
    center: -coef0 / gamma,
    kernel: {
      neverNegative: true,
      score: (apart) => (gamma * apart) ** degree,
      loosest: (score) => (score > TINY ? (root(score - TINY, degree) / gamma) * (1 - LOOSE) : undefined),
    },
  }
}

/** The real root of an odd degree, or of a number that is not negative. */
function root(power: number, degree: number): number {
  return Math.sign(power) * Math.abs(power) ** (1 / degree)
}

/** Where exp(−γ t) is `score`, and a little farther, with t a function of the distance whose inverse is given. */
function falling(score: number, gamma: number, inverse: (t: number) => number): number | undefined {
  if (score > 1) return -1
  if (score <= TINY) return undefined
  return inverse((-Math.log(score - TINY) + LOOSE) / gamma) * (1 + LOOSE)
}

/** Where γ x + c is `argument`, and a little farther. */
function rising(argument: number, gamma: number, coef0: number): number {
  return (argument - coef0) / gamma - (LOOSE * (Math.abs(argument) + Math.abs(coef0))) / gamma
}
