import { expect, it } from 'vitest'
import { openCollection } from './helpers/database.ts'
import { generator, randomVectors } from './helpers/random.ts'

it('stats tells the size of a collection, as what it was created, and its memory', async () => {
  const { films } = await openCollection({ dimension: 100, metric: 'euclidean', index: { engine: 'flat' } })
  const empty = await films.stats()
  expect(empty).toEqual({
    records: 0,
    dimension: 100,
    metric: 'euclidean',
    engine: 'flat',
    pending: 0,
    index: { state: 'ready', error: undefined },
    codes: undefined,
    memory: expect.any(Number),
  })
  await films.upsert(
    Array.from({ length: 5000 }, (_, id) => ({ id, vector: new Float32Array(100).fill(id) })),
  )
  const full = await films.stats()
  expect(full).toMatchObject({ records: 5000, dimension: 100, metric: 'euclidean', engine: 'flat' })
  // At least the components, at most twice that: chunks are allocated whole.
  expect(full.memory).toBeGreaterThanOrEqual(5000 * 100 * 4)
  expect(full.memory).toBeLessThan(2 * 5000 * 112 * 4 + 2 ** 20)
})

it('stats follows deletions', async () => {
  const { films } = await openCollection()
  await films.upsert([
    { id: 'a', vector: [1, 2] },
    { id: 'b', vector: [1, 2] },
  ])
  await films.delete('a')
  expect((await films.stats()).records).toBe(1)
})

it('stats tells how many records the index has still to take in', async () => {
  const { films } = await openCollection({ dimension: 8, index: { engine: 'hnswlib' } })
  await films.upsert(randomVectors(generator(3), 3000, 8).map((vector, id) => ({ id, vector })))
  expect(await films.stats()).toMatchObject({ pending: expect.any(Number), index: { state: 'building' } })
  expect((await films.stats()).pending).toBeGreaterThan(0)
  await expect.poll(async () => (await films.stats()).pending, { timeout: 20_000 }).toBe(0)
  expect((await films.explain({ vector: [1, 2, 3, 4, 5, 6, 7, 8], ef: 20 })).distances).toBeLessThan(100)
})
