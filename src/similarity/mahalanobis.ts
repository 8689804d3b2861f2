import { SkalarError } from '../errors.ts'
import type { MatrixInput, VectorInput } from '../types.ts'
import { matrixOperand, vectorPair } from './operand.ts'
import { factored } from './precision.ts'
import { difference, exponentOf, sumOf, sumOfProducts, timesPowerOfTwo } from './sums.ts'

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
  const {
    matrix,
    factor,
    exponents: units,
  } = factored(squareOperand(precision, dimension), dimension, 'precision')
  const apart = difference(x, y)
  // Exponents of the components of S (a − b), with P = S C S: the largest becomes about 1.
  const exponents = apart.values.map((value, i) => exponentOf(value) + units[i]!)
  const used = exponents.filter((_, i) => apart.values[i] !== 0)
  if (used.length === 0) return 0
  const exponent = used.reduce((most, value) => Math.max(most, value))
  const z = apart.values.map((value, i) => timesPowerOfTwo(value, units[i]! - exponent))
  return timesPowerOfTwo(Math.sqrt(quadraticForm(z, matrix, factor)), exponent + apart.exponent)
}

function squareOperand(precision: unknown, dimension: number): Float64Array {
  const { data, rows } = matrixOperand(precision, dimension, 'precision')
  if (rows === dimension) return data
  const message = `precision has ${rows} rows, but a and b have ${dimension} elements: pass a matrix of ${dimension} × ${dimension}`
  throw new SkalarError('DIMENSION_MISMATCH', message, { path: 'precision' })
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
