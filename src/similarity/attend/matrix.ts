import { types } from 'node:util'
import { SkalarError } from '../../errors.ts'
import { firstBadVector } from '../../native.ts'
import { isArray, lengthOfView } from '../../validate/built-in.ts'
import { badVector, writeVector } from '../../validate.ts'

/** A matrix row by row: element (i, j) is `data[i * columns + j]`. */
export interface Matrix {
  readonly data: Float32Array
  readonly rows: number
  readonly columns: number
}

/** What is known of a matrix before it is read. */
interface Shape {
  readonly rows?: number | undefined
  readonly columns?: number | undefined
}

/**
 * A copy of a matrix of finite numbers.
 *
 * @throws SkalarError `BAD_VECTOR`, `DIMENSION_MISMATCH`; `BAD_OPTION` for numbers row by row where nothing tells how long a row is
 */
export function readMatrix(value: unknown, path: string, shape: Shape): Matrix {
  const matrix = isRows(value) ? fromRows(value, path, shape) : fromFlat(value, path, shape)
  if (matrix.rows !== (shape.rows ?? matrix.rows)) {
    throw mismatch(path, `has ${matrix.rows} rows, but ${shape.rows} are expected`)
  }
  return matrix
}

/** A copy of a vector of finite numbers into `target`, whose length it must have; `why` says so. */
export function readVector(value: unknown, target: Float32Array, path: string, why: string): void {
  const length = lengthOf(value)
  if (length !== undefined && length !== target.length) {
    throw mismatch(path, `has ${length} elements, but ${target.length} are expected: ${why}`)
  }
  writeVector(value, target, 0, target.length, path)
  if (firstBadVector(target, target.length, false) === 0) throw badVector(target, value, path, false)!
}

function fromRows(value: readonly unknown[], path: string, shape: Shape): Matrix {
  const rows = value.length
  const columns = shape.columns ?? lengthOf(value[0]) ?? 0
  if (columns === 0) throw mismatch(`${path}[0]`, 'has no elements: a matrix has a column at least')
  const data = new Float32Array(rows * columns)
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * columns, (i + 1) * columns)
    readVector(value[i], row, `${path}[${i}]`, 'as many as there are columns')
  }
  return { data, rows, columns }
}

function fromFlat(value: unknown, path: string, shape: Shape): Matrix {
  const length = lengthOf(value) ?? 0
  const columns = shape.columns ?? (shape.rows === undefined ? undefined : length / shape.rows)
  if (columns === undefined) {
    const message = `${path} is flat, and nothing tells how many columns it has: pass an array of rows`
    throw new SkalarError('BAD_OPTION', message, { path })
  }
  const data = new Float32Array(length)
  readVector(value, data, path, 'all rows')
  if (length === 0 || !Number.isInteger(columns) || length % columns !== 0) {
    const rows = shape.columns === undefined ? `${shape.rows} rows` : `rows of ${columns}`
    throw mismatch(path, `has ${length} elements, which are no whole number of ${rows}`)
  }
  return { data, rows: length / columns, columns }
}

function isRows(value: unknown): value is readonly unknown[] {
  return isArray(value) && value.length > 0 && typeof value[0] !== 'number'
}

function lengthOf(value: unknown): number | undefined {
  if (isArray(value)) return value.length
  return types.isTypedArray(value) ? lengthOfView(value) : undefined
}

function mismatch(path: string, problem: string): SkalarError {
  return new SkalarError('DIMENSION_MISMATCH', `${path} ${problem}`, { path })
}
