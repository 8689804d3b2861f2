import { expect, it } from 'vitest'
import { openCollection } from './helpers/database.ts'

it('stats tells the size of a collection, as what it was created, and its memory', async () => {
  const { films } = await openCollection({ dimension: 100, metric: 'euclidean', index: { engine: 'flat' } })
  const empty = await films.stats()
  expect(empty).toEqual({
    records: 0,
    dimension: 100,
    metric: 'euclidean',
    engine: 'flat',
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
