import { types } from 'node:util'
import { SkalarError } from '../errors.ts'
import { squaredNorm } from '../norm.ts'
import { isArray, isRevoked } from './built-in.ts'
import { describe } from './describe.ts'

const ACCEPTED = 'an array of numbers or a numeric typed array such as Float32Array'

/**
 * Checks a vector and copies it into `target` from `offset` on, as float32. Its numbers must be of type number, but may
 * be NaN, infinite or beyond the range of float32: the native code looks for those in bulk and reports them through
 * {@link nonFinite}. After an error the contents of that part of `target` are unspecified.
 *
 * @throws SkalarError `BAD_VECTOR` for anything but numbers, `DIMENSION_MISMATCH` for another length than `dimension`
 */
export function writeVector(
  vector: unknown,
  target: Float32Array,
  offset: number,
  dimension: number,
  path = 'vector',
): void {
  if (types.isFloat32Array(vector)) {
    if (vector.length !== dimension) throw wrongLength(path, vector.length, dimension)
    target.set(vector, offset)
  } else if (isArray(vector)) {
    if (vector.length !== dimension) throw wrongLength(path, vector.length, dimension)
    writeNumbers(vector, target, offset, path)
  } else {
    const numbers = numericTypedArray(vector, path)
    if (numbers.length !== dimension) throw wrongLength(path, numbers.length, dimension)
    target.set(numbers, offset)
  }
}

function writeNumbers(numbers: readonly unknown[], target: Float32Array, offset: number, path: string): void {
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]
    if (typeof value !== 'number') throw notANumber(numbers, i, path)
    target[offset + i] = value
  }
}

function numericTypedArray(vector: unknown, path: string): ArrayLike<number> {
  const bigints = types.isBigInt64Array(vector) || types.isBigUint64Array(vector)
  if (!types.isTypedArray(vector) || bigints || Buffer.isBuffer(vector)) throw notAVector(vector, path)
  return vector
}

/** The error for a value that is not finite as a float32; `value` is the number as it was given, or as it was stored. */
export function nonFinite(path: string, index: number, value: number): SkalarError {
  const element = `${path}[${index}]`
  const problem = Number.isFinite(value)
    ? `is ${value}, beyond the range of float32 (±3.4028235e38): scale the vector down`
    : `is ${value}: every element must be a finite number`
  return new SkalarError('BAD_VECTOR', `${element} ${problem}`, { path: element })
}

/**
 * What is wrong with the components of a vector that `writeVector` has copied from `given`; undefined when they are good.
 * With `refuseZero`, a vector without direction is not.
 */
export function badVector(
  components: Float32Array,
  given: unknown,
  path: string,
  refuseZero: boolean,
): SkalarError | undefined {
  // In float64 the square of a finite float32 neither overflows nor vanishes, but for that of 0.
  const squares = squaredNorm(components)
  if (Number.isFinite(squares) && (squares > 0 || !refuseZero)) return undefined
  const index = components.findIndex((component) => !Number.isFinite(component))
  if (index !== -1) return nonFinite(path, index, (given as ArrayLike<number>)[index] ?? components[index]!)
  const message = `${path} is zero: it has no direction, so no cosine; leave it out, or use metric dot`
  return new SkalarError('BAD_VECTOR', message, { path })
}

function wrongLength(path: string, length: number, dimension: number): SkalarError {
  const problem = `${path} has ${length} elements, but the dimension of the collection is ${dimension}`
  return new SkalarError(
    'DIMENSION_MISMATCH',
    `${problem}: embed it with the model the collection was made for`,
    {
      path,
    },
  )
}

function notANumber(numbers: readonly unknown[], index: number, path: string): SkalarError {
  const element = `${path}[${index}]`
  const given = index in numbers ? describe(numbers[index]) : 'a hole in the array'
  const remedy = isArray(numbers[index]) ? ': give one vector, not a list of vectors' : ''
  return new SkalarError('BAD_VECTOR', `${element} must be a number, got ${given}${remedy}`, {
    path: element,
  })
}

function notAVector(vector: unknown, path: string): SkalarError {
  const message = `${path} must be ${ACCEPTED}, got ${describe(vector)}${remedy(vector)}`
  return new SkalarError('BAD_VECTOR', message, { path })
}

function remedy(vector: unknown): string {
  if (Buffer.isBuffer(vector)) {
    return ', whose elements are bytes: pass new Float32Array(buf.buffer, buf.byteOffset, buf.byteLength / 4)'
  }
  if (typeof vector !== 'object' || vector === null || isRevoked(vector)) return ''
  if (ArrayBuffer.isView(vector))
    return types.isDataView(vector) ? '' : ': convert with Array.from(vector, Number)'
  if (types.isPromise(vector)) return ': await it first'
  if ('data' in vector && ArrayBuffer.isView(vector.data)) return ': pass its .data'
  return 'length' in vector || Symbol.iterator in vector ? ': convert it with Array.from()' : ''
}
