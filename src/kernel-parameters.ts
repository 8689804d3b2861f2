import { checkOptions, integerOption, numberOption } from './options.ts'

/* What kernels are given beside vectors: names and defaults of scikit-learn (sklearn.metrics.pairwise). */

/** The width of a kernel. */
export interface GammaOptions {
  /** A factor above 0. Default 1 / dimension. */
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

type Parameters<Options> = { [Key in keyof Options]-?: number }

/** The parameters of rbf and laplacian with their defaults. `others` are keys that are read elsewhere. */
export function gammaParameter(
  options: unknown,
  dimension: number,
  path: string,
  others: readonly string[] = [],
): Parameters<GammaOptions> {
  const { gamma } = checkOptions(options, ['gamma', ...others], path)
  return { gamma: numberOption(gamma, `${path}.gamma`, { above: 0, default: 1 / dimension }) }
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
    gamma: numberOption(gamma, `${path}.gamma`, { above: 0, default: 1 / dimension }),
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
