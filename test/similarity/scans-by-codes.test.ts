import { expect, it } from 'vitest'
import type { QueryMetric } from '../../src/index.ts'
import { openCollection } from '../helpers/database.ts'
import { untilBuilt } from '../helpers/graphs.ts'
import { generator, randomVector } from '../helpers/random.ts'

const COUNT = 3_000
const DIMENSION = 64
const OF_PRODUCTS: readonly QueryMetric[] = [
  'cosine',
  'dot',
  'euclidean',
  { kernel: 'rbf', gamma: 0.01 },
  { kernel: 'polynomial', degree: 2 },
]

it.each(['cosine', 'dot', 'euclidean'] as const)(
  'a scan by any metric of products reads the codes of a %s collection, and answers as one of all rows',
  async (own) => {
    const open = (engine: 'hnsw' | 'flat') =>
      openCollection({ dimension: DIMENSION, metric: own, index: { engine } })
    const [coded, plain] = [(await open('hnsw')).films, (await open('flat')).films]
    const random = generator(15)
    const records = Array.from({ length: COUNT }, (_, id) => ({
      id,
      vector: randomVector(random, DIMENSION, 1 + (id % 9)),
    }))
    for (const films of [coded, plain]) await films.upsert(records)
    await untilBuilt(coded)
    for (const metric of OF_PRODUCTS) {
      for (let i = 0; i < 5; i++) {
        const query = {
          vector: randomVector(random, DIMENSION),
          metric,
          exact: true,
          k: 20,
          select: [],
        } as const
        expect(await coded.query(query)).toEqual(await plain.query(query))
        expect(coded.querySync(query)).toEqual(plain.querySync(query))
        const told = await coded.explain(query)
        expect(told).toMatchObject({ plan: 'scan', reason: 'exact: true' })
        // All codes, and the few rows that they leave possible.
        expect(told.distances).toBeGreaterThan(COUNT)
        expect(told.distances).toBeLessThan(1.5 * COUNT)
      }
      const query = {
        vector: randomVector(random, DIMENSION),
        metric,
        threshold: 0.1,
        k: 10,
        select: [],
      } as const
      if (metric !== own) expect(await coded.query(query)).toEqual(await plain.query(query))
    }
    expect((await coded.explain({ vector: records[0]!.vector, metric: 'manhattan' })).distances).toBe(COUNT)
  },
)
