import { expect } from 'vitest'
import {
  clusteredVectors,
  generator,
  randomVector,
  randomVectors,
  repeatedVectors,
} from '../helpers/random.ts'
import { expectNearest } from '../helpers/reference.ts'
import { collectionOf, contract, exactSettings, METRICS, toRows } from './engines.ts'

const COUNT = 700

const DATA = [
  { name: 'random', make: randomVectors, dimension: 33 },
  { name: 'clustered', make: clusteredVectors, dimension: 48 },
  { name: 'often repeated', make: repeatedVectors, dimension: 16 },
  { name: 'one-dimensional', make: randomVectors, dimension: 1 },
  { name: '100-dimensional', make: randomVectors, dimension: 100 },
  { name: '4,096-dimensional', make: randomVectors, dimension: 4096, count: 150 },
]

contract('exact answers', (engine, test) => {
  for (const { name, make, dimension, count = COUNT } of DATA) {
    for (const metric of METRICS) {
      // Factoring its matrix alone would take a quarter of a minute.
      if (metric === 'mahalanobis' && dimension > 1_000) continue
      test(`are the nearest by the definition of ${metric}, on ${name} vectors`, async () => {
        const random = generator(dimension)
        const rows = toRows(make(random, count, dimension))
        const collection = await collectionOf(engine, metric, rows)
        const queries = [
          rows[3]!.vector,
          ...randomVectors(random, 3, dimension),
          randomVector(random, dimension, 1e3),
        ]
        for (const vector of queries) {
          for (const settings of exactSettings(count)) {
            const all = await collection.query({ vector, k: count + 50, select: [], ...settings })
            expectNearest(all, rows, vector, metric, count)
            for (const k of [1, 10, count - 1]) {
              const nearest = await collection.query({ vector, k, select: [], ...settings })
              expect(nearest).toEqual(all.slice(0, k))
            }
          }
        }
      })
    }
  }

  for (const metric of METRICS) {
    test(`give 10 matches unless told otherwise, with ${metric}`, async () => {
      const random = generator(9)
      const rows = toRows(randomVectors(random, 40, 8))
      const collection = await collectionOf(engine, metric, rows)
      const vector = randomVector(random, 8)
      expectNearest(await collection.query({ vector }), rows, vector, metric, 10)
    })

    test(`order equal scores by slot, with ${metric}`, async () => {
      const rows = toRows(Array.from({ length: 300 }, () => Float32Array.of(3, 4)))
      const collection = await collectionOf(engine, metric, rows)
      const matches = await collection.query({ vector: [1, 2], k: 120, exact: true })
      expect(matches.map(({ metadata }) => metadata.n)).toEqual(Array.from({ length: 120 }, (_, n) => n))
      expect(new Set(matches.map(({ score }) => score)).size).toBe(1)
    })

    test(`are of one record when there is one, and of none when there is none, with ${metric}`, async () => {
      const collection = await collectionOf(engine, metric, toRows([Float32Array.of(1, 2, 3)]))
      const only = await collection.query({ vector: [3, 2, 1], k: 5 })
      expectNearest(only, toRows([Float32Array.of(1, 2, 3)]), [3, 2, 1], metric, 5)
      await collection.delete('r0')
      expect(await collection.query({ vector: [3, 2, 1] })).toEqual([])
      expect(await collection.query({ vector: [3, 2, 1], k: 10_000, exact: true })).toEqual([])
    })
  }
})
