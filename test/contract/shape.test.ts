import { expect } from 'vitest'
import { openDatabase } from '../helpers/database.ts'
import { contract } from './engines.ts'

interface Film {
  title: string
  year: number
  cast?: { name: string }[]
}

contract('matches', (engine, test) => {
  async function films() {
    const db = await openDatabase()
    const collection = await db.collection<Film, string>('films', {
      dimension: 2,
      metric: 'dot',
      index: { engine },
    })
    await collection.upsert([
      { id: 'a', vector: [1, 0], metadata: { title: 'A', year: 1990, cast: [{ name: 'x' }] } },
      { id: 'b', vector: [0.5, 0], metadata: { title: 'B', year: 2000 } },
    ])
    return collection
  }

  test('carry id, score and all metadata', async () => {
    const collection = await films()
    expect(await collection.query({ vector: [1, 0] })).toEqual([
      { id: 'a', score: 1, metadata: { title: 'A', year: 1990, cast: [{ name: 'x' }] } },
      { id: 'b', score: 0.5, metadata: { title: 'B', year: 2000 } },
    ])
  })

  test('carry the metadata that is selected, as far as there is any', async () => {
    const collection = await films()
    const matches = await collection.query({ vector: [1, 0], select: ['year', 'cast'] })
    expect(matches.map(({ metadata }) => metadata)).toEqual([
      { year: 1990, cast: [{ name: 'x' }] },
      { year: 2000 },
    ])
  })

  test('carry nothing but id and score when nothing is selected', async () => {
    const collection = await films()
    expect(await collection.query({ vector: [1, 0], select: [] })).toEqual([
      { id: 'a', score: 1 },
      { id: 'b', score: 0.5 },
    ])
  })

  test('carry copies of vectors when asked to', async () => {
    const collection = await films()
    for (let attempt = 0; attempt < 2; attempt++) {
      const matches = await collection.query({ vector: [1, 0], select: [], includeVector: true })
      expect(matches).toEqual([
        { id: 'a', score: 1, vector: Float32Array.of(1, 0) },
        { id: 'b', score: 0.5, vector: Float32Array.of(0.5, 0) },
      ])
      for (const { vector } of matches) vector.fill(9)
    }
  })

  test('carry integers as ids of records whose ids are integers', async () => {
    const db = await openDatabase()
    const collection = await db.collection<object, string | number>('rows', {
      dimension: 1,
      index: { engine },
    })
    const ids = [1, '1', 0, -5, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, '😀', 'ä'.repeat(512)]
    await collection.upsert(ids.map((id) => ({ id, vector: [1] })))
    const matches = await collection.query({ vector: [1], k: 20, exact: true, select: [] })
    expect(matches.map(({ id }) => id)).toEqual(ids)
  })
})
