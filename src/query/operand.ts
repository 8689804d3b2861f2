import { isDate } from 'node:util/types'
import { SkalarError } from '../errors.ts'
import { builtInOf, isArray, isDetached, VIEWS, viewName } from '../validate/built-in.ts'
import { describe } from '../validate/describe.ts'
import { mapItems } from '../validate/items.ts'
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
  if (!isArray(value)) refuse(path, `expected an array of values, got ${describe(value)}`)
  return mapItems(value, (element, i) => scalar(element, `${path}[${i}]`))
}

const ACCEPTED = 'use a string, number, boolean, bigint, valid Date, typed array or null'

function scalarObject(value: object, path: string): Scalar {
  if (isDate(value)) return validDate(value, path)
  if (ArrayBuffer.isView(value)) return copyOfView(value, path)
  if (isArray(value)) {
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
  const time = Date.prototype.getTime.call(date)
  if (Number.isNaN(time)) refuse(path, 'the date is invalid: use a Date whose getTime() is a number')
  return new Date(time)
}

function copyOfView(view: ArrayBufferView, path: string): ArrayBufferView {
  const kind = builtInOf(view)
  if (kind === undefined) refuse(path, `${describe(view)} is no operand: ${ACCEPTED}`)
  if (isDetached(view.buffer)) {
    refuse(
      path,
      'the typed array belongs to an ArrayBuffer that was transferred away: use a copy made before',
    )
  }
  const { buffer } = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice()
  return kind === 'Buffer' ? Buffer.from(buffer) : new VIEWS[viewName(view)](buffer)
}
