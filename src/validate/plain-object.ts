import { isRevoked, kindOf } from './built-in.ts'

/**
 * Whether a value is an object made by `{…}`, `JSON.parse` or `Object.create(null)`, in whatever realm, and no instance of
 * a class: its prototype is null, or one that has none itself.
 */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  try {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype) return true
    return (prototype === null || Object.getPrototypeOf(prototype) === null) && kindOf(value) === undefined
  } catch (error) {
    // Whatever is done with a Proxy that was revoked throws; what the user's own traps throw is the user's to see.
    if (isRevoked(value)) return false
    throw error
  }
}
