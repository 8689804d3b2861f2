import { SkalarError } from '../errors.ts'
import { gammaParameter, polynomialParameters, sigmoidParameters } from '../kernel-parameters.ts'
import type { Measure } from '../native/numbers.ts'
import { checkOptions, enumOption } from '../options.ts'
import { isPlainObject } from '../validate/plain-object.ts'

/* A kernel with its parameters, as matrices of its values are computed natively. */

export const KERNELS = ['linear', 'polynomial', 'rbf', 'laplacian', 'sigmoid'] as const

export type KernelName = (typeof KERNELS)[number]

export interface Parameters {
  readonly gamma: number
  readonly coef0: number
  readonly degree: number
}

/** Those that a measure has no use for. */
export const NO_PARAMETERS: Parameters = { gamma: 1, coef0: 0, degree: 1 }

export interface Kernel {
  readonly name: KernelName
  readonly measure: Measure
  readonly parameters: Parameters
}

/**
 * Reads `{ kernel, gamma, … }`, with scikit-learn's names and defaults; undefined where it has no `kernel`.
 *
 * @throws SkalarError `BAD_OPTION`
 */
export function kernelOption(
  given: Readonly<Record<string, unknown>>,
  dimension: number,
  path: string,
): Kernel | undefined {
  const name = enumOption(given.kernel, `${path}.kernel`, KERNELS)
  if (name === undefined) return undefined
  const measure = name === 'linear' ? 'dot' : name
  return { name, measure, parameters: { ...NO_PARAMETERS, ...parametersOf(name, given, dimension, path) } }
}

function parametersOf(
  name: KernelName,
  given: unknown,
  dimension: number,
  path: string,
): Partial<Parameters> | undefined {
  switch (name) {
    case 'linear':
      checkOptions(given, ['kernel'], path)
      return undefined
    case 'polynomial':
      return polynomialParameters(given, dimension, path, ['kernel'])
    case 'sigmoid':
      return sigmoidParameters(given, dimension, path, ['kernel'])
    case 'rbf':
    case 'laplacian':
      return gammaParameter(given, dimension, path, ['kernel'])
  }
}

/** A kernel that may be given by its name alone, as `{ kernel, … }`. @throws SkalarError `BAD_OPTION` */
export function kernelObject(kernel: unknown, path: string): Record<string, unknown> {
  if (typeof kernel === 'string') return { kernel }
  if (isPlainObject(kernel)) return kernel
  throw new SkalarError('BAD_OPTION', `${path} must be the name of a kernel, or { kernel, gamma, … }`, {
    path,
  })
}
