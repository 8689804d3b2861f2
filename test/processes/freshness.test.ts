import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { open } from '../../src/index.ts'
import { idsOf } from '../helpers/database.ts'
import { Child, temporaryFolder } from './child.ts'

const PATIENCE_MS = 30_000

/** Waits without giving the event loop a turn. */
function spinUntil(file: string): void {
  const end = Date.now() + PATIENCE_MS
  while (!existsSync(file)) if (Date.now() > end) throw new Error(`${file} does not appear`)
}

/** What each step of `children/committer.mjs` leaves. */
const AFTER_STEPS = [
  { id: 'x', score: 2, metadata: { step: 0 } },
  { id: 'x', score: 3, metadata: { step: 1 } },
  { id: 'x', score: 3, metadata: { step: 2 } },
  undefined,
  { id: 'y', score: 4, metadata: {} },
  undefined,
  { id: 'z', score: 5, metadata: {} },
]

describe('a commit of another process', () => {
  it('is seen by every read that follows, in the same turn of the event loop', {
    timeout: 120_000,
  }, async () => {
    const folder = join(temporaryFolder(), 'data')
    const signals = temporaryFolder()
    const database = await open(folder)
    const collection = await database.collection('c', { dimension: 2, metric: 'dot' })
    const vector = [1, 0]
    await collection.upsert({ id: 'old', vector: [1, 0] })
    expect(await collection.query({ vector, k: 1 })).toMatchObject([{ id: 'old' }])
    const child = new Child('committer', folder, signals)

    const answers = AFTER_STEPS.map((expected, i) => {
      writeFileSync(join(signals, `go${i}`), '')
      spinUntil(join(signals, `done${i}`))
      for (const id of ['x', 'y', 'z']) {
        const there = id === expected?.id
        expect(collection.has(id)).toBe(there)
        expect(collection.get(id)).toEqual(there ? { id, metadata: expected.metadata } : undefined)
      }
      const cleared = i >= 5
      expect(collection.size).toBe((cleared ? 0 : 1) + (expected ? 1 : 0))
      expect(collection.querySync({ vector, k: 1 })).toMatchObject(
        [expected ?? (cleared ? [] : { id: 'old' })].flat(),
      )
      // What is all in memory is known to be the latest in another way.
      for (let again = 0; again < 2; again++) {
        const nearest = expected?.id ?? (cleared ? [] : 'old')
        expect(idsOf(collection.querySync({ vector, k: 1, select: [] }))).toEqual([nearest].flat())
      }
      return collection.query({ vector, k: 1 })
    })
    // Asynchronous queries may see what came after their call, and do here.
    for (const answer of answers) expect(await answer).toMatchObject([{ id: 'z', score: 5 }])
    expect((await child.end()).code).toBe(0)
    await database.close()
  })

  it.each(['as a writer left them', 'removed'])(
    'is seen by a reader, with commit counters %s',
    {
      timeout: 120_000,
    },
    async (counters) => {
      const folder = join(temporaryFolder(), 'data')
      const signals = temporaryFolder()
      const writer = await open(folder)
      await writer.collection('c', { dimension: 2, metric: 'dot' })
      await writer.close()
      if (counters === 'removed') rmSync(join(folder, 'commits'))
      const database = await open(folder, { readOnly: true })
      const collection = await database.collection('c')
      const child = new Child('committer', folder, signals)
      for (const [i, expected] of AFTER_STEPS.entries()) {
        const before = collection.querySync({ vector: [1, 0], select: [] })
        expect(collection.querySync({ vector: [1, 0], select: [] })).toEqual(before)
        writeFileSync(join(signals, `go${i}`), '')
        spinUntil(join(signals, `done${i}`))
        const after = collection.querySync({ vector: [1, 0], select: [] })
        expect(after).toEqual(expected ? [{ id: expected.id, score: expected.score }] : [])
      }
      expect((await child.end()).code).toBe(0)
      await database.close()
    },
  )

  it('is seen by an asynchronous query called in the same turn', { timeout: 120_000 }, async () => {
    const folder = join(temporaryFolder(), 'data')
    const signals = join(temporaryFolder(), 'signals')
    mkdirSync(signals)
    const database = await open(folder)
    const collection = await database.collection('c', { dimension: 2, metric: 'dot' })
    const child = new Child('committer', folder, signals)
    for (const [i, expected] of AFTER_STEPS.entries()) {
      writeFileSync(join(signals, `go${i}`), '')
      spinUntil(join(signals, `done${i}`))
      expect(await collection.query({ vector: [1, 0] })).toMatchObject(expected ? [expected] : [])
    }
    expect((await child.end()).code).toBe(0)
    await database.close()
  })
})
