import { types } from 'node:util'

/*
 * What objects are, whichever realm made them. Every vm context has classes of its own, and test runners, REPLs and
 * bundlers hand objects from one to another: `instanceof` and comparing prototypes would call them foreign. So an object's
 * kind is asked of its internals, which no one can forge, and its prototype is judged by its shape.
 */

/** Classes whose instances are stored as such. */
export type BuiltIn = 'Array' | 'ArrayBuffer' | 'Buffer' | 'Date' | 'Map' | 'Set' | ViewName

type ViewName =
  | 'DataView'
  | 'Int8Array'
  | 'Uint8Array'
  | 'Uint8ClampedArray'
  | 'Int16Array'
  | 'Uint16Array'
  | 'Int32Array'
  | 'Uint32Array'
  | 'Float32Array'
  | 'Float64Array'
  | 'BigInt64Array'
  | 'BigUint64Array'

const { prototype: typedArray } = Object.getPrototypeOf(Uint8Array) as { prototype: object }

function getterOf(key: PropertyKey): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(typedArray, key)!.get!
}

const typedArrayName = getterOf(Symbol.toStringTag)
const typedArrayLength = getterOf('length')

/** The name of the class that made a view's elements what they are: of a subclass, and of a Buffer, the one beneath. */
export function viewName(view: ArrayBufferView): ViewName {
  return (typedArrayName.call(view) as ViewName | undefined) ?? 'DataView'
}

/** Its number of elements, whatever a subclass says. */
export function lengthOfView(view: ArrayBufferView): number {
  return typedArrayLength.call(view) as number
}

/** As `Array.isArray`, which throws for a Proxy that was revoked. */
export function isArray(value: unknown): value is readonly unknown[] {
  return !isRevoked(value) && Array.isArray(value)
}

/** Whether a value is a Proxy that was revoked: whatever is done with it throws. */
export function isRevoked(value: unknown): boolean {
  if (!types.isProxy(value)) return false
  try {
    Array.isArray(value)
    return false
  } catch {
    return true
  }
}

/** The built-in class that an object is a direct instance of; undefined for subclasses and all else. */
export function builtInOf(value: object): BuiltIn | undefined {
  const kind = kindOf(value)
  if (kind === undefined) return undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === globalThis[kind].prototype) return kind
  if (prototype === Buffer.prototype) return 'Buffer'
  return isPrototypeOfRealm(prototype, kind) ? kind : undefined
}

/** The built-in class whose internals an object has, whatever its prototype is. Not of a Proxy that was revoked. */
export function kindOf(value: object): Exclude<BuiltIn, 'Buffer'> | undefined {
  if (Array.isArray(value)) return 'Array'
  if (ArrayBuffer.isView(value)) {
    const name = viewName(value)
    // A later Node may have kinds that the codec does not know.
    return name in VIEWS ? name : undefined
  }
  if (types.isDate(value)) return 'Date'
  if (types.isMap(value)) return 'Map'
  if (types.isSet(value)) return 'Set'
  return types.isArrayBuffer(value) ? 'ArrayBuffer' : undefined
}

type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView

/** The classes of views, ours. */
export const VIEWS: Readonly<Record<ViewName, ViewClass>> = {
  DataView,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
}

/** Prototypes between an instance of the class and null. That of a subclass has one more. */
function depthOf(kind: string): number {
  return kind in VIEWS && kind !== 'DataView' ? 3 : 2
}

function isPrototypeOfRealm(prototype: unknown, kind: string): boolean {
  let depth = 0
  for (let at = prototype; at !== null; at = Object.getPrototypeOf(at)) depth++
  if (depth !== depthOf(kind)) return false
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  return typeof maker === 'function' && maker.name === kind && maker.prototype === prototype
}

/** Whether an object was made by a class of this realm, or by none. */
export function isOfThisRealm(value: object, kind: BuiltIn | undefined): boolean {
  const prototype = Object.getPrototypeOf(value)
  if (kind === undefined) return prototype === Object.prototype || prototype === null
  return kind === 'Buffer' || prototype === globalThis[kind].prototype
}

/** Whether a buffer was transferred, to another thread for example: it has no bytes left, and no view of it can be made. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false
  try {
    new Uint8Array(buffer)
    return false
  } catch {
    return true
  }
}
