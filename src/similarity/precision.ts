import { SkalarError } from '../errors.ts'
import type { Factored } from '../precision-matrix.ts'
import { exponentOf, sumOfProducts, timesPowerOfTwo } from './sums.ts'

/** How far p(i, j) and p(j, i) may differ, relative to √(p(i, i) p(j, j)): what computing an inverse leaves. */
const ASYMMETRY = 1e-8

/**
 * Factors a finite matrix, row by row; of one and its transpose, which may differ by 10⁻⁸ of √(p(i, i) p(j, j)), the mean counts. A
 * step takes at most n²/2 multiplications, all of them n³/6.
 *
 * @throws SkalarError `BAD_OPTION` for a matrix that is not symmetric or not positive definite; `path` names it
 */
export function* factorInSteps(
  data: Float64Array,
  dimension: number,
  path: string,
): Generator<undefined, Factored> {
  const exponents = diagonalExponents(data, dimension, path)
  const matrix = new Float64Array(data.length)
  for (let i = 0; i < dimension; i++) {
    writeRow(data, exponents, i, matrix, path)
    yield
  }
  const factor = new Float64Array(matrix.length)
  for (let i = 0; i < dimension; i++) {
    factorRow(matrix, dimension, i, factor, path)
    yield
  }
  return { matrix, factor, exponents }
}

/** The same at once. Throws as `factorInSteps`. */
export function factored(data: Float64Array, dimension: number, path: string): Factored {
  const steps = factorInSteps(data, dimension, path)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

function diagonalExponents(data: Float64Array, dimension: number, path: string): Int32Array {
  const exponents = new Int32Array(dimension)
  for (let i = 0; i < dimension; i++) {
    const entry = data[i * dimension + i]!
    if (entry <= 0) throw notDefinite(i, path)
    exponents[i] = Math.round(exponentOf(entry) / 2)
  }
  return exponents
}

/** Writes row i of C up to the diagonal, and the column that equals it. */
function writeRow(
  data: Float64Array,
  exponents: Int32Array,
  i: number,
  matrix: Float64Array,
  path: string,
): void {
  const dimension = exponents.length
  for (let j = 0; j <= i; j++) {
    const shift = -exponents[i]! - exponents[j]!
    const below = data[i * dimension + j]!
    const above = data[j * dimension + i]!
    const lower = timesPowerOfTwo(below, shift)
    const upper = timesPowerOfTwo(above, shift)
    // Infinities are equal too: they are too large beside the diagonal, which the factorization tells.
    if (below !== above && !(Math.abs(lower - upper) <= ASYMMETRY)) throw notSymmetric(i, j, path)
    const mean = lower / 2 + upper / 2
    matrix[i * dimension + j] = mean
    matrix[j * dimension + i] = mean
  }
}

/**
 * Writes row i of L, whose rows before are there. A pivot that is no larger than the rounding errors in it cannot be told from 0, so
 * such a matrix counts as singular. Source: N. J. Higham, "Accuracy and stability of numerical algorithms", 2nd edition, section 10.1.
 */
function factorRow(
  matrix: Float64Array,
  dimension: number,
  i: number,
  factor: Float64Array,
  path: string,
): void {
  const row = factor.subarray(i * dimension, i * dimension + i)
  for (let j = 0; j < i; j++) {
    const other = factor.subarray(j * dimension, j * dimension + j)
    const rest = matrix[i * dimension + j]! - sumOfProducts(other, row)
    factor[i * dimension + j] = rest / factor[j * dimension + j]!
  }
  const entry = matrix[i * dimension + i]!
  const pivot = entry - sumOfProducts(row, row)
  if (!(pivot > dimension * Number.EPSILON * entry)) throw notDefinite(i, path)
  factor[i * dimension + i] = Math.sqrt(pivot)
}

function notSymmetric(i: number, j: number, path: string): SkalarError {
  const message =
    `${path} must be symmetric, but its entries (${i}, ${j}) and (${j}, ${i}) differ: ` +
    'pass the inverse of a covariance matrix, or the mean of it and its transpose'
  return new SkalarError('BAD_OPTION', message, { path })
}

function notDefinite(i: number, path: string): SkalarError {
  const message =
    `${path} must be positive definite, but elimination fails at row ${i}: pass the inverse of a covariance matrix ` +
    'of more observations than components, or add a small multiple of the identity'
  return new SkalarError('BAD_OPTION', message, { path })
}
