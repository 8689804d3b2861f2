import { describe, expect, it } from 'vitest'
import { type Collection, type Database, open } from '../../src/index.ts'
import { openCollection } from '../helpers/database.ts'

const GARBAGE: readonly unknown[] = [
  undefined,
  null,
  0,
  Number.NaN,
  '',
  'text',
  true,
  BigInt(1),
  Symbol('s'),
  () => 1,
  [],
  [undefined],
  {},
  { filter: null },
  { vector: null },
  { signal: 1 },
  new Map(),
  new Proxy({}, { ownKeys: () => [] }),
]

type Anything = (...values: unknown[]) => unknown
type AsyncMethods = Record<string, (db: Database, films: Collection) => Anything>

const METHODS: AsyncMethods = {
  open: () => open as Anything,
  'db.collection': (db) => db.collection.bind(db) as Anything,
  'db.drop': (db) => db.drop.bind(db) as Anything,
  'db.transaction': (db) => db.transaction.bind(db) as Anything,
  upsert: (_, films) => films.upsert.bind(films) as Anything,
  update: (_, films) => films.update.bind(films) as Anything,
  delete: (_, films) => films.delete.bind(films) as Anything,
  count: (_, films) => films.count.bind(films) as Anything,
  query: (_, films) => films.query.bind(films) as Anything,
  queryMany: (_, films) => films.queryMany.bind(films) as Anything,
  recommend: (_, films) => films.recommend.bind(films) as Anything,
  recommendMany: (_, films) => async (users, options) => {
    for await (const _list of films.recommendMany(users as never, options as never));
  },
  match: (_, films) => async (other, options) => {
    for await (const _pair of films.match(other as never, options as never));
  },
  duplicates: (_, films) => async (options) => {
    for await (const _pair of films.duplicates(options as never));
  },
  explain: (_, films) => films.explain.bind(films) as Anything,
}

describe('an asynchronous method, whatever it is given,', () => {
  it.each(Object.entries(METHODS))(
    '%s never throws: it rejects, and with a SkalarError',
    async (name, method) => {
      const { db, films } = await openCollection()
      await films.upsert({ id: 'a', vector: [1, 2] })
      for (const first of GARBAGE) {
        // A path that is a proper string would be opened.
        if (name === 'open' && first === 'text') continue
        for (const second of [undefined, null, 5, 'text', { unknown: 1 }]) {
          const call = method(db, films)
          let result: unknown
          expect(() => {
            result = call(first, second)
          }).not.toThrow()
          expect(result).toBeInstanceOf(Promise)
          const error = await (result as Promise<unknown>).then(
            () => undefined,
            (reason: unknown) => reason,
          )
          if (error !== undefined)
            expect(error).toMatchObject({ name: 'SkalarError', code: expect.any(String) })
        }
      }
    },
  )
})
