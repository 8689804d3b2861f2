import { describe, expect, it } from 'vitest'
import { openCollection, openDatabase, temporaryFolder } from './helpers/database.ts'
import { expectRejection } from './helpers/errors.ts'

const many = (count: number) => Array.from({ length: count }, (_, i) => ({ id: `r${i}`, vector: [i, 1] }))

describe('clear', () => {
  it('deletes all records and resolves to how many there were', async () => {
    const { films } = await openCollection()
    await films.upsert(many(2500))
    expect(await films.clear()).toBe(2500)
    expect(films.size).toBe(0)
    expect(await films.clear()).toBe(0)
    expect(Array.from(films.records())).toEqual([])
    expect(await films.query({ vector: [1, 1] })).toEqual([])
  })

  it('leaves the collection and its options in place', async () => {
    const folder = temporaryFolder()
    const db = await openDatabase(folder)
    const films = await db.collection('films', { dimension: 2, metric: 'euclidean' })
    await films.upsert(many(10))
    await films.clear()
    await films.upsert({ id: 'new', vector: [1, 1] })
    await db.close()
    const again = await (await openDatabase(folder)).collection('films')
    expect(again).toMatchObject({ dimension: 2, metric: 'euclidean', size: 1 })
    expect(again.has('new')).toBe(true)
  })

  it('ends versions: none is used twice', async () => {
    const { films } = await openCollection()
    await films.upsert({ id: 'a', vector: [1, 1] })
    const { version } = films.get('a', { includeVersion: true })!
    await films.clear()
    await films.upsert({ id: 'a', vector: [1, 1] })
    await expectRejection(films.update('a', {}, { ifVersion: version }), 'CONFLICT', {
      id: 'a',
      committed: 0,
    })
  })

  it('is seen by every handle and by the filters of a query', async () => {
    const { db, films } = await openCollection()
    const other = await db.collection('films')
    await films.upsert(many(300))
    await films.clear()
    expect(other.size).toBe(0)
    expect(await other.count({ filter: { $id: 'r5' } })).toBe(0)
    expect(await other.query({ vector: [1, 1], filter: { $id: 'r5' } })).toEqual([])
  })
})
