import { isArray, isRevoked } from './built-in.ts'
import { isPlainObject } from './plain-object.ts'

const LONGEST_QUOTE = 40

/** What a refused value is, in a few words for an error message: `"abc"`, `1.5`, `an array`, `an instance of Tensor`. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > LONGEST_QUOTE
        ? `${JSON.stringify(value.slice(0, LONGEST_QUOTE))}…`
        : JSON.stringify(value)
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `the bigint ${value}n`
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'function':
    case 'symbol':
      return `a ${typeof value}`
    default:
      return value === null ? 'null' : describeObject(value as object)
  }
}

function describeObject(value: object): string {
  if (isPlainObject(value)) return 'a plain object'
  if (isRevoked(value)) return 'a Proxy that was revoked'
  const maker = value.constructor
  const named = typeof maker === 'function' && typeof maker.name === 'string' && maker.name !== ''
  if (named ? maker.name === 'Array' : isArray(value)) return 'an array'
  return named && maker.name !== 'Object'
    ? `an instance of ${maker.name}`
    : 'an object with a prototype of its own'
}

const identifier = /^[A-Za-z_$][\w$]*$/

/** The step from an object to its property within a path: `.year`, or `["release date"]` if the key is no identifier. */
export function propertyStep(key: string): string {
  return identifier.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}
