import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { open } from '../../src/index.ts'
import { Child, temporaryFolder } from './child.ts'

type Outcomes = Record<string, number>

const DIMENSION = 8

/** Asks for outcomes until they are sufficient, and returns their sums. */
async function outcomesUntil(child: Child, enough: (sums: Outcomes) => boolean): Promise<Outcomes> {
  const sums: Outcomes = {}
  while (!enough(sums)) {
    const news = await child.ask<Outcomes>('report')
    for (const [name, times] of Object.entries(news)) sums[name] = (sums[name] ?? 0) + times
  }
  return sums
}

const atWork = ({ written = 0, transactions = 0, read = 0 }: Outcomes) => {
  return written > 10 && transactions > 10 && read > 5
}

async function setUp() {
  const folder = join(temporaryFolder(), 'data')
  const database = await open(folder)
  const collection = await database.collection('c', { dimension: DIMENSION, metric: 'dot' })
  const child = new Child('stubborn', folder, DIMENSION)
  expect(await child.next()).toBe('ready')
  await outcomesUntil(child, atWork)
  return { database, collection, child }
}

describe('while another process writes and reads a collection', () => {
  for (const dimension of [DIMENSION, 3]) {
    const which = dimension === DIMENSION ? 'the same' : 'another'
    it(`it can be dropped and made again with ${which} dimension`, { timeout: 120_000 }, async () => {
      const { database, collection, child } = await setUp()
      expect(await database.drop('c')).toBe(true)
      const again = await database.collection('c', { dimension, metric: 'dot' })
      const vector = new Float32Array(dimension).fill(1)
      await again.upsert({ id: 'mine', vector })

      // What was under way may still end well; from the second answer on nothing can.
      await child.ask('report')
      await child.ask('report')
      const outcomes = await outcomesUntil(child, ({ NOT_FOUND = 0 }) => NOT_FOUND > 100)
      expect(Object.keys(outcomes)).toEqual(['NOT_FOUND'])
      expect(() => collection.size).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))

      expect(again.size).toBe(1)
      expect([...again.records()]).toEqual([{ id: 'mine', metadata: {} }])
      expect(await again.query({ vector, k: 10 })).toMatchObject([{ id: 'mine' }])
      child.kill()
      await child.end()
      await database.close()
    })
  }

  it('it can be cleared, and they go on', { timeout: 120_000 }, async () => {
    const { database, collection, child } = await setUp()
    await collection.upsert({ id: 'mine', vector: new Float32Array(DIMENSION).fill(9) })
    expect(await collection.clear()).toBeGreaterThan(0)
    expect(collection.has('mine')).toBe(false)
    for (let i = 0; i < 5; i++) {
      const outcomes = await outcomesUntil(child, atWork)
      expect(Object.keys(outcomes).sort()).toEqual(['read', 'transactions', 'written'])
      await collection.clear()
    }
    const matches = await collection.query({ vector: new Float32Array(DIMENSION).fill(1), k: 1000 })
    expect(matches.every(({ id }) => id.startsWith('stubborn'))).toBe(true)
    child.kill()
    await child.end()
    expect(await collection.clear()).toBeLessThanOrEqual(300)
    expect(collection.size).toBe(0)
    expect(await collection.query({ vector: new Float32Array(DIMENSION).fill(1) })).toEqual([])
    await database.close()
  })
})
