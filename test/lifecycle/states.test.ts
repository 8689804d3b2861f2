import { describe, expect, it, onTestFinished } from 'vitest'
import type { Database, SkalarErrorCode } from '../../src/index.ts'
import { openDatabase, temporaryFolder } from '../helpers/database.ts'
import { COLLECTION_METHODS, DATABASE_METHODS, endingOf, type Films, type Method } from './methods.ts'

const ALL = [...DATABASE_METHODS, ...COLLECTION_METHODS]

interface State {
  readonly name: string
  readonly methods: readonly Method[]
  /** Brings a database with records `a` and `b` in collection `films` into the state. */
  readonly enter: (db: Database, films: Films, folder: string) => Promise<{ db: Database; films: Films }>
  /** What a method fails with there; undefined when it succeeds. */
  readonly code: (method: Method) => SkalarErrorCode | undefined
  /** Whether methods change the state, so that each needs it anew. */
  readonly fleeting?: true
}

const STATES: readonly State[] = [
  {
    name: 'open',
    methods: ALL,
    enter: async (db, films) => ({ db, films }),
    code: () => undefined,
    fleeting: true,
  },
  {
    name: 'cleared',
    methods: COLLECTION_METHODS.filter(({ name }) => name !== 'get' && name !== 'query by id'),
    enter: async (db, films) => {
      await films.clear()
      return { db, films }
    },
    code: () => undefined,
    fleeting: true,
  },
  {
    name: 'closed',
    methods: ALL,
    enter: async (db, films) => {
      await db.close()
      return { db, films }
    },
    code: () => 'CLOSED',
  },
  {
    name: 'closing',
    methods: ALL,
    enter: async (db, films) => {
      // Under way until the methods have been called.
      const write = films.upsert(
        Array.from({ length: 900 }, (_, n) => ({ id: `r${n}`, vector: [1, 2], metadata: { n } })),
      )
      void db.close()
      onTestFinished(() => write.then(() => {}))
      return { db, films }
    },
    code: () => 'CLOSED',
  },
  {
    name: 'closed, while the folder is still open elsewhere',
    methods: ALL,
    enter: async (db, films, folder) => {
      await openDatabase(folder)
      await db.close()
      return { db, films }
    },
    code: () => 'CLOSED',
  },
  {
    name: 'read-only',
    methods: ALL,
    enter: async (db, _, folder) => {
      await db.close()
      const reader = await openDatabase(folder, { readOnly: true })
      return { db: reader, films: await reader.collection('films') }
    },
    code: ({ writes }) => (writes ? 'READ_ONLY' : undefined),
  },
  {
    name: 'dropped',
    methods: COLLECTION_METHODS,
    enter: async (db, films) => {
      await db.drop('films')
      return { db, films }
    },
    code: () => 'NOT_FOUND',
  },
  {
    name: 'dropped through another open',
    methods: COLLECTION_METHODS,
    enter: async (db, films, folder) => {
      await (await openDatabase(folder)).drop('films')
      return { db, films }
    },
    code: () => 'NOT_FOUND',
  },
  {
    name: 'dropped and created again',
    methods: COLLECTION_METHODS,
    enter: async (db, films) => {
      await db.drop('films')
      await filled(db)
      return { db, films }
    },
    code: () => 'NOT_FOUND',
  },
]

describe('every method ends as it should on a database or collection that is', () => {
  it.each(STATES)('$name', async ({ methods, enter, code, fleeting }) => {
    const folder = temporaryFolder()
    const opened = await openDatabase(folder)
    let state = await enter(opened, await filled(opened), folder)
    for (const method of methods) {
      const ending = await endingOf(method, state.db, state.films)
      const expected = code(method)
      const wanted = expected === undefined ? { value: expect.anything() } : { code: expected }
      expect(ending, method.name).toMatchObject(wanted)
      if (expected !== undefined)
        expect(ending, method.name).toMatchObject({ error: { name: 'SkalarError' } })
      if (fleeting) state = await enter(opened, await filled(opened), folder)
    }
  })
})

describe('a signal that has fired', () => {
  it('ends every method that takes one with its reason, and nothing is written', async () => {
    const db = await openDatabase()
    const films = await filled(db)
    const reason = new Error('enough')
    const methods = COLLECTION_METHODS.filter(({ signal }) => signal)
    expect(methods.length).toBeGreaterThan(10)
    for (const method of methods) {
      const ending = await endingOf(method, db, films, AbortSignal.abort(reason))
      expect(ending, method.name).toEqual({ error: reason, code: undefined })
    }
    expect(Array.from(films.records())).toEqual([
      { id: 'a', metadata: { n: 1 } },
      { id: 'b', metadata: { n: 2 } },
    ])
  })
})

describe('a handle that was made before', () => {
  it('a drop has nothing to do with the collection that has its name now', async () => {
    const db = await openDatabase()
    const films = await filled(db)
    await db.drop('films')
    const again = await db.collection<{ n: number }, string>('films', { dimension: 2 })
    await again.upsert({ id: 'kept', vector: [1, 2], metadata: { n: 1 } })
    for (const method of COLLECTION_METHODS) await endingOf(method, db, films)
    expect(Array.from(again.records())).toEqual([{ id: 'kept', metadata: { n: 1 } }])
    expect(again.querySync({ vector: [1, 2], select: [] })).toMatchObject([{ id: 'kept' }])
  })

  it('a clear goes on as before', async () => {
    const db = await openDatabase()
    const films = await filled(db)
    await films.clear()
    await films.upsert({ id: 'new', vector: [1, 2], metadata: { n: 9 } })
    expect(await films.query({ vector: [1, 2] })).toMatchObject([{ id: 'new', metadata: { n: 9 } }])
  })
})

describe('properties that need no reading', () => {
  it('remain known when the database is closed', async () => {
    const db = await openDatabase()
    const films = await filled(db)
    await db.close()
    expect([films.name, films.dimension, films.metric]).toEqual(['films', 2, 'cosine'])
  })
})

async function filled(db: Database): Promise<Films> {
  const films = await db.collection<{ n: number }, string>('films', { dimension: 2 })
  await films.upsert([
    { id: 'a', vector: [1, 2], metadata: { n: 1 } },
    { id: 'b', vector: [2, 1], metadata: { n: 2 } },
  ])
  return films
}
