import { types } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Collection, type Database, type Metadata, SkalarError } from '../../src/index.ts'
import { openDatabase } from '../helpers/database.ts'
import { KEYS, make, ODD, Own, recipe } from './odd-arguments.ts'

/*
 * Whatever is passed to whatever method, what comes of it is an answer, a SkalarError, or what the caller's own code has
 * thrown; and no asynchronous method throws.
 */

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
