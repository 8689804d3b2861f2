import { SkalarError } from '../errors.ts'
import { isArray, lengthOfView, viewName } from '../validate/built-in.ts'
import { nonFinite, numericTypedArray, writeNumbers } from '../validate/vector.ts'

/*
 * Vectors and matrices as they come from callers. Everything is copied: what is returned belongs to whoever asked, and
 * nothing that an argument does while it is read, or later, changes it.
 */

/** What operands are copied into. */
export type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

/** The class of a copy. Float32Array rounds each number to the nearest float32. */
interface Elements<T extends Floats> {
  new (length: number): T
  new (numbers: ArrayLike<number>): T
}

/** A matrix of finite numbers, row by row: element (i, j) is `data[i * columns + j]`. */
export interface Matrix<T extends Floats = Float64Array<ArrayBuffer>> {
  readonly data: T
  /** At least 1. */
  readonly rows: number
  /** At least 1. */
  readonly columns: number
}

/**
 * A copy of a vector: `number[]` or any numeric typed array, Float16Array included, with one element or more, all finite.
 *
 * @throws SkalarError `BAD_VECTOR` for anything else; `path` names the argument
 */
export function vectorOperand(value: unknown, path: string): Float64Array<ArrayBuffer> {
  const vector = copyOf(value, path, Float64Array)
  if (vector.length === 0) throw empty(path, 'vector')
  for (let i = 0; i < vector.length; i++) {
    if (!Number.isFinite(vector[i])) throw notFinite(vector, i, value, path, i)
  }
  return vector
}

/**
 * Copies of two vectors of one length.
 *
 * @throws SkalarError `BAD_VECTOR` as `vectorOperand`; `DIMENSION_MISMATCH` when their lengths differ
 */
export function vectorPair(
  a: unknown,
  b: unknown,
  pathA = 'a',
  pathB = 'b',
): [Float64Array<ArrayBuffer>, Float64Array<ArrayBuffer>] {
  const first = vectorOperand(a, pathA)
  const second = vectorOperand(b, pathB)
  if (first.length !== second.length) {
    const message = `${pathB} has ${second.length} elements, but ${pathA} has ${first.length}: pass vectors of one length`
    throw new SkalarError('DIMENSION_MISMATCH', message, { path: pathB })
  }
  return [first, second]
}

/**
 * A copy of a matrix, at least 1 × 1: an array of rows, each a vector, or a typed array or `number[]` row by row.
 * `columns` is how many it must have; undefined where that is unknown, which only an array of rows can do without.
 *
 * @throws SkalarError `BAD_VECTOR` for what is no matrix of finite numbers, `DIMENSION_MISMATCH` for rows of another length
 * and for a flat array that is no whole number of rows, `BAD_OPTION` for a flat one without `columns`
 */
export function matrixOperand<T extends Floats = Float64Array<ArrayBuffer>>(
  value: unknown,
  columns: number | undefined,
  path: string,
  elements: Elements<T> = Float64Array as unknown as Elements<T>,
): Matrix<T> {
  const matrix = uncheckedMatrix(value, columns, path, elements)
  for (let row = 0; row < matrix.rows; row++) checkRow(matrix, row, value, path)
  return matrix
}

/** The same, whose elements may be NaN or infinite: `checkRow` is to be called for rows that have such. */
export function uncheckedMatrix<T extends Floats>(
  value: unknown,
  columns: number | undefined,
  path: string,
  elements: Elements<T>,
): Matrix<T> {
  if (isArray(value)) {
    const { length } = value
    if (length === 0) throw empty(path, 'row')
    const first = value[0]
    if (typeof first !== 'number') return fromRows(value, length, first, columns, path, elements)
  }
  return fromFlat(value, columns, path, elements)
}

/** Whether a matrix is given without rows of its own. */
export function isFlat(value: unknown): boolean {
  return !isArray(value) || typeof value[0] === 'number'
}

/**
 * Checks that a row of a matrix that was made of `given` is finite.
 *
 * @throws SkalarError `BAD_VECTOR`
 */
export function checkRow({ data, columns }: Matrix<Floats>, row: number, given: unknown, path: string): void {
  const start = row * columns
  for (let i = start; i < start + columns; i++) {
    if (Number.isFinite(data[i])) continue
    if (isFlat(given)) throw notFinite(data, i, given, path, i)
    throw notFinite(data, i, (given as readonly unknown[])[row], `${path}[${row}]`, i - start)
  }
}

/** Whether float32 loses nothing of what a vector or matrix of this type may hold. */
export function fitsFloat32(value: unknown): boolean {
  if (isArray(value)) return value.length > 0 && value.every((row) => !isArray(row) && fitsFloat32(row))
  return ArrayBuffer.isView(value) && EXACT_IN_FLOAT32.has(viewName(value))
}

const EXACT_IN_FLOAT32: ReadonlySet<string> = new Set([
  'Float16Array',
  'Float32Array',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
])

function fromFlat<T extends Floats>(
  value: unknown,
  columns: number | undefined,
  path: string,
  elements: Elements<T>,
): Matrix<T> {
  const data = copyOf(value, path, elements)
  const { length } = data
  if (length === 0) throw empty(path, 'row')
  if (columns === undefined) {
    const message = `${path} is flat, so its number of columns must be given: set options.columns, or pass an array of rows`
    throw new SkalarError('BAD_OPTION', message, { path: 'options.columns' })
  }
  if (length % columns !== 0) {
    const message = `${path} has ${length} elements, which are no whole rows of ${columns}: pass rows of ${columns} one behind the other`
    throw new SkalarError('DIMENSION_MISMATCH', message, { path })
  }
  return { data, rows: length / columns, columns }
}

function fromRows<T extends Floats>(
  value: readonly unknown[],
  rows: number,
  first: unknown,
  expected: number | undefined,
  path: string,
  elements: Elements<T>,
): Matrix<T> {
  const firstRow = copyOf(first, `${path}[0]`, elements)
  const columns = firstRow.length
  if (columns === 0) throw empty(`${path}[0]`, 'vector')
  if (expected !== undefined && columns !== expected) throw wrongRow(`${path}[0]`, columns, expected)
  const data = allocate(elements, rows * columns, path)
  for (let i = 0; i < rows; i++) {
    const row = i === 0 ? firstRow : copyOf(value[i], `${path}[${i}]`, elements)
    if (row.length !== columns) throw wrongRow(`${path}[${i}]`, row.length, columns)
    data.set(row, i * columns)
  }
  return { data, rows, columns }
}

function copyOf<T extends Floats>(value: unknown, path: string, elements: Elements<T>): T {
  if (!isArray(value)) {
    const numbers = numericTypedArray(value, path)
    if (lengthOfView(numbers) === 0) return new elements(0)
    // Its length is read once, within: another thread may lengthen shared memory at any moment.
    return attempt(() => new elements(numbers), path)
  }
  const { length } = value
  // Holes first: an array of a billion of them is refused without room for as many numbers.
  if (length > 0 && !(length - 1 in value)) throw hole(`${path}[${length - 1}]`)
  const copy = allocate(elements, length, path)
  writeNumbers(value, copy, 0, length, path)
  return copy
}

function hole(path: string): SkalarError {
  return new SkalarError('BAD_VECTOR', `${path} must be a number, got a hole in the array`, { path })
}

function allocate<T extends Floats>(elements: Elements<T>, length: number, path: string): T {
  return attempt(() => new elements(length), path)
}

function attempt<T>(make: () => T, path: string): T {
  try {
    return make()
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new SkalarError('OUT_OF_MEMORY', `${path} is too large to be copied: pass it in parts`, {
      path,
      cause,
    })
  }
}

/** A number beyond float32 is told as it was given: `copy[at]` was made of `given[index]`. */
function notFinite(copy: Floats, at: number, given: unknown, path: string, index: number): SkalarError {
  const number = (given as ArrayLike<unknown> | undefined)?.[index]
  return nonFinite(path, index, typeof number === 'number' ? number : copy[at]!)
}

function wrongRow(path: string, length: number, columns: number): SkalarError {
  const message = `${path} has ${length} elements, but ${columns} are expected: pass rows of ${columns}`
  return new SkalarError('DIMENSION_MISMATCH', message, { path })
}

function empty(path: string, what: string): SkalarError {
  const kind = what === 'row' ? 'a matrix with one row at least' : 'a vector with one element at least'
  return new SkalarError('BAD_VECTOR', `${path} is empty: pass ${kind}`, { path })
}
