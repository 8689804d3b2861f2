import { SkalarError } from '../errors.ts'
import type { BaseMetric } from '../native.ts'
import {
  checkOptions,
  enumOption,
  integerOption,
  metricOption,
  numberOption,
  QUERY_METRICS,
} from '../options.ts'
import type { Definition } from '../store/catalogue.ts'

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
  /** How base scores become what users see; undefined where they are that. */
  readonly kernel: KernelMap | undefined
}

export interface KernelMap {
  score(base: number): number
  /**
   * A base score that none stands behind whose kernel score is at least this one; undefined where all may be. It need not be the
   * nearest of these: what is let through too much is left out by its score.
   */
  loosest(score: number): number | undefined
}

/** The kernels, and what each takes beside its name. */
const KERNELS = {
  linear: [],
  polynomial: ['gamma', 'degree', 'coef0'],
  rbf: ['gamma'],
  laplacian: ['gamma'],
  sigmoid: ['gamma', 'coef0'],
} as const

type KernelName = keyof typeof KERNELS

const MOST_DEGREE = 100

const METRICS: Readonly<Record<Exclude<BaseMetric, 'apart'>, Measure>> = {
  cosine: plain('cosine'),
  dot: plain('dot'),
  euclidean: plain('euclidean'),
  chebyshev: plain('chebyshev'),
  manhattan: plain('manhattan'),
}

/** How far base scores are loosened, relatively: a thousand times what rounding can do to them. */
const LOOSE = 1e-12

/** Whether less is nearer. */
export function isDistance(metric: BaseMetric): boolean {
  return metric === 'euclidean' || metric === 'chebyshev' || metric === 'manhattan'
}

function plain(metric: BaseMetric): Measure {
  return { name: metric, metric, center: 0, kernel: undefined }
}

/** @throws SkalarError `BAD_OPTION` */
export function parseMeasure(value: unknown, path: string, definition: Definition): Measure {
  if (typeof value !== 'object' || value === null) {
    return METRICS[metricOption(value, path, QUERY_METRICS) ?? definition.metric]
  }
  const known = ['kernel', 'gamma', 'degree', 'coef0'] as const
  const { kernel, gamma, degree, coef0 } = checkOptions(value, known, path)
  const name = enumOption(kernel, `${path}.kernel`, Object.keys(KERNELS) as KernelName[])
  if (name === undefined) {
    throw new SkalarError('BAD_OPTION', `${path} needs the name of a kernel: ${path}.kernel`, { path })
  }
  checkOptions(value, ['kernel', ...KERNELS[name]], path)
  const numbers = {
    gamma: numberOption(gamma, `${path}.gamma`, { above: 0, default: 1 / definition.dimension }),
    degree: integerOption(degree, `${path}.degree`, { min: 1, max: MOST_DEGREE, default: 3 }),
    coef0: numberOption(coef0, `${path}.coef0`, { default: 1 }),
  }
  if (Number.isFinite(numbers.coef0 / numbers.gamma)) return kernelOf(name, numbers)
  const message = `${path}.gamma is too small beside ${path}.coef0: their quotient must be finite`
  throw new SkalarError('BAD_OPTION', message, { path: `${path}.gamma` })
}

interface KernelNumbers {
  readonly gamma: number
  readonly degree: number
  readonly coef0: number
}

function kernelOf(name: KernelName, numbers: KernelNumbers): Measure {
  const { gamma, degree, coef0 } = numbers
  switch (name) {
    case 'linear':
      return { ...plain('dot'), name }
    case 'rbf':
      return {
        ...plain('euclidean'),
        name,
        kernel: {
          score: (distance) => Math.exp(-gamma * distance * distance),
          loosest: (score) => falling(score, gamma, Math.sqrt),
        },
      }
    case 'laplacian':
      return {
        ...plain('manhattan'),
        name,
        kernel: {
          score: (distance) => Math.exp(-gamma * distance),
          loosest: (score) => falling(score, gamma, (distance) => distance),
        },
      }
    case 'sigmoid':
      return {
        ...plain('dot'),
        name,
        kernel: {
          score: (dot) => Math.tanh(gamma * dot + coef0),
          loosest: (score) => {
            if (score > 1) return Number.POSITIVE_INFINITY
            if (score < -1 + LOOSE) return undefined
            return rising(Math.atanh(Math.min(score, 1 - LOOSE) - LOOSE), gamma, coef0)
          },
        },
      }
    case 'polynomial':
      return degree % 2 === 1 ? oddPolynomial(numbers) : evenPolynomial(numbers)
  }
}

function oddPolynomial({ gamma, degree, coef0 }: KernelNumbers): Measure {
  return {
    ...plain('dot'),
    name: 'polynomial',
    kernel: {
      score: (dot) => (gamma * dot + coef0) ** degree,
      loosest: (score) => rising(Math.sign(score) * Math.abs(score) ** (1 / degree), gamma, coef0),
    },
  }
}

function evenPolynomial({ gamma, degree, coef0 }: KernelNumbers): Measure {
  return {
    name: 'polynomial',
    metric: 'apart',
    center: -coef0 / gamma,
    kernel: {
      score: (apart) => (gamma * apart) ** degree,
      loosest: (score) => (score > 0 ? (score ** (1 / degree) / gamma) * (1 - LOOSE) : undefined),
    },
  }
}

/** Where exp(−γ t) is `score`, and a little farther, with t a function of the distance whose inverse is given. */
function falling(score: number, gamma: number, inverse: (t: number) => number): number | undefined {
  if (score > 1) return -1
  if (score <= 0) return undefined
  return inverse((-Math.log(score) + LOOSE) / gamma) * (1 + LOOSE)
}

/** Where γ x + c is `argument`, and a little farther. */
function rising(argument: number, gamma: number, coef0: number): number {
  return (argument - coef0) / gamma - (LOOSE * (Math.abs(argument) + Math.abs(coef0))) / gamma
}
