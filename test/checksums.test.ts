import { describe, expect, it } from 'vitest'
import { sourceOf } from '../src/collection.ts'
import { type Collection, open } from '../src/index.ts'
import type { RowKey } from '../src/store/keys.ts'
import type { Table } from '../src/store/table.ts'
import { idsOf, openDatabase, temporaryFolder } from './helpers/database.ts'
import { rejectionOf, thrownBy } from './helpers/errors.ts'

const SPACE = 0

const CORRUPTED = { code: 'CORRUPTED' }

/** Ten records, in a database that is closed after one bit of one row was changed behind its back. */
async function damaged(kind: 'vectors' | 'records', index: number, byte: number) {
  const folder = temporaryFolder()
  const db = await open(folder)
  const points = await db.collection('points', { dimension: 2, metric: 'euclidean' })
  await points.upsert(
    Array.from({ length: 10 }, (_, i) => ({ id: `p${i}`, vector: [1, i], metadata: { i } })),
  )
  await flip(points, kind, index, byte)
  await db.close()
  return (await openDatabase(folder)).collection('points')
}

async function flip(points: Collection, kind: 'vectors' | 'records', index: number, byte: number) {
  const { environment, replica } = sourceOf(points)
  await environment.write(1, () => {
    const table: Table<RowKey> = environment[kind]
    const key = [replica.number, SPACE, index] as const
    const row = table.get(key)!
    row[byte]! ^= 4
    table.putSync(key, row)
  })
}

describe('a damaged vector row', () => {
  it.each([
    ['ordinal', 0],
    ['checksum', 4],
    ['length', 15],
    ['first component', 16],
    ['last component', 23],
  ])('is told with its code by whatever reads its %s', async (_, byte) => {
    const points = await damaged('vectors', 3, byte)
    expect(await rejectionOf(points.query({ vector: [1, 3] }))).toMatchObject(CORRUPTED)
    expect(thrownBy(() => points.querySync({ vector: [1, 3] }))).toMatchObject(CORRUPTED)
    expect(await rejectionOf(points.queryMany([{ vector: [1, 3] }]))).toMatchObject(CORRUPTED)
    expect(thrownBy(() => points.get('p3', { includeVector: true }))).toMatchObject(CORRUPTED)
  })

  it('is told with the id of its record', async () => {
    const points = await damaged('vectors', 3, 17)
    const error = await rejectionOf(points.query({ vector: [1, 3] }))
    expect(error).toMatchObject({ code: 'CORRUPTED', id: 'p3' })
    expect((error as Error).message).toMatch(/"p3".*write its record again/)
  })

  it('hides nothing else: other records are read, and all once it was written again or deleted', async () => {
    for (const mend of [
      (points: Collection) => points.upsert({ id: 'p3', vector: [1, 3], metadata: { i: 3 } }),
      (points: Collection) => points.delete('p3'),
    ]) {
      const points = await damaged('vectors', 3, 17)
      expect(points.get('p4', { includeVector: true })!.vector).toEqual(Float32Array.of(1, 4))
      expect(points.get('p3')!.metadata).toEqual({ i: 3 })
      expect(await rejectionOf(points.query({ vector: [1, 3] }))).toMatchObject(CORRUPTED)
      await mend(points)
      const matches = await points.query({ vector: [1, 3], k: 20 })
      expect(idsOf(matches).sort()).toEqual(idsOf(points.records()))
      expect(matches).toHaveLength(points.size)
    }
  })
})

describe('a vector row that is damaged before another process has read it', () => {
  it.each([
    ['ordinal', 0],
    ['first component', 16],
  ])('is told, not taken for one that has gone: by its %s', async (_, byte) => {
    const folder = temporaryFolder()
    const db = await openDatabase(folder)
    const points = await db.collection('points', { dimension: 2, metric: 'euclidean' })
    await points.upsert({ id: 'a', vector: [1, 2] })
    const { replica } = sourceOf(points)
    // What this process has written is in its memory already: it forgets that, and reads the log.
    const apply = replica.apply
    replica.apply = () => {}
    await points.upsert({ id: 'b', vector: [1, 3] })
    replica.apply = apply
    await flip(points as Collection, 'vectors', 1, byte)
    expect(await rejectionOf(points.query({ vector: [1, 3] }))).toMatchObject(CORRUPTED)
  })
})

describe('a damaged record row', () => {
  it.each([
    ['layout', 0],
    ['length of its id', 2],
    ['checksum', 4],
    ['version', 8],
    ['slot', 16],
    ['id', 21],
    ['metadata', 25],
  ])('is told with its code by whatever reads its %s', async (_, byte) => {
    const points = await damaged('records', 3, byte)
    expect(await rejectionOf(points.query({ vector: [1, 3] }))).toMatchObject(CORRUPTED)
    expect(thrownBy(() => points.get('p3'))).toMatchObject(CORRUPTED)
    expect(thrownBy(() => [...points.records()])).toMatchObject(CORRUPTED)
    expect(await rejectionOf(points.count({ filter: { i: 3 } }))).toMatchObject(CORRUPTED)
    // Which vector is its own is not known: another one must not go with it.
    expect(await rejectionOf(points.upsert({ id: 'p3', vector: [0, 0] }))).toMatchObject(CORRUPTED)
    expect(await rejectionOf(points.delete('p3'))).toMatchObject(CORRUPTED)
    expect(points.get('p4')!.metadata).toEqual({ i: 4 })
    expect(points.size).toBe(10)
  })

  it('that is damaged while it is in memory is not returned', async () => {
    const db = await openDatabase()
    const points = await db.collection('points', { dimension: 2, metric: 'euclidean' })
    await points.upsert({ id: 'a', vector: [1, 2], metadata: { text: 'as it was written' } })
    await flip(points as Collection, 'records', 0, 40)
    expect(await rejectionOf(points.query({ vector: [1, 2] }))).toMatchObject(CORRUPTED)
    expect(idsOf(await points.query({ vector: [1, 2], select: [] }))).toEqual(['a'])
  })
})
