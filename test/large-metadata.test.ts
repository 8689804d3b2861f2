import { describe, expect, it } from 'vitest'
import type { Metadata } from '../src/index.ts'
import { openCollection } from './helpers/database.ts'
import { expectError, expectRejection, thrownBy } from './helpers/errors.ts'

const MIB = 2 ** 20
const LIMIT = 64 * MIB

/** Metadata that takes exactly so many bytes: one for the map, two for the key, five before a long string. */
const ofBytes = (bytes: number): Metadata => ({ s: 'z'.repeat(bytes - 8) })

const vector = [1, 2]

describe('metadata of a record', { timeout: 120_000 }, () => {
  it('may take 64 MiB, and is read, changed and deleted like any other', async () => {
    const { films } = await openCollection()
    const metadata = ofBytes(LIMIT)
    await films.upsert({ id: 'a', vector, metadata })
    expect(films.get('a')).toEqual({ id: 'a', metadata })
    expect((await films.query({ vector, k: 1 }))[0]?.metadata).toEqual(metadata)
    for (const record of films.records()) expect(record.metadata).toEqual(metadata)
    expect(await films.count({ filter: { s: { $gt: 'z' } } })).toBe(1)
    expect(await films.update('a', { s: 'short' })).toBe(1)
    expect(films.get('a')?.metadata).toEqual({ s: 'short' })
    await films.upsert({ id: 'a', vector, metadata })
    expect(await films.delete({ filter: { s: { $gt: 'z' } } })).toBe(1)
    expect(films.size).toBe(0)
  })

  it('is refused beyond, before anything is written', async () => {
    const { db, films } = await openCollection()
    const records = [
      { id: 'a', vector },
      { id: 'b', vector, metadata: ofBytes(LIMIT + 1) },
    ]
    const where = { path: 'metadata', recordIndex: 1, id: 'b' }
    await expectRejection(films.upsert(records), 'BAD_METADATA', { ...where, committed: 0 })
    await db.transaction((tx) => {
      expectError(
        thrownBy(() => tx.upsert(films, records)),
        'BAD_METADATA',
        where,
      )
    })
    expect(films.size).toBe(0)
  })

  it('is refused when a change makes it larger, and stays as it was', async () => {
    const { db, films } = await openCollection()
    const half = 'z'.repeat(LIMIT / 2)
    await films.upsert({ id: 'a', vector, metadata: { first: half } })
    const version = films.get('a', { includeVersion: true })?.version
    await expectRejection(films.update('a', { second: half }), 'BAD_METADATA', {
      path: 'patch',
      committed: 0,
    })
    await expectRejection(films.update('a', { second: half }, { vector: [3, 4] }), 'BAD_METADATA', {
      path: 'patch',
      committed: 0,
    })
    await expectRejection(films.update('a', ofBytes(LIMIT + 1)), 'BAD_METADATA', { path: 'patch' })
    await db.transaction((tx) => {
      expectError(
        thrownBy(() => tx.update(films, 'a', { second: half }, { vector: [3, 4] })),
        'BAD_METADATA',
        { path: 'patch' },
      )
    })
    const found = films.get('a', { includeVersion: true, includeVector: true })
    expect(Object.keys(found?.metadata ?? {})).toEqual(['first'])
    expect(found).toMatchObject({ version, vector: Float32Array.of(1, 2) })
  })
})
