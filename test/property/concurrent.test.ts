import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Collection, type Database, type Id, type Metadata, open } from '../../src/index.ts'
import { History } from './history.ts'

const DIMENSION = 16

/** Over several chunks of the vector store, so that threads share a query and rows are copied while they are read. */
const FAR = 20_000

/** Nearer than all others, spread over all chunks, and always there. */
const HOT = 60

/** As near, but come and go; more than two blocks of freed numbers. */
const FLEETING = 600

const QUERY = axis(1)

/** Its score for QUERY is its first component. */
function axis(first: number): Float32Array {
  const vector = new Float32Array(DIMENSION).fill(0.25)
  vector[0] = first
  return vector
}

/** Answers are to be exact, so that whatever is missing is missed. */
describe.each(['flat', 'hnsw'] as const)('engine %s', (engine) => {
  let folder: string
  let database: Database
  let collection: Collection<Metadata, Id>
  const history = new History()

  const dot = (vector: Float32Array) => vector[0]! + (DIMENSION - 1) * 0.0625

  function upsert(entries: readonly (readonly [Id, number])[]): Promise<void> {
    const records = entries.map(([id, first]) => ({ id, vector: axis(first), metadata: { hot: first > 0 } }))
    const scores = new Map(records.map(({ id, vector }) => [id, dot(vector)]))
    return history.write(scores, () => collection.upsert(records))
  }

  function remove(ids: readonly Id[]): Promise<void> {
    return history.write(new Map(ids.map((id) => [id, undefined])), () => collection.delete(ids))
  }

  /** A score that hardly any other record has. */
  const someScore = () => 10 + Math.random()
  const hot = (i: number) => `hot${i}`
  const fleeting = (i: number) => `fleeting${i}`

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'skalar-concurrent-'))
    database = await open(folder, { threads: 2 })
    collection = await database.collection<Metadata, Id>('c', {
      dimension: DIMENSION,
      metric: 'dot',
      index: { engine },
    })
    const step = Math.floor(FAR / HOT)
    const entries: [Id, number][] = Array.from({ length: FAR }, (_, i) => {
      return i % step === 0 && i / step < HOT ? [hot(i / step), someScore()] : [i, -1 - i / FAR]
    })
    for (let i = 0; i < FAR; i += 1000) await upsert(entries.slice(i, i + 1000))
  })

  afterAll(async () => {
    await database.close()
    rmSync(folder, { recursive: true })
  })

  /** Replaces single records: the new slot lies elsewhere than the old one. */
  async function replaceOne(rounds: number): Promise<void> {
    for (let i = 0; i < rounds; i++) await upsert([[hot(Math.floor(Math.random() * (HOT / 2))), someScore()]])
  }

  async function replaceSeveral(rounds: number): Promise<void> {
    for (let i = 0; i < rounds; i++) {
      const from = HOT / 2 + Math.floor((Math.random() * HOT) / 4)
      await upsert(Array.from({ length: HOT / 4 }, (_, j) => [hot(from + j), someScore()]))
    }
  }

  /** Frees numbers over the bounds of their blocks, and takes them again, in portions that hit the bounds differently. */
  async function comeAndGo(rounds: number): Promise<void> {
    const ids = Array.from({ length: FLEETING }, (_, i) => fleeting(i))
    for (let i = 0; i < rounds; i++) {
      for (const portion of portions(ids, 90 + 83 * i)) await upsert(portion.map((id) => [id, someScore()]))
      for (const portion of portions(ids, 301 - 31 * i)) await remove(portion)
    }
  }

  function* portions<T>(all: readonly T[], size: number): Generator<T[]> {
    for (let i = 0; i < all.length; i += size) yield all.slice(i, i + size)
  }

  const isHot = (id: Id) => typeof id === 'string'

  async function ask(kind: number): Promise<void> {
    const from = history.tick()
    if (kind === 0)
      history.check(from, HOT, await collection.query({ vector: QUERY, k: HOT, select: [], exact: true }))
    else if (kind === 1)
      history.check(from, 200, await collection.query({ vector: QUERY, k: 200, exact: true }))
    else if (kind === 2) {
      const filter = { hot: true }
      const k = 2 * (HOT + FLEETING)
      history.check(
        from,
        k,
        await collection.query({ vector: QUERY, k, filter, select: [], exact: true }),
        isHot,
      )
    } else {
      const several = await collection.queryMany([{ vector: QUERY }, { vector: QUERY, k: HOT + 10 }], {
        select: [],
        exact: true,
      })
      history.check(from, 10, several[0]!)
      history.check(from, HOT + 10, several[1]!)
    }
  }

  describe('queries under way while records are replaced, deleted and inserted', () => {
    it('answer with a state between call and answer', { timeout: 180_000 }, async () => {
      let writing = true
      const writes = Promise.all([replaceOne(200), replaceSeveral(60), comeAndGo(4)]).finally(() => {
        writing = false
      })
      const queries = [0, 0, 1, 2, 3].map(async (kind) => {
        do await ask(kind)
        while (writing)
      })
      try {
        await Promise.all(queries)
      } finally {
        await writes
      }
    })

    it('leave no trace: afterwards everything is found exactly', { timeout: 60_000 }, async () => {
      await ask(1)
      const expected = history.current()
      expect(collection.size).toBe(expected.size)
      const answers = [await collection.query({ vector: QUERY, k: FAR * 2, select: [], exact: true })]
      await database.close()
      database = await open(folder, { threads: 2 })
      collection = await database.collection<Metadata, Id>('c')
      answers.push(await collection.query({ vector: QUERY, k: FAR * 2, select: [], exact: true }))
      for (const answer of answers) {
        expect(answer.length).toBe(expected.size)
        for (const { id, score } of answer) expect(Math.abs(score - expected.get(id)!)).toBeLessThan(1e-4)
      }
    })
  })
})
