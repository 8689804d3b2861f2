import { expect } from 'vitest'
import { expectRejection } from '../helpers/errors.ts'
import { generator, randomVector } from '../helpers/random.ts'
import { dot, expectNearest, isDistance, norm } from '../helpers/reference.ts'
import { collectionOf, contract, METRICS, toRows } from './engines.ts'

contract('numbers', (engine, test) => {
  test('of an example worked by hand come out', async () => {
    const a = toRows([Float32Array.of(4, -3)])
    const query = { vector: [-4, 4] }
    const score = async (metric: 'dot' | 'cosine' | 'euclidean') =>
      (await (await collectionOf(engine, metric, a)).query(query))[0]!.score
    expect(await score('dot')).toBe(-28)
    expect(await score('cosine')).toBeCloseTo(-28 / (5 * Math.sqrt(32)), 15)
    expect(await score('euclidean')).toBe(Math.sqrt(113))
  })

  for (const metric of ['dot', 'euclidean', 'mahalanobis'] as const) {
    test(`may be all zero, in records and queries, with ${metric}`, async () => {
      const rows = toRows([Float32Array.of(0, 0), Float32Array.of(1, 1), Float32Array.of(-2, 0)])
      const collection = await collectionOf(engine, metric, rows)
      for (const vector of [Float32Array.of(0, 0), Float32Array.of(1, 0), Float32Array.of(-1, 0)]) {
        expectNearest(await collection.query({ vector, exact: true }), rows, vector, metric, 10)
      }
      expect(collection.get('r0', { includeVector: true })!.vector).toEqual(Float32Array.of(0, 0))
    })
  }

  test('may not be all zero with cosine', async () => {
    const collection = await collectionOf(engine, 'cosine', toRows([Float32Array.of(1, 1)]))
    await expectRejection(
      collection.upsert({ id: 'zero', vector: [0, 0], metadata: { n: 1 } }),
      'BAD_VECTOR',
      {
        path: 'vector',
        recordIndex: 0,
        id: 'zero',
        committed: 0,
      },
    )
    const error = await expectRejection(collection.query({ vector: [0, 0] }), 'BAD_VECTOR', {
      path: 'query.vector',
    })
    expect(error.message).toMatch(/zero/)
  })

  test('far from the origin and 1e-6 of their size apart are told apart by euclidean distance', async () => {
    const random = generator(41)
    const base = randomVector(random, 64, 100)
    const rows = toRows(
      Array.from({ length: 40 }, (_, i) => base.map((component) => component * (1 + i * 1e-6))),
    )
    const collection = await collectionOf(engine, 'euclidean', rows)
    const matches = await collection.query({ vector: base, k: 40, exact: true })
    expectNearest(matches, rows, base, 'euclidean', 40)
    const itself = matches[0]!
    expect(itself.id).toBe('r0')
    expect(itself.score).toBe(0)
    expect(matches.map(({ id }) => id)).toEqual(rows.map(({ id }) => id))
  })

  test('of norms from 1e-6 to 1e6 are ranked by dot product', async () => {
    const random = generator(42)
    const rows = toRows(Array.from({ length: 260 }, (_, i) => randomVector(random, 32, 10 ** ((i % 13) - 6))))
    const collection = await collectionOf(engine, 'dot', rows)
    for (const scale of [1e-6, 1, 1e6]) {
      const vector = randomVector(random, 32, scale)
      for (const k of [1, 20, 260]) {
        expectNearest(await collection.query({ vector, k, exact: true }), rows, vector, 'dot', k)
      }
      // Every tolerance is relative to the row: the smallest must not drown in the largest.
      const byId = new Map(rows.map((row) => [row.id, row.vector]))
      for (const { id, score } of await collection.query({ vector, k: 260, exact: true })) {
        const row = byId.get(id as string)!
        expect(Math.abs(score - dot(row, vector))).toBeLessThanOrEqual(1e-12 * norm(row) * norm(vector))
      }
    }
  })

  test('at the ends of float32 are scored without overflow', async () => {
    const rows = toRows([
      Float32Array.of(3e38, 3e38),
      Float32Array.of(1e-38, 1e-38),
      Float32Array.of(-3e38, 1e38),
    ])
    for (const metric of METRICS) {
      const collection = await collectionOf(engine, metric, rows)
      for (const vector of [Float32Array.of(3e38, -1e38), Float32Array.of(1e-38, 2e-38)]) {
        expectNearest(await collection.query({ vector, exact: true }), rows, vector, metric, 10)
      }
    }
  })

  test('come back bit for bit, however often they are written', async () => {
    const random = generator(43)
    const vectors = [1e-40, 1e-30, 1e-6, 1, 1e6, 3e37].map((scale) => randomVector(random, 100, scale))
    const collection = await collectionOf(engine, 'dot', toRows(vectors))
    for (let round = 0; round < 3; round++) {
      const matches = await collection.query({ vector: vectors[3]!, includeVector: true })
      expect(matches).toHaveLength(vectors.length)
      for (const { id, vector } of matches) {
        expect(vector).toEqual(vectors[Number(String(id).slice(1))])
        expect(collection.get(id, { includeVector: true })!.vector).toEqual(vector)
        await collection.update(id, {}, { vector })
      }
    }
  })

  for (const metric of METRICS) {
    test(`of vectors and themselves are exactly what they should be, with ${metric}`, async () => {
      const random = generator(44)
      for (const dimension of [3, 41]) {
        const vectors = Array.from({ length: 60 }, (_, i) => randomVector(random, dimension, 10 ** (i - 30)))
        const collection = await collectionOf(engine, metric, toRows(vectors))
        const threshold = metric === 'cosine' ? 1 : isDistance(metric) ? 0 : undefined
        for (const [i, vector] of vectors.entries()) {
          const matches = await collection.query({ vector, k: 60, threshold, exact: i % 2 === 0 })
          const itself = matches.find(({ id }) => id === `r${i}`)!
          if (metric === 'dot') expect(itself.score / dot(vector, vector)).toBeCloseTo(1, 14)
          else expect(itself.score).toBe(threshold)
          if (metric !== 'cosine') continue
          const opposite = await collection.query({ vector: vector.map((x) => -x), k: 60 })
          expect(opposite.at(-1)).toMatchObject({ id: `r${i}`, score: -1 })
        }
      }
    })
  }

  test('of integers are integers, far from the origin too', async () => {
    const dots = await collectionOf(engine, 'dot', toRows([Float32Array.of(1, 2, 3)]))
    expect((await dots.query({ vector: [3, 4, 0] }))[0]!.score).toBe(11)
    const rows = toRows(
      [
        [5000001, 3000001],
        [5000002, 3000001],
        [5000001, 3000003],
      ].map((x) => Float32Array.from(x)),
    )
    const distances = await collectionOf(engine, 'euclidean', rows)
    for (const exact of [true, false]) {
      const matches = await distances.query({ vector: [5000001, 3000001], exact })
      expect(matches.map(({ id, score }) => [id, score])).toEqual([
        ['r0', 0],
        ['r1', 1],
        ['r2', 2],
      ])
    }
  })
})
