import { describe, expect, it } from 'vitest'
import { sourceOf } from '../src/collection.ts'
import { open } from '../src/index.ts'
import { Writer } from '../src/store/writer.ts'
import { BatchBuilder } from '../src/write/builder.ts'
import { temporaryFolder } from './helpers/database.ts'

/** What LMDB keeps when a thread is terminated within a transaction: all that was put, but nothing that `finish` writes. */
async function tear(collection: unknown, action: (writer: Writer) => void): Promise<void> {
  const { environment, definition, name } = sourceOf(collection)
  await environment.write(1, () => action(new Writer(environment, definition.identity, name)))
}

function batchOf(collection: unknown, ids: string[], at: number) {
  const builder = new BatchBuilder(sourceOf(collection).definition, ids.length)
  for (const [i, id] of ids.entries()) builder.add({ id, vector: [at, i], metadata: { at } }, i)
  return builder.finish()
}

async function setup() {
  const folder = temporaryFolder()
  const database = await open(folder)
  const points = await database.collection('points', { dimension: 2, metric: 'euclidean' })
  await points.upsert(['a', 'b', 'c'].map((id, i) => ({ id, vector: [1, i], metadata: { at: 1 } })))
  return { folder, database, points }
}

describe('a transaction whose thread was terminated', () => {
  it('leaves every record as it was or as it was to be, and is repaired by the next write', async () => {
    const { database, points } = await setup()
    await tear(points, (writer) => writer.upsert(batchOf(points, ['b', 'x', 'y'], 5), 'upsert'))
    await points.upsert({ id: 'z', vector: [9, 9], metadata: { at: 9 } })
    const ids = [...points.records()].map(({ id }) => id)
    expect(ids).toEqual(['a', 'b', 'c', 'x', 'y', 'z'])
    expect(points.size).toBe(6)
    expect(await points.count({ filter: { at: 5 } })).toBe(3)
    const matches = await points.query({ vector: [5, 0], k: 10 })
    expect(matches.map(({ id }) => id).sort()).toEqual(ids)
    expect(matches[0]).toEqual({ id: 'b', score: 0, metadata: { at: 5 } })
    await database.close()
  })

  it('loses no record that was to be replaced when only its new vector had been written', async () => {
    const { folder, database, points } = await setup()
    await tear(points, (writer) => {
      const { environment, replica } = sourceOf(points)
      writer.upsert(batchOf(points, ['x'], 5), 'upsert')
      // As if the end had come before the id was put: nothing leads to the record.
      environment.ids.removeSync([replica.currentNumber(), Buffer.from('\x02x')])
    })
    await database.close()
    const again = await open(folder)
    const reopened = await again.collection('points')
    await reopened.upsert({ id: 'y', vector: [7, 7] })
    expect(reopened.get('x')).toBeUndefined()
    expect(reopened.size).toBe(4)
    expect((await reopened.query({ vector: [5, 0], k: 10 })).map(({ id }) => id).sort()).toEqual([
      'a',
      'b',
      'c',
      'y',
    ])
    await again.close()
  })

  it('is repaired by queries too', async () => {
    const { database, points } = await setup()
    await tear(points, (writer) => writer.delete(['b']))
    await points.query({ vector: [1, 1] })
    await expect.poll(() => sourceOf(points).replica.state().torn).toBe(false)
    expect(points.size).toBe(2)
    expect((await points.query({ vector: [1, 1] })).map(({ id }) => id).sort()).toEqual(['a', 'c'])
    await database.close()
  })

  it('never has its ordinals and slots given to others', async () => {
    const { database, points } = await setup()
    await tear(points, (writer) => writer.upsert(batchOf(points, ['x'], 5), 'upsert'))
    await points.upsert([{ id: 'p', vector: [6, 6], metadata: { at: 6 } }])
    expect(points.get('x', { includeVector: true })).toEqual({
      id: 'x',
      metadata: { at: 5 },
      vector: Float32Array.of(5, 0),
    })
    expect(points.get('p')?.metadata).toEqual({ at: 6 })
    await database.close()
  })
})
