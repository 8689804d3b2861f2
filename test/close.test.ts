import { describe, expect, it } from 'vitest'
import { open } from '../src/index.ts'
import { openDatabase, temporaryFolder } from './helpers/database.ts'
import { expectError, expectRejection, expectThrow, rejectionOf } from './helpers/errors.ts'

describe('close', () => {
  it('may be called again, and before anything else', async () => {
    const db = await open(temporaryFolder())
    const first = db.close()
    expect(db.close()).toBe(first)
    await first
    await db.close()
  })

  it('waits for writes and queries that are under way, which succeed', async () => {
    const folder = temporaryFolder()
    const db = await open(folder)
    const films = await db.collection<object, string>('films', { dimension: 8 })
    const records = Array.from({ length: 1000 }, (_, i) => ({
      id: `r${i}`,
      vector: new Float32Array(8).fill(i + 1),
    }))
    await films.upsert(records.slice(0, 500))
    const write = films.upsert(records.slice(500))
    const change = films.update('r0', { seen: true })
    const transaction = db.transaction((tx) => tx.delete(films, 'r1'))
    const queries = Array.from({ length: 50 }, () => films.query({ vector: records[7]!.vector, select: [] }))
    await db.close()
    expect(await write).toEqual({ inserted: 500, updated: 0 })
    expect([await change, await transaction]).toEqual([1, 1])
    for (const matches of await Promise.all(queries)) expect(matches).toHaveLength(10)
    const again = await (await openDatabase(folder)).collection('films')
    expect(again.size).toBe(999)
    expect(again.get('r0')!.metadata).toEqual({ seen: true })
  })

  it('ends long calls between two transactions, and these tell what they have committed', async () => {
    const folder = temporaryFolder()
    const db = await open(folder)
    const films = await db.collection<object, number>('films', { dimension: 8 })
    const vector = new Float32Array(8).fill(1)
    const write = rejectionOf(films.upsert(Array.from({ length: 20_000 }, (_, id) => ({ id, vector }))))
    await new Promise(setImmediate)
    await db.close()
    const { committed } = expectError(await write, 'CLOSED', { committed: expect.any(Number) as number })
    expect(committed).toBeLessThan(20_000)
    expect((await (await openDatabase(folder)).collection('films')).size).toBe(committed)
  })

  it('refuses new work from the moment it is called', async () => {
    const db = await open(temporaryFolder())
    const films = await db.collection('films', { dimension: 1 })
    const closing = db.close()
    expectThrow(() => films.size, 'CLOSED')
    expectThrow(() => db.collections(), 'CLOSED')
    await expectRejection(films.upsert({ id: 'a', vector: [1] }), 'CLOSED')
    await closing
  })

  it('lets the folder be opened again while it is closing', async () => {
    const folder = temporaryFolder()
    const db = await open(folder)
    const films = await db.collection('films', { dimension: 1 })
    await films.upsert({ id: 'a', vector: [1] })
    const closing = db.close()
    const again = await openDatabase(folder)
    expect((await again.collection('films')).has('a')).toBe(true)
    await closing
    const reopened = await again.collection<object, string>('films')
    await reopened.upsert({ id: 'b', vector: [1] })
    expect(reopened.size).toBe(2)
  })

  it('is called by await using', async () => {
    const db = await open(temporaryFolder())
    await db[Symbol.asyncDispose]()
    expectThrow(() => db.collections(), 'CLOSED')
  })
})
