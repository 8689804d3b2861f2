import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { open } from '../../src/index.ts'
import { runToEnd, temporaryFolder } from './child.ts'

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

async function openNumbered() {
  const folder = join(temporaryFolder(), 'data')
  const database = await open(folder, { threads: 2 })
  const collection = await database.collection<object, number>('c', { dimension: 2, metric: 'dot' })
  await collection.upsert(range(0, 1000).map((id) => ({ id, vector: [id, 1] })))
  return { folder, database, collection }
}

describe('a process that follows the change log', () => {
  it('loads anew when the log no longer reaches back to it', { timeout: 180_000 }, async () => {
    const { folder, database, collection } = await openNumbered()
    expect(await collection.query({ vector: [1, 0], k: 1 })).toMatchObject([{ id: 999 }])
    // A round replaces 300 records, inserts 300 and deletes 300: 1,200 changes.
    runToEnd('rewriter', folder, 600, 24)
    // Round 24 deleted the even ids.
    const expected = range(0, 1000).filter((id) => id >= 600 || id % 2 === 1)
    for (const matches of [
      collection.querySync({ vector: [1, 0], k: 2000, select: [] }),
      await collection.query({ vector: [1, 0], k: 2000, select: [] }),
    ]) {
      expect(matches.map(({ id }) => id)).toEqual(expected.toReversed())
      for (const { id, score } of matches) expect(score).toBeCloseTo(id, 2)
    }
    const rounds = await collection.query({ vector: [0, 1], k: 400, select: [] })
    expect(rounds.filter(({ score }) => Math.abs(score - 24) < 0.01).length).toBe(300)
    expect(collection.size).toBe(expected.length)
    await database.close()
  })

  it('confuses no ids while it is in the midst of it', { timeout: 120_000 }, async () => {
    const { folder, database, collection } = await openNumbered()
    await collection.query({ vector: [1, 0] })
    // From an immediate the event loop goes on to what threads have finished, before the next immediate: the early query
    // is answered when the late one has read some of the log, and will read the rest.
    await setImmediate()
    const early = collection.query({ vector: [1, 0], k: 300, select: [] })
    // The search has begun before the other process does.
    for (let i = 0; i < 20; i++) await null
    runToEnd('reshuffler', folder)
    const late = collection.query({ vector: [1, 0], k: 300, select: [] })
    for (const matches of [await early, await late]) {
      expect(matches.length).toBe(300)
      for (const { id, score } of matches) expect(score).toBeCloseTo(id, 2)
    }
    await database.close()
  })
})
