import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Collection, type Database, type Metadata, open } from '../../src/index.ts'
import { temporaryFolder } from './child.ts'

const DIMENSION = 64
const COUNT = 12_000

/** Bounds what a single turn may do, without saying how long it takes: one transaction of a thousand records, say. */
const TURNS = COUNT / 1000

let folder: string
let database: Database
let collection: Collection<Metadata, number>

function* records(): Generator<{ id: number; vector: Float32Array; metadata: Metadata }> {
  for (let id = 0; id < COUNT; id++) {
    const vector = Float32Array.from({ length: DIMENSION }, (_, i) => Math.sin(id + i * i))
    yield { id, vector, metadata: { even: id % 2 === 0 } }
  }
}

beforeEach(async () => {
  folder = join(temporaryFolder(), 'data')
  database = await open(folder, { threads: 2 })
  collection = await database.collection<Metadata, number>('c', { dimension: DIMENSION })
})

afterEach(() => database.close())

/** How many turns of the event loop others get while an action is under way. */
async function turnsDuring(action: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let waiting = setImmediate(function count() {
    turns++
    waiting = setImmediate(count)
  })
  await action().finally(() => clearImmediate(waiting))
  return turns
}

describe('the event loop turns', () => {
  it('while records are written, changed, read and deleted', { timeout: 120_000 }, async () => {
    const all = [...records()]
    expect(await turnsDuring(() => collection.upsert(all))).toBeGreaterThan(TURNS)
    expect(await turnsDuring(() => collection.upsert(records()))).toBeGreaterThan(TURNS)
    expect(
      await turnsDuring(() => collection.update({ filter: { even: true } }, { odd: false })),
    ).toBeGreaterThan(TURNS / 2)
    const read = async () => {
      for await (const { id } of collection.records()) expect(id).toBeLessThan(COUNT)
    }
    expect(await turnsDuring(read)).toBeGreaterThan(TURNS)
    expect(await turnsDuring(() => collection.delete({ filter: { even: true } }))).toBeGreaterThan(TURNS / 2)
    expect(collection.size).toBe(COUNT / 2)
  })

  it('while many queries are under way', { timeout: 120_000 }, async () => {
    await collection.upsert(records())
    const vector = new Float32Array(DIMENSION).fill(1)
    const plain = () => Promise.all(Array.from({ length: 200 }, () => collection.query({ vector, k: 50 })))
    expect(await turnsDuring(plain)).toBeGreaterThan(0)
    const filtered = () => {
      return Promise.all(
        Array.from({ length: 5 }, () => collection.query({ vector, filter: { even: true } })),
      )
    }
    expect(await turnsDuring(filtered)).toBeGreaterThan(0)
  })
})
