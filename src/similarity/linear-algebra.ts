import { createRequire } from 'node:module'
import type { Matrix as Library } from 'ml-matrix'
import type { Matrix } from './operand.ts'

/*
 * What maps are learned with. The package ml-matrix decomposes; products of tall matrices are ours, since its own take three
 * times as long for 5,000 pairs of 512 dimensions.
 */

const require = createRequire(import.meta.url)

/** Loaded when it is first needed: nothing but `align` has a use for it. */
function library(): typeof import('ml-matrix') {
  return require('ml-matrix')
}

/** A pivot that is so much smaller than what it was before the elimination is an error of rounding. */
const NOTHING_LEFT = 1e-12

/**
 * U Vᵀ, of the singular value decomposition U S Vᵀ = fromᵀ·to: an orthogonal matrix, or one with orthonormal rows or
 * columns, whichever are fewer, for any `from` and `to`.
 */
export function orthogonalMap(from: Matrix, to: Matrix): Matrix {
  const { SVD } = library()
  const svd = new SVD(toLibrary(crossProduct(from, to)), { autoTranspose: true })
  return fromLibrary(svd.leftSingularVectors.mmul(svd.rightSingularVectors.transpose()))
}

/**
 * The W that makes ‖from·W − to‖² + λ s ‖W‖² least, where s is the mean of the diagonal of fromᵀ·from: by the normal equations
 * and Cholesky's decomposition. Undefined where the columns of `from` depend on each other and λ is too small to help.
 */
export function leastSquares(from: Matrix, to: Matrix, lambda: number): Matrix | undefined {
  const { CholeskyDecomposition } = library()
  const squares = crossProduct(from, from)
  const { data, columns } = squares
  let trace = 0
  for (let i = 0; i < columns; i++) trace += data[i * columns + i]!
  for (let i = 0; i < columns; i++) data[i * columns + i]! += (lambda * trace) / columns

  const cholesky = new CholeskyDecomposition(toLibrary(squares))
  const lower = cholesky.lowerTriangularMatrix
  for (let i = 0; i < columns; i++) {
    if (!(lower.get(i, i) ** 2 > NOTHING_LEFT * data[i * columns + i]!)) return undefined
  }
  return fromLibrary(cholesky.solve(toLibrary(crossProduct(from, to))))
}

/** x·W of one vector. */
export function mapped(x: Float64Array, { data, rows, columns }: Matrix): Float64Array {
  const result = new Float64Array(columns)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j]! += x[i]! * data[i * columns + j]!
  }
  return result
}

/** aᵀ·b of matrices with as many rows: the sum of the outer products of their rows, four at a time, which spares memory. */
function crossProduct(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.columns * b.columns)
  const whole = a.rows - (a.rows % 4)
  for (let row = 0; row < whole; row += 4) addFour(a, b, row, data)
  for (let row = whole; row < a.rows; row++) {
    for (let i = 0; i < a.columns; i++) {
      const factor = a.data[row * a.columns + i]!
      for (let j = 0; j < b.columns; j++) {
        data[i * b.columns + j]! += factor * b.data[row * b.columns + j]!
      }
    }
  }
  return { data, rows: a.columns, columns: b.columns }
}

function addFour(a: Matrix, b: Matrix, row: number, sums: Float64Array): void {
  const { columns: rows, data: left } = a
  const { columns, data: right } = b
  const one = row * columns
  const two = one + columns
  const three = two + columns
  const four = three + columns
  for (let i = 0; i < rows; i++) {
    const at = row * rows + i
    const w = left[at]!
    const x = left[at + rows]!
    const y = left[at + 2 * rows]!
    const z = left[at + 3 * rows]!
    const target = i * columns
    for (let j = 0; j < columns; j++) {
      sums[target + j]! +=
        w * right[one + j]! + x * right[two + j]! + y * right[three + j]! + z * right[four + j]!
    }
  }
}

function toLibrary({ data, rows, columns }: Matrix): Library {
  return library().Matrix.from1DArray(rows, columns, data)
}

function fromLibrary(matrix: Library): Matrix {
  return { data: Float64Array.from(matrix.to1DArray()), rows: matrix.rows, columns: matrix.columns }
}
