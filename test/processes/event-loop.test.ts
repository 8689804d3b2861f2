import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Collection, type Database, dense, type Metadata, open } from '../../src/index.ts'
import { runToEnd, temporaryFolder } from './child.ts'

const DIMENSION = 64
const COUNT = 12_000

/** Bounds what a single turn may do, without saying how long it takes: one transaction of a thousand records, say. */
const TURNS = COUNT / 1000

/** Records of 1 MB. */
const LARGE = 48

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

const SOME = { $id: { $lt: 600 } }

function unitVector(i: number): Float32Array {
  const vector = new Float32Array(DIMENSION)
  vector[i] = 1
  return vector
}

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

/**
 * How much of the work of an action, from when its call has returned, the busiest turn of the event loop does. A turn is
 * what comes between two timers; where the system tells it, work is what this thread has computed.
 */
async function busiestShare(action: () => Promise<unknown>): Promise<number> {
  const call = action()
  let total = 0
  let busiest = 0
  let before = worked()
  const look = () => {
    const now = worked()
    total += now - before
    busiest = Math.max(busiest, now - before)
    before = now
  }
  const timer = setInterval(look, 1)
  await call.finally(() => clearInterval(timer))
  look()
  return busiest / total
}

/** Milliseconds. */
function worked(): number {
  if (process.platform !== 'linux') return performance.now()
  return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]) / 1e6
}

/**
 * The longest that others wait for a turn while an action is under way, as a share of all that it takes, or of `whole`: the
 * least of several attempts, since other processes take their turns as well.
 */
async function shareOfLongestTurn(action: () => Promise<unknown>, whole?: number): Promise<number> {
  const shares: number[] = []
  for (let attempt = 0; attempt < 5; attempt++) {
    const start = performance.now()
    let before = start
    let longest = 0
    const measure = () => {
      const now = performance.now()
      longest = Math.max(longest, now - before)
      before = now
    }
    let waiting = setImmediate(function again() {
      measure()
      waiting = setImmediate(again)
    })
    await action()
    measure()
    clearImmediate(waiting)
    shares.push(longest / (whole ?? performance.now() - start))
  }
  return Math.min(...shares)
}

/** With metadata that takes a while to read. */
function* richRecords() {
  for (const { metadata, ...record } of records()) {
    const fields = Array.from({ length: 20 }, (_, i) => [`field${i}`, `value ${i} of ${record.id}`])
    yield { ...record, metadata: { ...metadata, ...Object.fromEntries(fields) } }
  }
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

  it('while large records are written, changed, read and deleted', { timeout: 120_000 }, async () => {
    const text = 'z'.repeat(2 ** 20)
    const large = Array.from({ length: LARGE }, (_, id) => ({
      id,
      vector: new Float32Array(DIMENSION).fill(id + 1),
      metadata: { text, even: id % 2 === 0 },
    }))
    const ids = large.map(({ id }) => id)
    const read = async () => {
      const seen: number[] = []
      for await (const { id, metadata } of collection.records()) {
        expect(metadata.text).toHaveLength(2 ** 20)
        seen.push(id)
      }
      expect(seen).toEqual(ids)
    }
    const shares = {
      array: await busiestShare(() => collection.upsert(large)),
      iterable: await busiestShare(() => collection.upsert(large.values())),
      singly: await busiestShare(() => Promise.all(ids.map((id) => collection.update(id, { seen: 1 })))),
      ids: await busiestShare(() => collection.update(ids, { seen: 2 })),
      filter: await busiestShare(() => collection.update({ filter: { even: true } }, { seen: 3 })),
      count: await busiestShare(() => collection.count({ filter: { seen: 3 } })),
      records: await busiestShare(read),
      delete: await busiestShare(() => collection.delete({ filter: { even: true } })),
    }
    for (const [what, share] of Object.entries(shares)) expect(share, what).toBeLessThan(1 / 3)
    expect(collection.size).toBe(LARGE / 2)
  })

  it('while a collection is verified, copied, and its graph waited for', { timeout: 120_000 }, async () => {
    await collection.upsert(records())
    const text = 'z'.repeat(2 ** 20)
    const vector = new Float32Array(DIMENSION).fill(1)
    await collection.upsert(
      Array.from({ length: 8 }, (_, i) => ({ id: COUNT + i, vector, metadata: { text } })),
    )
    expect(await turnsDuring(() => collection.indexed())).toBeGreaterThan(TURNS)
    expect(await turnsDuring(() => collection.verify())).toBeGreaterThan(TURNS)
    const shares = {
      verify: await busiestShare(() => collection.verify()),
      backup: await busiestShare(() => database.backup(join(folder, '..', 'copy'))),
      rebuild: await busiestShare(() => collection.rebuild()),
    }
    for (const [what, share] of Object.entries(shares)) expect(share, what).toBeLessThan(1 / 3)
  })

  it('while many calls each write a record', { timeout: 120_000 }, async () => {
    const ids = Array.from({ length: 4000 }, (_, id) => id)
    const vector = new Float32Array(DIMENSION).fill(1)
    const shares = {
      upsert: await busiestShare(() => Promise.all(ids.map((id) => collection.upsert({ id, vector })))),
      update: await busiestShare(() => Promise.all(ids.map((id) => collection.update(id, { seen: 1 })))),
      delete: await busiestShare(() => Promise.all(ids.map((id) => collection.delete(id)))),
    }
    for (const [what, share] of Object.entries(shares)) expect(share, what).toBeLessThan(1 / 6)
  })

  it('while long vectors are written, given to records and loaded', { timeout: 120_000 }, async () => {
    const long = await database.collection<Metadata, number>('long', { dimension: 32_768, metric: 'dot' })
    const vector = new Float32Array(32_768).fill(1)
    const records = Array.from({ length: 256 }, (_, id) => ({ id, vector }))
    const ids = records.map(({ id }) => id)
    const shares = {
      insert: await busiestShare(() => long.upsert(records, { mode: 'insert' })),
      iterable: await busiestShare(() => long.upsert(records.values())),
      update: await busiestShare(() => long.update(ids, {}, { vector })),
      load: 0,
    }
    await database.close()
    database = await open(folder, { threads: 2 })
    shares.load = await busiestShare(() => database.collection('long'))
    for (const [what, share] of Object.entries(shares)) expect(share, what).toBeLessThan(1 / 3)
  })

  it('while a process reads what another has written of large records', { timeout: 120_000 }, async () => {
    const vector = new Float32Array(DIMENSION).fill(1)
    await collection.upsert({ id: 0, vector })
    await collection.query({ vector })
    runToEnd('large-writer', folder, 2 * LARGE)
    const query = () => collection.query({ vector, select: [] })
    expect(await busiestShare(query)).toBeLessThan(1 / 2)
    expect(collection.size).toBe(2 * LARGE + 1)
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

  it('while many matches are read', { timeout: 240_000 }, async () => {
    await collection.upsert(richRecords())
    const vector = new Float32Array(DIMENSION).fill(1)
    const start = performance.now()
    const all = collection.querySync({ vector, k: COUNT })
    const blocked = performance.now() - start
    expect(all).toHaveLength(COUNT)
    const one = () => collection.query({ vector, k: COUNT })
    expect(await shareOfLongestTurn(one, blocked)).toBeLessThan(1 / 2)
    const vectors = () => collection.query({ vector, k: COUNT, includeVector: true })
    expect(await shareOfLongestTurn(vectors, blocked)).toBeLessThan(1 / 2)
  })

  it('while many queries of one call are read', { timeout: 240_000 }, async () => {
    await collection.upsert(richRecords())
    const queries = Array.from({ length: 1_000 }, (_, i) => ({
      vector: Float32Array.from({ length: DIMENSION }, (_, j) => Math.cos(i * j)),
    }))
    const many = () => collection.queryMany(queries, { k: 100 })
    expect(await shareOfLongestTurn(many)).toBeLessThan(1 / 10)
    const filtered = () => collection.queryMany(queries, { k: 10, filter: { even: true }, select: [] })
    expect(await shareOfLongestTurn(filtered)).toBeLessThan(1 / 3)
  })

  it('while collections are matched, and searched for duplicates', { timeout: 240_000 }, async () => {
    await collection.upsert(records())
    const other = await database.collection<Metadata, number>('other', { dimension: DIMENSION })
    await other.upsert(records())
    const transform = dense([{ weights: Array.from({ length: DIMENSION }, (_, i) => unitVector(i)) }])
    const drain = async (pairs: AsyncIterable<unknown>) => {
      for await (const _ of pairs);
    }
    const calls = {
      match: () => drain(collection.match(other, { mutual: true })),
      'match with large neighbourhoods': () => drain(collection.match(other, { k: 200, filter: SOME })),
      'match with a transform': () => drain(collection.match(other, { transform })),
      duplicates: () => drain(collection.duplicates({ threshold: 0.99, filter: SOME })),
      'duplicates, nearly all': () => drain(collection.duplicates({ threshold: -1, filter: SOME })),
    }
    for (const [what, call] of Object.entries(calls)) {
      expect(await busiestShare(call), what).toBeLessThan(1 / 5)
    }
  })
})
