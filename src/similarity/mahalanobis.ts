import { SkalarError } from '../errors.ts'
import type { VectorInput } from '../types.ts'
import { type MatrixInput, matrixOperand, vectorPair } from './operand.ts'
import { difference, exponentOf, sumOf, sumOfProducts, timesPowerOfTwo } from './sums.ts'

/** How far p(i, j) and p(j, i) may differ, relative to √(p(i, i) p(j, j)): what computing an inverse leaves. */
const ASYMMETRY = 1e-8

/**
 * The Mahalanobis distance √((a − b)ᵀ P (a − b)), a distance in units of how data scatter in each direction: P is the inverse of their covariance
 * matrix, n × n, symmetric and positive definite. It may differ from its transpose by 10⁻⁸ of √(p(i, i) p(j, j)); the mean of both
 * is what counts. Source: P. C. Mahalanobis, "On the generalised distance in statistics", 1936.
 *
 * Costs n³/6 multiplications, by which P is checked: 20 milliseconds for n = 384.
 *
 * @throws SkalarError `BAD_VECTOR` for what is no vector or matrix of finite numbers, `DIMENSION_MISMATCH` where sizes do not fit,
 * `BAD_OPTION` for a matrix that is not symmetric or not positive definite
 */
export function mahalanobis(a: VectorInput, b: VectorInput, precision: MatrixInput): number {
  const [x, y] = vectorPair(a, b)
  const dimension = x.length
  const matrix = equilibrated(squareOperand(precision, dimension), dimension)
  const factor = cholesky(matrix.values, dimension)
  const apart = difference(x, y)
  // Exponents of the components of S (a − b), with P = S C S: the largest becomes about 1.
  const exponents = apart.values.map((value, i) => exponentOf(value) + matrix.exponents[i]!)
  const used = exponents.filter((_, i) => apart.values[i] !== 0)
  if (used.length === 0) return 0
  const exponent = used.reduce((most, value) => Math.max(most, value))
  const z = apart.values.map((value, i) => timesPowerOfTwo(value, matrix.exponents[i]! - exponent))
  return timesPowerOfTwo(Math.sqrt(quadraticForm(z, matrix.values, factor)), exponent + apart.exponent)
}

function squareOperand(precision: unknown, dimension: number): Float64Array {
  const { data, rows } = matrixOperand(precision, dimension, 'precision')
  if (rows === dimension) return data
  const message = `precision has ${rows} rows, but a and b have ${dimension} elements: pass a matrix of ${dimension} × ${dimension}`
  throw new SkalarError('DIMENSION_MISMATCH', message, { path: 'precision' })
}

/**
 * C of P = S C S, where S is diagonal, of powers of two, and no entry on the diagonal of C is further from 1 than by a factor of
 * 4. So P is checked and used whatever the units of its components are, without overflow or underflow that matters.
 */
function equilibrated(
  data: Float64Array,
  dimension: number,
): { readonly values: Float64Array; readonly exponents: Int32Array } {
  const exponents = new Int32Array(dimension)
  for (let i = 0; i < dimension; i++) {
    const entry = data[i * dimension + i]!
    if (entry <= 0) throw notDefinite(i)
    exponents[i] = Math.round(exponentOf(entry) / 2)
  }
  const values = new Float64Array(data.length)
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j <= i; j++) {
      const shift = -exponents[i]! - exponents[j]!
      const below = data[i * dimension + j]!
      const above = data[j * dimension + i]!
      const lower = timesPowerOfTwo(below, shift)
      const upper = timesPowerOfTwo(above, shift)
      // Infinities are equal too: they are too large beside the diagonal, which the factorization tells.
      if (below !== above && !(Math.abs(lower - upper) <= ASYMMETRY)) throw notSymmetric(i, j)
      const mean = lower / 2 + upper / 2
      values[i * dimension + j] = mean
      values[j * dimension + i] = mean
    }
  }
  return { values, exponents }
}

/**
 * L of C = L Lᵀ, row by row. A pivot that is no larger than the rounding errors in it cannot be told from 0, so such a matrix
 * counts as singular. Source: N. J. Higham, "Accuracy and stability of numerical algorithms", 2nd edition, section 10.1.
 */
function cholesky(matrix: Float64Array, dimension: number): Float64Array {
  const factor = new Float64Array(matrix.length)
  for (let i = 0; i < dimension; i++) {
    const row = factor.subarray(i * dimension, i * dimension + i)
    for (let j = 0; j < i; j++) {
      const other = factor.subarray(j * dimension, j * dimension + j)
      const rest = matrix[i * dimension + j]! - sumOfProducts(other, row)
      factor[i * dimension + j] = rest / factor[j * dimension + j]!
    }
    const entry = matrix[i * dimension + i]!
    const pivot = entry - sumOfProducts(row, row)
    if (!(pivot > dimension * Number.EPSILON * entry)) throw notDefinite(i)
    factor[i * dimension + i] = Math.sqrt(pivot)
  }
  return factor
}

/** zᵀ C z: from C, or where its terms cancel to nothing, as |Lᵀz|², which is never below 0. */
function quadraticForm(z: Float64Array, matrix: Float64Array, factor: Float64Array): number {
  const dimension = z.length
  const products = z.map((value, i) => {
    return value * sumOfProducts(z, matrix.subarray(i * dimension, (i + 1) * dimension))
  })
  const value = sumOf(products)
  if (value > 0) return value
  const image = new Float64Array(dimension)
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j <= i; j++) image[j] = image[j]! + factor[i * dimension + j]! * z[i]!
  }
  return sumOfProducts(image, image)
}

function notSymmetric(i: number, j: number): SkalarError {
  const message =
    `precision must be symmetric, but its entries (${i}, ${j}) and (${j}, ${i}) differ: ` +
    'pass the inverse of a covariance matrix, or the mean of it and its transpose'
  return new SkalarError('BAD_OPTION', message, { path: 'precision' })
}

function notDefinite(i: number): SkalarError {
  const message =
    `precision must be positive definite, but elimination fails at row ${i}: pass the inverse of a covariance matrix ` +
    'of more observations than components, or add a small multiple of the identity'
  return new SkalarError('BAD_OPTION', message, { path: 'precision' })
}
