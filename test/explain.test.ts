import { expect, it } from 'vitest'
import type { Metadata } from '../src/index.ts'
import { openCollection } from './helpers/database.ts'
import { expectRejection } from './helpers/errors.ts'
import { untilBuilt } from './helpers/graphs.ts'
import { generator, randomVector, randomVectors } from './helpers/random.ts'

async function numbers(count: number) {
  const { films } = await openCollection<{ n: number }, number>({
    metric: 'euclidean',
    index: { engine: 'flat' },
  })
  await films.upsert(Array.from({ length: count }, (_, n) => ({ id: n, vector: [n, 1], metadata: { n } })))
  return films
}

it('explain tells how a query was answered', async () => {
  const films = await numbers(500)
  const explanation = await films.explain({ vector: [3, 1], k: 5 })
  expect(explanation).toMatchObject({ plan: 'scan', visited: 500, distances: 500 })
  expect(explanation.reason).toMatch(/flat/)
  expect(explanation.reranked).toBeGreaterThanOrEqual(5)
  expect(explanation.reranked).toBeLessThan(100)
  expect(explanation.candidates).toBe(explanation.reranked)
  expect(explanation.ms).toBeGreaterThan(0)
  const { filter, search, read } = explanation.phases
  expect(Math.min(filter, search, read)).toBeGreaterThan(0)
  expect(filter + search + read).toBeLessThanOrEqual(explanation.ms)
  expect(Object.keys(explanation).sort()).toEqual([
    'candidates',
    'distances',
    'ms',
    'phases',
    'plan',
    'reason',
    'reranked',
    'visited',
  ])
})

it('explain counts only what a filter lets through', async () => {
  const films = await numbers(500)
  const explanation = await films.explain({ vector: [3, 1], filter: { n: { $lt: 20 } } })
  expect(explanation).toMatchObject({ plan: 'scan', visited: 20, distances: 20 })
  expect(await films.explain({ vector: [3, 1], filter: { n: -1 } })).toMatchObject({
    visited: 0,
    reranked: 0,
  })
})

it('explain answers for a record and for an empty collection', async () => {
  const films = await numbers(30)
  expect((await films.explain({ id: 3 })).visited).toBeGreaterThanOrEqual(29)
  await expectRejection(films.explain({ id: 99 }), 'NOT_FOUND', { id: 99 })
  await films.clear()
  expect(await films.explain({ vector: [1, 1] })).toMatchObject({ visited: 0, distances: 0, reranked: 0 })
})

it('explain tells that hnswlib leaves no more to be scored exactly than may be among the nearest', async () => {
  const dimension = 16
  const random = generator(5)
  const { films } = await openCollection<Metadata, number>({
    dimension,
    metric: 'cosine',
    index: { engine: 'hnswlib' },
  })
  const vectors = randomVectors(random, 3_000, dimension)
  // The last four are equally near to anything, as far as float32 tells.
  const alike = [1, 2, 3].map((i) => vectors.at(-1)!.map((component, at) => component * (1 + at * i * 2e-7)))
  await films.upsert([...vectors, ...alike].map((vector, id) => ({ id, vector })))
  await untilBuilt(films)
  const { plan, reranked } = await films.explain({ vector: randomVector(random, dimension), ef: 50 })
  expect({ plan, reranked }).toEqual({ plan: 'hnswlib', reranked: 10 })
  expect((await films.explain({ vector: vectors.at(-1)!, k: 1, ef: 50 })).reranked).toBe(4)
})
