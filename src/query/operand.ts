import { isDate } from 'node:util/types'
import { SkalarError } from '../errors.ts'
import { describe } from '../validate/describe.ts'
import { isPlainObject } from '../validate/plain-object.ts'
import type { Ordinal, Scalar } from './filter-node.ts'

/** Raises the `BAD_FILTER` that every refusal of a filter is. */
export function refuse(path: string, problem: string): never {
  throw new SkalarError('BAD_FILTER', `${path}: ${problem}`, { path })
}

/** A private copy of an operand that can be compared for equality. */
export function scalar(value: unknown, path: string): Scalar {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'bigint':
      return value
    case 'object':
      return value === null ? null : scalarObject(value, path)
    case 'undefined':
      return refuse(path, 'undefined is no operand: leave the key out, or use null or { $exists: false }')
    default:
      return refuse(path, `a ${typeof value} is no operand: ${ACCEPTED}`)
  }
}

/** A private copy of an operand that has an order. */
export function ordinal(value: unknown, path: string): Ordinal {
  if (Number.isNaN(value)) refuse(path, 'NaN has no order: use a number, or $eq to find NaN')
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string') return value
  if (isDate(value)) return validDate(value, path)
  return refuse(path, `${describe(value)} has no order: use a number, a bigint, a string or a valid Date`)
}

/** Private copies of the operands of `$in`, `$nin` or `$all`. */
export function scalars(value: unknown, path: string): Scalar[] {
  if (!Array.isArray(value)) refuse(path, `expected an array of values, got ${describe(value)}`)
  return Array.from(value, (element: unknown, i) => scalar(element, `${path}[${i}]`))
}

const ACCEPTED = 'use a string, number, boolean, bigint, valid Date, typed array or null'

function scalarObject(value: object, path: string): Scalar {
  if (isDate(value)) return validDate(value, path)
  if (ArrayBuffer.isView(value)) return copyOfView(value, path)
  if (Array.isArray(value)) {
    refuse(path, 'an array is no operand: use $in to match one of its elements, $all to match every one')
  }
  if (isPlainObject(value)) {
    refuse(
      path,
      "a plain object is no operand: compare its fields one by one through dotted paths, { 'a.b': … }",
    )
  }
  return refuse(path, `${describe(value)} is no operand: ${ACCEPTED}`)
}

function validDate(date: Date, path: string): Date {
  const time = date.getTime()
  if (Number.isNaN(time)) refuse(path, 'the date is invalid: use a Date whose getTime() is a number')
  return new Date(time)
}

type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView

function copyOfView(view: ArrayBufferView, path: string): ArrayBufferView {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice()
  if (Buffer.isBuffer(view)) return Buffer.from(bytes.buffer)
  const viewClass: unknown = view.constructor
  if (!isBuiltIn(viewClass)) refuse(path, `${describe(view)} is no operand: ${ACCEPTED}`)
  return new viewClass(bytes.buffer)
}

/** Asks by name, so that a kind of typed array which a later Node adds is accepted as well. */
function isBuiltIn(viewClass: unknown): viewClass is ViewClass {
  return typeof viewClass === 'function' && Reflect.get(globalThis, viewClass.name) === viewClass
}
