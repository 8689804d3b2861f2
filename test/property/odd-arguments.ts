import { createContext, runInContext } from 'node:vm'
import fc from 'fast-check'

/*
 * What nobody should pass to a method, and how arguments are made of it.
 */

/** Thrown by getters and traps of the values below. */
export class Own extends Error {}

function throwOwn(): never {
  throw new Own('by the caller')
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

function detached<V extends ArrayBufferView>(view: V): V {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] })
  return view
}

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1
  for (let i = 0; i < levels; i++) value = wrap(value)
  return value
}

function cycle(): unknown {
  const object: Record<string, unknown> = { list: [] }
  object.self = object
  object.$and = [object]
  return object
}

/** Says that it is longer than it is. */
class Lying extends Float32Array {
  override get length(): number {
    return 2
  }
}

const realm = createContext({})

export const ODD: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -0,
  -1,
  1.5,
  Number.NaN,
  Infinity,
  2 ** 53,
  1e308,
  5n,
  Symbol('odd'),
  Symbol.iterator,
  '',
  'a',
  'a\0b',
  '\ud800',
  '\ufeffa',
  '$and',
  'a.b',
  '__proto__',
  'x'.repeat(5_000),
  {},
  Object.create(null),
  Object.create({ inherited: 1 }),
  [],
  [1, 2],
  // Holes, as many as there can be.
  new Array(2),
  new Array(2 ** 32 - 1),
  () => {},
  throwOwn,
  new (class Film {})(),
  new (class Keyed extends Map {})(),
  new Map([['a', 1]]),
  new Map([[{}, 1]]),
  new Set([1]),
  new Date(0),
  new Date(Number.NaN),
  /a/,
  new Error('a value'),
  Promise.resolve(1),
  new Number(1),
  revoked({}),
  revoked([]),
  revoked(() => {}),
  new Proxy({ id: 1, vector: [1, 2] }, {}),
  new Proxy([[1, 2]], {}),
  new Proxy({}, { get: throwOwn, ownKeys: throwOwn, getPrototypeOf: throwOwn, has: throwOwn }),
  {
    get id() {
      return throwOwn()
    },
    get vector() {
      return throwOwn()
    },
    get filter() {
      return throwOwn()
    },
    get a() {
      return throwOwn()
    },
  },
  cycle(),
  nested(20_000, (inner) => ({ a: inner })),
  nested(20_000, (inner) => [inner]),
  nested(20_000, (inner) => ({ $not: inner })),
  nested(20_000, (inner) => ({ $and: [inner] })),
  Float32Array.of(1, 2),
  Float32Array.of(Number.NaN, 1),
  new Lying(1),
  new Lying(3),
  Float64Array.of(1e300, 2),
  BigInt64Array.of(1n, 2n),
  new DataView(new ArrayBuffer(8)),
  Buffer.from([1, 2]),
  new ArrayBuffer(8),
  new SharedArrayBuffer(8),
  new Float32Array(new SharedArrayBuffer(8)),
  detached(Float32Array.of(1, 2)),
  detached(new Uint8Array(2)),
  detached(new DataView(new ArrayBuffer(8))),
  { length: 2 ** 32, 0: 1 },
  {
    length: 2,
    get 0() {
      return throwOwn()
    },
  },
  { [Symbol.iterator]: throwOwn },
  { [Symbol.iterator]: () => ({ next: throwOwn }) },
  { [Symbol.iterator]: 5 },
  { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true }) }) },
  // biome-ignore lint/suspicious/noThenProperty: it is odd
  { then: throwOwn },
  { aborted: false, addEventListener() {} },
  { constructor: 5, toString: null, toJSON: throwOwn, valueOf: throwOwn },
  new AbortController(),
  AbortSignal.abort(new Own('aborted')),
  runInContext('({ id: "r", vector: [1, 2], metadata: { when: new Date(1) } })', realm),
  runInContext('new Float32Array([1, 2])', realm),
  runInContext('new Map([[1, new Set([2])]])', realm),
]

export const KEYS = [
  ...[
    'id',
    'ids',
    'vector',
    'metadata',
    'filter',
    'k',
    'ef',
    'exact',
    'select',
    'after',
    'threshold',
    'signal',
    'timeout',
  ],
  ...[
    'score',
    'mode',
    'batchSize',
    'onInvalid',
    'onProgress',
    'ifVersion',
    'includeVector',
    'includeVersion',
    'limit',
  ],
  ...[
    'dimension',
    'metric',
    'index',
    'engine',
    'M',
    'efConstruction',
    'codes',
    'fields',
    'durability',
    'readOnly',
  ],
  ...[
    'a',
    '$id',
    '$and',
    '$or',
    '$not',
    '$eq',
    '$ne',
    '$gt',
    '$in',
    '$nin',
    '$all',
    '$exists',
    'a.b',
    'a..b',
    '',
  ],
] as const

/** How a value is made. Values themselves are none of fast-check's business: it would look into them. */
type Recipe =
  | { readonly odd: number }
  | { readonly good: number }
  | { readonly list: readonly Recipe[] }
  | { readonly fields: Readonly<Record<string, Recipe>> }

const GOOD: readonly unknown[] = [
  1,
  'a',
  [1, 2],
  { vector: [1, 2] },
  { id: 1, vector: [1, 2] },
  { a: 1 },
  { filter: { a: 1 } },
]

export function make(recipe: Recipe): unknown {
  if ('odd' in recipe) return ODD[recipe.odd]
  if ('good' in recipe) return GOOD[recipe.good]
  if ('list' in recipe) return recipe.list.map(make)
  return Object.fromEntries(Object.entries(recipe.fields).map(([key, value]) => [key, make(value)]))
}

function within(wrap: (inner: Recipe) => Readonly<Record<string, Recipe>>): (inner: Recipe) => Recipe {
  return (inner) => ({ fields: wrap(inner) })
}

const ID: Recipe = { good: 0 }
const VECTOR: Recipe = { good: 2 }

export const { recipe } = fc.letrec<{ recipe: Recipe }>((tie) => ({
  recipe: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { arbitrary: fc.nat(ODD.length - 1).map((odd): Recipe => ({ odd })), weight: 5 },
    { arbitrary: fc.nat(GOOD.length - 1).map((good): Recipe => ({ good })), weight: 3 },
    {
      arbitrary: fc
        .dictionary(fc.constantFrom(...KEYS), tie('recipe'), { maxKeys: 3, noNullPrototype: true })
        .map((fields): Recipe => ({ fields })),
      weight: 6,
    },
    {
      arbitrary: fc.array(tie('recipe'), { maxLength: 3 }).map((list): Recipe => ({ list })),
      weight: 2,
    },
    { arbitrary: tie('recipe').map(within((filter) => ({ vector: VECTOR, filter }))), weight: 2 },
    {
      arbitrary: tie('recipe').map(within((a) => ({ vector: VECTOR, filter: { fields: { a } } }))),
      weight: 2,
    },
    {
      arbitrary: tie('recipe').map(within((a) => ({ id: ID, vector: VECTOR, metadata: { fields: { a } } }))),
      weight: 2,
    },
    { arbitrary: tie('recipe').map(within((vector) => ({ id: ID, vector }))), weight: 1 },
  ),
}))
