/**
 * A symmetric positive definite matrix P = S C S, C = L Lᵀ. S is diagonal, of powers of two, and no entry on the diagonal of C is
 * further from 1 than by a factor of 4: so P is checked and used whatever the units of its components are, without overflow or
 * underflow that matters.
 */
export interface Factored {
  /** C, row by row. */
  readonly matrix: Float64Array
  /** L, row by row; zeros above the diagonal. */
  readonly factor: Float64Array
  /** Element i of the diagonal of S is 2^exponents[i]. */
  readonly exponents: Int32Array
}

/** The matrix of a Mahalanobis distance, as it was given. */
export class Precision {
  /** Row by row; finite. */
  readonly data: Float64Array
  readonly dimension: number
  /** Names it in errors. */
  readonly path: string
  /** Once it is known to be symmetric and positive definite. */
  factors: Factored | undefined

  constructor(data: Float64Array, dimension: number, path: string) {
    this.data = data
    this.dimension = dimension
    this.path = path
  }
}

/** Whether arrays have the same bits. */
export function sameNumbers(a: Float64Array, b: Float64Array): boolean {
  return a === b || bytesOf(a).equals(bytesOf(b))
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
