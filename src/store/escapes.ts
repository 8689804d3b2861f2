import { types } from 'node:util'
import { SkalarError } from '../errors.ts'
import { builtInOf, isOfThisRealm, VIEWS, viewName } from '../validate/built-in.ts'
import { mapItems } from '../validate/items.ts'
import { isPlainObject } from '../validate/plain-object.ts'

/*
 * Three kinds of values that the codec cannot carry are escaped as plain objects of one key. No metadata can hold such an
 * object itself, because its keys never start with "$".
 *
 *   Map                      { $map: [key, value, key, value, …] }   maps of MessagePack are taken by plain objects
 *   string led by U+FEFF     { $bom: the rest of the string }        msgpackr's readers disagree: without its optional
 *                                                                    native part, it drops the mark of a long string
 *   −0                       { $negative: 0 }                        msgpackr writes it as the integer 0
 *
 * What is of another realm is stored as if it were of ours. The codec knows values by their classes, so it is given copies.
 */
const BYTE_ORDER_MARK = '\uFEFF'

/** What has to be done before the codec takes a value, from least to most. */
export const Need = { nothing: 0, copy: 1, escape: 2 } as const

/** What of this a value needs, with all it holds. {@link escaped} does both. */
export function needOf(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return value.charCodeAt(0) === 0xfeff ? Need.escape : Need.nothing
    case 'number':
      return Object.is(value, -0) ? Need.escape : Need.nothing
    case 'object':
      return value === null ? Need.nothing : needOfObject(value)
    default:
      return Need.nothing
  }
}

function needOfObject(object: object): number {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype === Array.prototype) return needAmong(object as unknown[])
  if (prototype === Object.prototype || prototype === null) return needAmong(Object.values(object))
  const kind = builtInOf(object)
  if (kind === 'Map') return Need.escape
  const least = isOfThisRealm(object, kind) ? Need.nothing : Need.copy
  if (kind === undefined) return Math.max(least, needAmong(Object.values(object)))
  if (kind === 'Array') return Math.max(least, needAmong(object as unknown[]))
  return kind === 'Set' ? Math.max(least, needAmong([...(object as Set<unknown>)])) : least
}

/** An array is asked for its length once: that of a Proxy may grow with each question. */
function needAmong(items: readonly unknown[]): number {
  const { length } = items
  let most: number = Need.nothing
  for (let i = 0; i < length && most !== Need.escape; i++) most = Math.max(most, needOf(items[i]))
  return most
}

/** A copy of a value, of our realm, with everything escaped that needs it. */
export function escaped(value: unknown): unknown {
  if (typeof value === 'string') return needOf(value) === Need.nothing ? value : { $bom: value.slice(1) }
  if (typeof value === 'number') return Object.is(value, -0) ? { $negative: 0 } : value
  if (typeof value !== 'object' || value === null) return value
  const kind = builtInOf(value)
  switch (kind) {
    case undefined:
    case 'Array':
    case 'Set':
      return mapped(value, escaped)
    case 'Map':
      return { $map: [...(value as Map<unknown, unknown>)].flat(1).map(escaped) }
    default:
      return isOfThisRealm(value, kind) ? value : copyOf(value)
  }
}

/** Of a Date, an ArrayBuffer or a view of another realm. */
function copyOf(value: object): object {
  if (!ArrayBuffer.isView(value)) {
    return builtInOf(value) === 'Date'
      ? new Date(Date.prototype.getTime.call(value))
      : new Uint8Array(value as ArrayBuffer).slice().buffer
  }
  const { buffer } = new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice()
  return new VIEWS[viewName(value)](buffer)
}

/** The inverse of {@link escaped}. */
export function unescaped(value: unknown): unknown {
  if (isPlainObject(value)) {
    if ('$map' in value) return unescapedMap(value.$map)
    if (typeof value.$bom === 'string') return BYTE_ORDER_MARK + value.$bom
    if ('$negative' in value) return -0
  }
  return mapped(value, unescaped)
}

function unescapedMap(entries: unknown): Map<unknown, unknown> {
  if (!Array.isArray(entries) || entries.length % 2 !== 0) {
    throw new SkalarError(
      'CORRUPTED',
      'metadata holds half an entry of a Map: restore the database from a backup',
    )
  }
  const map = new Map()
  for (let i = 0; i < entries.length; i += 2) map.set(unescaped(entries[i]), unescaped(entries[i + 1]))
  return map
}

function mapped(value: unknown, change: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return mapItems(value, change)
  if (types.isSet(value)) return new Set(Array.from(value, change))
  if (!isPlainObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item)]))
}
