import { expect } from 'vitest'
import type { Collection, CollectionMetricName, QueryOptions } from '../../src/index.ts'
import {
  clusteredVectors,
  generator,
  randomVector,
  randomVectors,
  repeatedVectors,
} from '../helpers/random.ts'
import { isDistance, lead } from '../helpers/reference.ts'
import { collectionOf, contract, METRICS, toRows } from './engines.ts'

type Rows = Collection<{ n: number }, string | number>
type Question = QueryOptions<{ n: number }, string | number>

/** All pages behind one another, by `after`. */
async function allPages(collection: Rows, question: Question, k: number) {
  const matches = []
  for (let after: Question['after']; ; after = matches.at(-1)) {
    const page = await collection.query({ ...question, k, after, exact: true })
    matches.push(...page)
    if (page.length < k) return matches
  }
}

const DATA = [
  { name: 'random', make: randomVectors },
  { name: 'clustered', make: clusteredVectors },
  { name: 'often repeated', make: repeatedVectors },
]

contract('thresholds and pages', (engine, test) => {
  for (const metric of METRICS) {
    for (const { name, make } of DATA) {
      test(`by after cover everything once and in order, with ${metric} on ${name} vectors`, async () => {
        const random = generator(4)
        const collection = await collectionOf(engine, metric, toRows(make(random, 300, 12)))
        const vector = randomVector(random, 12)
        const all = await collection.query({ vector, k: 300, exact: true })
        expect(all).toHaveLength(300)
        for (const k of [1, 7, 100]) expect(await allPages(collection, { vector }, k)).toEqual(all)
      })

      test(`by threshold are all at least as near, with ${metric} on ${name} vectors`, async () => {
        const random = generator(5)
        const collection = await collectionOf(engine, metric, toRows(make(random, 300, 12)))
        const vector = randomVector(random, 12)
        const all = await collection.query({ vector, k: 300, exact: true })
        for (const place of [0, 1, 17, 150, 299]) {
          const { score } = all[place]!
          for (const threshold of [score, nextNearer(metric, score), nextFarther(metric, score)]) {
            const expected = all.filter((match) => lead(metric, match.score, threshold) >= 0)
            expect(await collection.query({ vector, k: 300, threshold, exact: true })).toEqual(expected)
            expect(await collection.query({ vector, k: 5, threshold, exact: true })).toEqual(
              expected.slice(0, 5),
            )
          }
        }
      })
    }

    test(`combine threshold, after and filter, with ${metric}`, async () => {
      const random = generator(6)
      const collection = await collectionOf(engine, metric, toRows(repeatedVectors(random, 300, 12)))
      const vector = randomVector(random, 12)
      const filter = { n: { $gte: 50 } }
      const all = await collection.query({ vector, k: 300, filter, exact: true })
      const threshold = all[200]!.score
      const expected = all.filter(({ score }) => lead(metric, score, threshold) >= 0)
      expect(expected.length).toBeGreaterThan(200)
      expect(await allPages(collection, { vector, filter, threshold }, 13)).toEqual(expected)
    })

    test(`go on behind a match that was deleted, with ${metric}`, async () => {
      const random = generator(7)
      const collection = await collectionOf(engine, metric, toRows(randomVectors(random, 60, 8)))
      const vector = randomVector(random, 8)
      const all = await collection.query({ vector, k: 60, exact: true })
      const after = all[19]!
      await collection.delete(after.id)
      expect(await collection.query({ vector, k: 60, after, exact: true })).toEqual(all.slice(20))
    })
  }

  test('by negative threshold let no distance through, and every dot product above it', async () => {
    const rows = toRows([Float32Array.of(1, 0), Float32Array.of(-1, 0)])
    const distances = await collectionOf(engine, 'euclidean', rows)
    expect(await distances.query({ vector: [1, 0], threshold: -1 })).toEqual([])
    expect(await distances.query({ vector: [1, 0], threshold: 0, select: [] })).toEqual([
      { id: 'r0', score: 0 },
    ])
    const products = await collectionOf(engine, 'dot', rows)
    expect(await products.query({ vector: [1, 0], threshold: -0.5, select: [] })).toEqual([
      { id: 'r0', score: 1 },
    ])
    expect(await products.query({ vector: [1, 0], threshold: -1 })).toHaveLength(2)
  })
})

function nextNearer(metric: CollectionMetricName, score: number): number {
  return neighbour(score, isDistance(metric) ? -1 : 1)
}

function nextFarther(metric: CollectionMetricName, score: number): number {
  return neighbour(score, isDistance(metric) ? 1 : -1)
}

/** The float64 right above or below a number. */
function neighbour(value: number, direction: 1 | -1): number {
  const float = Float64Array.of(value)
  if (value === 0) return direction * Number.MIN_VALUE
  new BigInt64Array(float.buffer)[0]! += BigInt(value > 0 ? direction : -direction)
  return float[0]!
}
