import { describe, expect, it } from 'vitest'
import type { Database } from '../../src/index.ts'
import { openDatabase } from '../helpers/database.ts'
import { expectError, expectThrow, rejectionOf } from '../helpers/errors.ts'
import { COLLECTION_METHODS, endingOf, type Films } from './methods.ts'

const COUNT = 500
const ids = Array.from({ length: COUNT }, (_, i) => String(i).padStart(3, '0')).concat('a')

async function filled(): Promise<{ db: Database; films: Films }> {
  const db = await openDatabase()
  const films = await db.collection<{ n: number }, string>('films', { dimension: 2 })
  await films.upsert(ids.map((id, n) => ({ id, vector: [n, 1], metadata: { n } })))
  return { db, films }
}

/** Runs `meanwhile` after the third record, and iterates to the end. */
async function iterated(films: Films, meanwhile: () => Promise<unknown>): Promise<string[]> {
  const seen: string[] = []
  for await (const { id } of films.records()) {
    seen.push(id)
    if (seen.length === 3) await meanwhile()
  }
  return seen
}

describe('in the middle of an iteration', () => {
  it('every other method succeeds, and the iteration goes on', async () => {
    const { db, films } = await filled()
    const methods = COLLECTION_METHODS.filter(({ name }) => !/^(clear|delete)/.test(name))
    expect(methods.length).toBeGreaterThan(15)
    for (const method of methods) {
      const seen = await iterated(films, async () => {
        expect(await endingOf(method, db, films), method.name).not.toHaveProperty('code')
      })
      expect(seen.filter((id) => id !== 'x')).toEqual(ids)
    }
  })

  it('close ends it with CLOSED', async () => {
    const { db, films } = await filled()
    expectError(await rejectionOf(iterated(films, () => db.close())), 'CLOSED')
  })

  it('close does not wait for it, synchronous or not', async () => {
    const { db, films } = await filled()
    const iterator = films.records()[Symbol.iterator]()
    iterator.next()
    const later = films.records()[Symbol.asyncIterator]()
    await later.next()
    await db.close()
    // What was read already may still be handed out.
    expectThrow(() => {
      for (let step = iterator.next(); !step.done; step = iterator.next());
    }, 'CLOSED')
    const rest = async () => {
      for (let step = await later.next(); !step.done; step = await later.next());
    }
    expectError(await rejectionOf(rest()), 'CLOSED')
  })

  it('drop ends it with NOT_FOUND', async () => {
    const { db, films } = await filled()
    expectError(await rejectionOf(iterated(films, () => db.drop('films'))), 'NOT_FOUND')
  })

  it('drop and creation under the same name end it with NOT_FOUND', async () => {
    const { db, films } = await filled()
    const replace = async () => {
      await db.drop('films')
      await db.collection('films', { dimension: 2 })
    }
    expectError(await rejectionOf(iterated(films, replace)), 'NOT_FOUND')
  })

  it('clear ends it early, after what was read already', async () => {
    const { films } = await filled()
    const seen = await iterated(films, () => films.clear())
    expect(seen).toEqual(ids.slice(0, seen.length))
    expect(seen.length).toBeLessThan(COUNT)
  })

  it('deletions of what is still to come are seen soon', async () => {
    const { films } = await filled()
    const seen = await iterated(films, () => films.delete(ids.slice(300)))
    expect(seen).toEqual(ids.slice(0, 300))
  })
})
