import { SkalarError } from '../errors.ts'
import type { Metadata } from '../types.ts'
import { builtInOf, isDetached, isRevoked } from './built-in.ts'
import { describe, propertyStep } from './describe.ts'
import { isPlainObject } from './plain-object.ts'
import { Refusal } from './refusal.ts'

/** Levels of containers, the metadata object itself being the first. */
const MAX_DEPTH = 64

/**
 * Checks that metadata can be stored and will come back equal, and returns it, `undefined` as `{}`. It must be a plain
 * object. Its values may be null, undefined, booleans, numbers, well-formed strings, bigints, valid Dates, and, up to 64
 * levels deep, arrays without holes, plain objects, Maps whose keys are no objects, Sets, typed arrays, Buffers,
 * ArrayBuffers and DataViews. No key may be `__proto__`, start with `$` or a byte order mark, contain `.` or hold a lone
 * surrogate.
 *
 * Objects of other realms, such as vm contexts, are taken like our own, and come back as our own. As in JSON, what is not an
 * own enumerable property with a string key is left out.
 *
 * @throws SkalarError `BAD_METADATA` with the path of the value refused
 */
export function validMetadata(value: unknown, path = 'metadata'): Metadata {
  if (value === undefined) return {}
  if (!isPlainObject(value)) {
    throw new SkalarError('BAD_METADATA', `${path} must be a plain object, got ${describe(value)}`, { path })
  }
  const refusal = checkProperties(value, 1)
  if (refusal !== undefined) throw refusal.toError(path)
  return value
}

function check(value: unknown, depth: number): Refusal | undefined {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? undefined : new Refusal(LONE_SURROGATE)
    case 'object':
      return value === null ? undefined : checkObject(value, depth)
    case 'function':
    case 'symbol':
      return new Refusal(`is a ${typeof value}, which cannot be stored: leave it out`)
    default:
      return undefined
  }
}

const LONE_SURROGATE = 'holds a lone surrogate, which UTF-8 cannot express: clean it with toWellFormed()'

/** An instance of a subclass would come back without its class. */
function checkObject(value: object, depth: number): Refusal | undefined {
  if (isPlainObject(value)) return checkProperties(value, depth)
  switch (isRevoked(value) ? undefined : builtInOf(value)) {
    case undefined:
      return new Refusal(
        `is ${describe(value)}, which would not come back as such: store plain values made from it`,
      )
    case 'Array':
      return checkItems(value as unknown[], depth)
    case 'Date':
      return checkDate(value as Date)
    case 'Map':
      return checkMap(value as Map<unknown, unknown>, depth)
    case 'Set':
      return checkSet(value as Set<unknown>, depth)
    case 'ArrayBuffer':
      return checkBuffer(value as ArrayBuffer)
    default:
      return checkBuffer((value as ArrayBufferView).buffer)
  }
}

function checkProperties(object: object, depth: number): Refusal | undefined {
  if (depth > MAX_DEPTH) return tooDeep(object)
  const keys = Object.keys(object)
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string
    const refusal = checkKey(key) ?? check((object as Metadata)[key], depth + 1)
    if (refusal !== undefined) return refusal.inside(object, propertyStep(key))
  }
  return undefined
}

function checkKey(key: string): Refusal | undefined {
  if (key.startsWith('$')) return badKey('starts with "$", which filters use for operators')
  if (key.includes('.')) return badKey('contains ".", which filters use for paths')
  if (key === '__proto__') return badKey('is not safe to read back')
  if (key.charCodeAt(0) === 0xfeff) return badKey('starts with a byte order mark')
  return key.isWellFormed() ? undefined : badKey('holds a lone surrogate, which UTF-8 cannot express')
}

function badKey(problem: string): Refusal {
  return new Refusal(`is a key that ${problem}: rename it`)
}

function checkItems(array: readonly unknown[], depth: number): Refusal | undefined {
  if (depth > MAX_DEPTH) return tooDeep(array)
  const { length } = array
  for (let i = 0; i < length; i++) {
    const item = array[i]
    const refusal = item === undefined && !(i in array) ? hole() : check(item, depth + 1)
    if (refusal !== undefined) return refusal.inside(array, `[${i}]`)
  }
  return undefined
}

function checkMap(map: ReadonlyMap<unknown, unknown>, depth: number): Refusal | undefined {
  if (depth > MAX_DEPTH) return tooDeep(map)
  for (const [key, value] of map) {
    const refusal = checkMapKey(key) ?? check(value, depth + 1)
    if (refusal !== undefined) return refusal.inside(map, `.get(${describe(key)})`)
  }
  return undefined
}

/** An object as a key is found by its identity, which no copy has. */
function checkMapKey(key: unknown): Refusal | undefined {
  if (typeof key === 'object' && key !== null) {
    return new Refusal('is the entry of a Map whose key is an object: use a string or number as its key')
  }
  return check(key, 0)
}

function checkSet(set: ReadonlySet<unknown>, depth: number): Refusal | undefined {
  if (depth > MAX_DEPTH) return tooDeep(set)
  let i = 0
  for (const item of set) {
    const refusal = check(item, depth + 1)
    if (refusal !== undefined) return refusal.inside(set, `[${i}]`)
    i++
  }
  return undefined
}

function checkDate(date: Date): Refusal | undefined {
  return Number.isNaN(Date.prototype.getTime.call(date))
    ? new Refusal('is an invalid Date: store null instead')
    : undefined
}

function checkBuffer(buffer: ArrayBufferLike): Refusal | undefined {
  if (!isDetached(buffer)) return undefined
  return new Refusal('belongs to an ArrayBuffer that was transferred away: store a copy made before that')
}

function hole(): Refusal {
  return new Refusal('is a hole in the array: store null or undefined')
}

function tooDeep(container: object): Refusal {
  return new Refusal(`lies deeper than ${MAX_DEPTH} levels: flatten it`, container)
}
