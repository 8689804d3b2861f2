import { describe, expect, it } from 'vitest'
import { openCollection, openDatabase, temporaryFolder } from './helpers/database.ts'
import { expectRejection, expectThrow } from './helpers/errors.ts'

describe('drop', () => {
  it('removes a collection with its records, and tells whether there was one', async () => {
    const { db, films } = await openCollection()
    await films.upsert({ id: 'a', vector: [1, 2] })
    expect(await db.drop('films')).toBe(true)
    expect(await db.drop('films')).toBe(false)
    expect(db.collections()).toEqual([])
    await expectRejection(db.collection('films'), 'NOT_FOUND')
    expectThrow(() => films.get('a'), 'NOT_FOUND')
  })

  it('makes room for another collection of the name, with other options', async () => {
    const { db, films } = await openCollection()
    await films.upsert({ id: 'a', vector: [1, 2] })
    await db.drop('films')
    const again = await db.collection('films', { dimension: 3, metric: 'euclidean' })
    expect(again.size).toBe(0)
    expect(again.get('a')).toBeUndefined()
    await again.upsert({ id: 'b', vector: [1, 2, 3] })
    expect(await again.query({ vector: [1, 2, 3], select: [] })).toMatchObject([{ id: 'b' }])
    await expectRejection(films.query({ vector: [1, 2] }), 'NOT_FOUND')
  })

  it('leaves the other collections as they are', async () => {
    const { db, films } = await openCollection()
    const books = await db.collection('books', { dimension: 1 })
    await books.upsert(Array.from({ length: 2000 }, (_, i) => ({ id: `b${i}`, vector: [i + 1] })))
    await films.upsert(Array.from({ length: 2000 }, (_, i) => ({ id: `f${i}`, vector: [i, 1] })))
    await db.drop('films')
    expect(books.size).toBe(2000)
    expect(Array.from(books.records())).toHaveLength(2000)
  })

  it('is done when it resolves: a database opened later has nothing of it', async () => {
    const folder = temporaryFolder()
    const db = await openDatabase(folder, { durability: 'flushed' })
    const films = await db.collection('films', { dimension: 2 })
    await films.upsert(Array.from({ length: 3000 }, (_, i) => ({ id: `f${i}`, vector: [i + 1, 1] })))
    await db.drop('films')
    await db.close()
    const again = await openDatabase(folder)
    expect(again.collections()).toEqual([])
    expect((await again.collection('films', { dimension: 2 })).size).toBe(0)
  })

  it('ends a query that is under way with an answer or NOT_FOUND', async () => {
    const { db, films } = await openCollection()
    await films.upsert(
      Array.from({ length: 3000 }, (_, i) => ({ id: i, vector: [i + 1, 1], metadata: { i } })),
    )
    const queries = Array.from({ length: 20 }, (_, i) =>
      films.query({ vector: [1, i], filter: { i: { $gt: i } } }),
    )
    const outcomes = Promise.allSettled(queries)
    await db.drop('films')
    for (const outcome of await outcomes) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ name: 'SkalarError', code: 'NOT_FOUND' })
      else expect(outcome.value).toHaveLength(10)
    }
  })

  it('refuses a name that is none', async () => {
    const { db } = await openCollection()
    await expectRejection(db.drop(''), 'BAD_OPTION', { path: 'name' })
    await expectRejection(db.drop(undefined as never), 'BAD_OPTION', { path: 'name' })
  })
})
