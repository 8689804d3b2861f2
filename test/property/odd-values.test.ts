import { types } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Collection, type Database, type Metadata, SkalarError } from '../../src/index.ts'
import { openDatabase } from '../helpers/database.ts'

/*
 * More than 400 lines: a table of values, one of methods, and what is expected of both.
 *
 * Whatever is passed to whatever method, what comes of it is an answer, a SkalarError, or what the caller's own code has
 * thrown; and no asynchronous method throws.
 */

/** Thrown by getters and traps of the values below. */
class Own extends Error {}

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

const ODD: readonly unknown[] = [
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

const KEYS = [
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

function make(recipe: Recipe): unknown {
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

const { recipe } = fc.letrec<{ recipe: Recipe }>((tie) => ({
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

type Call = (database: Database, collection: Collection, first: never, second: never, third: never) => unknown

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

const ASYNCHRONOUS: Readonly<Record<string, Call>> = {
  upsert: (_, c, records, options) => c.upsert(records, options),
  update: (_, c, target, patch, options) => c.update(target, patch, options),
  delete: (_, c, target, options) => c.delete(target, options),
  count: (_, c, options) => c.count(options),
  query: (_, c, options) => c.query(options),
  queryMany: (_, c, queries, options) => c.queryMany(queries, options),
  recommend: (_, c, options) => c.recommend(options),
  recommendMany: (_, c, users, options) => drain(c.recommendMany(users, options)),
  match: (_, c, other, options) => drain(c.match(other, options)),
  'match with itself': (_, c, options) => drain(c.match(c, options)),
  duplicates: (_, c, options) => drain(c.duplicates(options)),
  explain: (_, c, options) => c.explain(options),
  classify: (_, c, options) => c.classify(options),
  regress: (_, c, options) => c.regress(options),
  train: (_, c, options) => c.train(options),
  importHnswlib: (_, c, path, options) => c.importHnswlib(path, options),
  collection: (db, _, name, options) => db.collection(name, options),
  drop: (db, _, name) => db.drop(name),
  transaction: (db, _, action) => db.transaction(action),
  'tx.upsert': (db, c, records, options) => db.transaction((tx) => tx.upsert(c, records, options)),
  'tx.update': (db, c, ids, patch, options) => db.transaction((tx) => tx.update(c, ids, patch, options)),
  'tx.delete': (db, c, ids) => db.transaction((tx) => tx.delete(c, ids)),
  'tx.get': (db, c, id, options) => db.transaction((tx) => void tx.get(c, id, options)),
  'tx of': (db, _, collection) => db.transaction((tx) => tx.has(collection, 1)),
}

const SYNCHRONOUS: Readonly<Record<string, Call>> = {
  get: (_, c, id, options) => c.get(id, options),
  getMany: (_, c, ids, options) => c.getMany(ids, options),
  has: (_, c, id) => c.has(id),
  querySync: (_, c, options) => c.querySync(options),
  records: (_, c, options) => [...c.records(options)],
}

function expectRight(error: unknown): void {
  if (error instanceof SkalarError || error instanceof Own) return
  throw new Error(`neither a SkalarError nor the caller's: ${String((error as Error)?.stack ?? error)}`)
}

/** What takes too long where invalid records are to be left out one by one. */
const isEndless = (value: unknown) => !types.isProxy(value) && Array.isArray(value) && value.length > 1_000

const CALLS: Readonly<Record<string, Call>> = { ...ASYNCHRONOUS, ...SYNCHRONOUS }

/** Makes one call, and throws unless it ends right. */
async function check(db: Database, collection: Collection<Metadata, number>, name: string, args: unknown[]) {
  const call = () => CALLS[name]!(db, collection as never, ...(args as [never, never, never]))
  if (name in ASYNCHRONOUS) {
    const promise = call()
    expect(promise).toBeInstanceOf(Promise)
    await (promise as Promise<unknown>).catch(expectRight)
    return
  }
  try {
    call()
  } catch (error) {
    expectRight(error)
  }
}

async function filled() {
  const db = await openDatabase()
  const collection = await db.collection<Metadata, number>('odd', { dimension: 2 })
  const fill = () =>
    collection.upsert(Array.from({ length: 20 }, (_, id) => ({ id, vector: [id, 1], metadata: { a: id } })))
  await fill()
  return { db, collection, fill }
}

/** Where a value may stand in a call. */
const PLACES: readonly ((value: unknown) => unknown[])[] = [
  (value) => [value],
  (value) => [[value]],
  (value) => [1, value],
  (value) => [[1], value, value],
  (value) => [{ vector: [1, 2], filter: value }],
  (value) => [{ filter: value }, { a: 1 }],
  (value) => [{ vector: [1, 2], filter: { a: value } }],
  (value) => [{ vector: [1, 2], filter: { a: { $in: [value] } } }],
  (value) => [{ vector: [1, 2], filter: { $not: { $or: [value] } } }],
  (value) => [{ id: 1, vector: value }],
  (value) => [{ id: 1, vector: [1, value] }],
  (value) => [{ id: 1, vector: [1, 2], metadata: value }],
  (value) => [{ id: 1, vector: [1, 2], metadata: { a: value } }],
  (value) => [{ id: 1, vector: [1, 2], metadata: { a: [{ b: value }] } }],
  (value) => [[{ id: 1, vector: [1, 2] }, value], {}],
  ...KEYS.map((key) => (value: unknown) => [{ vector: [1, 2], [key]: value }]),
  ...KEYS.map((key) => (value: unknown) => [[{ vector: [1, 2] }], { [key]: value }]),
  ...KEYS.map((key) => (value: unknown) => [1, { a: 1 }, { [key]: value }]),
]

describe('odd values are answered, or refused with a code', () => {
  for (const name of Object.keys(CALLS)) {
    it(`by ${name}, each in every place`, { timeout: 240_000 }, async () => {
      const { db, collection, fill } = await filled()
      for (const value of ODD) {
        for (const place of PLACES) {
          const args = place(value)
          if (name !== 'upsert' || !isEndless(args[0])) await check(db, collection, name, args)
        }
      }
      await fill()
      expect(collection.has(19)).toBe(true)
    })
  }

  it('in any combination', { timeout: 240_000 }, async () => {
    const { db, collection, fill } = await filled()
    const names = fc.constantFrom(...Object.keys(CALLS))
    const property = fc.asyncProperty(names, recipe, recipe, recipe, async (name, ...recipes) => {
      const args = recipes.map(make)
      if (name !== 'upsert' || !isEndless(args[0])) await check(db, collection, name, args)
    })
    await fc.assert(property, { numRuns: 4_000, interruptAfterTimeLimit: 120_000 })
    // The database is as good as before.
    await fill()
    expect(collection.has(19)).toBe(true)
  })
})
