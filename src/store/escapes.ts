import { SkalarError } from '../errors.ts'
import { isPlainObject } from '../validate/plain-object.ts'

/*
 * Two kinds of values that the codec cannot carry are escaped as plain objects of one key. No metadata can hold such an
 * object itself, because its keys never start with "$".
 *
 *   Map                      { $map: [key, value, key, value, …] }   maps of MessagePack are taken by plain objects
 *   string led by U+FEFF     { $bom: the rest of the string }        msgpackr's readers disagree: without its optional
 *                                                                    native part, it drops the mark of a long string
 */
const BYTE_ORDER_MARK = '\uFEFF'

/** Whether a value is one of these kinds or holds one. */
export function needsEscape(value: unknown): boolean {
  if (typeof value === 'string') return value.charCodeAt(0) === 0xfeff
  return typeof value === 'object' && value !== null && objectNeedsEscape(value)
}

function objectNeedsEscape(object: object): boolean {
  if (object instanceof Map) return true
  if (ArrayBuffer.isView(object)) return false
  const items = Array.isArray(object) || object instanceof Set ? object : Object.values(object)
  for (const item of items) if (needsEscape(item)) return true
  return false
}

/** A copy of a value with everything escaped that needs it. */
export function escaped(value: unknown): unknown {
  if (value instanceof Map) return { $map: [...value].flat(1).map(escaped) }
  if (typeof value === 'string' && needsEscape(value)) return { $bom: value.slice(1) }
  return mapped(value, escaped)
}

/** The inverse of {@link escaped}. */
export function unescaped(value: unknown): unknown {
  if (isPlainObject(value)) {
    if ('$map' in value) return unescapedMap(value.$map)
    if (typeof value.$bom === 'string') return BYTE_ORDER_MARK + value.$bom
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
  if (Array.isArray(value)) return value.map(change)
  if (value instanceof Set) return new Set([...value].map(change))
  if (!isPlainObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item)]))
}
