import { types } from 'node:util'
import { SkalarError } from '../errors.ts'
import { squaredNorm } from '../norm.ts'
import { isArray, isRevoked, lengthOfView } from './built-in.ts'
import { describe } from './describe.ts'

const ACCEPTED = 'an array of numbers or a numeric typed array such as Float32Array'

/**
 * Checks a vector and copies it into `target` from `offset` on, as float32. Its numbers must be of type number, but may
 * be NaN, infinite or beyond the range of float32: the native code looks for those in bulk and reports them through
 * {@link nonFinite}. After an error the contents of that part of `target` are unspecified; what lies beside it is never
 * touched, whatever the vector does while it is read: its length is asked for once.
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
  if (isArray(vector)) {
    const { length } = vector
    if (length !== dimension) throw wrongLength(path, length, dimension)
    writeNumbers(vector, target, offset, dimension, path)
  } else {
    const numbers = numericTypedArray(vector, path)
    const length = lengthOfView(numbers)
    if (length !== dimension) throw wrongLength(path, length, dimension)
    copyNumbers(numbers, target, offset, dimension, path)
  }
}

/** Copies `dimension` values, each of which must be of type number, into `target` from `offset` on; NaN and ∞ are taken. */
export function writeNumbers(
  numbers: readonly unknown[],
  target: Float32Array | Float64Array,
  offset: number,
  dimension: number,
  path: string,
): void {
  for (let i = 0; i < dimension; i++) {
    const value = numbers[i]
    if (typeof value !== 'number') throw notANumber(numbers, i, value, path)
    target[offset + i] = value
  }
}

function copyNumbers(
  numbers: Float32Array,
  target: Float32Array,
  offset: number,
  dimension: number,
  path: string,
): void {
  if (numbers.buffer instanceof ArrayBuffer) {
    target.set(numbers, offset)
    return
  }
  // Another thread may lengthen shared memory at any moment: then this does not fit.
  try {
    target.subarray(offset, offset + dimension).set(numbers)
  } catch {
    throw wrongLength(path, lengthOfView(numbers), dimension)
  }
}

/**
 * A typed array of numbers, whatever its kind; anything else is refused with `BAD_VECTOR`. Seen by what it is made of, so
 * that neither a proxy nor a prototype makes one of something else.
 */
export function numericTypedArray(vector: unknown, path: string): Float32Array {
  if (types.isFloat32Array(vector)) return vector
  const bigints = types.isBigInt64Array(vector) || types.isBigUint64Array(vector)
  if (!types.isTypedArray(vector) || bigints || Buffer.isBuffer(vector)) throw notAVector(vector, path)
  return vector as Float32Array
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
  if (index !== -1) return nonFinite(path, index, givenNumber(given, index, components[index]!))
  const message = `${path} is zero: it has no direction, so no cosine; leave it out, or use metric dot`
  return new SkalarError('BAD_VECTOR', message, { path })
}

/** The number that was given for a component, unless the vector has been changed since it was copied. */
function givenNumber(given: unknown, index: number, component: number): number {
  const number = (given as ArrayLike<unknown>)[index]
  return typeof number === 'number' && Object.is(Math.fround(number), component) ? number : component
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

function notANumber(numbers: readonly unknown[], index: number, value: unknown, path: string): SkalarError {
  const element = `${path}[${index}]`
  const given = index in numbers ? describe(value) : 'a hole in the array'
  const remedy = isArray(value) ? ': give one vector, not a list of vectors' : ''
  return new SkalarError('BAD_VECTOR', `${element} must be a number, got ${given}${remedy}`, {
    path: element,
  })
}

function notAVector(vector: unknown, path: string): SkalarError {
  const message = `${path} must be ${ACCEPTED}, got ${describe(vector)}${remedy(vector)}`
  return new SkalarError('BAD_VECTOR', message, { path })
}

function remedy(vector: unknown): string {
  if (isRevoked(vector)) return ''
  if (Buffer.isBuffer(vector)) {
    return ', whose elements are bytes: pass new Float32Array(buf.buffer, buf.byteOffset, buf.byteLength / 4)'
  }
  if (typeof vector !== 'object' || vector === null) return ''
  if (ArrayBuffer.isView(vector))
    return types.isDataView(vector) ? '' : ': convert with Array.from(vector, Number)'
  if (types.isPromise(vector)) return ': await it first'
  if ('data' in vector && ArrayBuffer.isView(vector.data)) return ': pass its .data'
  return 'length' in vector || Symbol.iterator in vector ? ': convert it with Array.from()' : ''
}
