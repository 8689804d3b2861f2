import { expect } from 'vitest'
import { expectRejection } from '../helpers/errors.ts'
import { generator, randomVector } from '../helpers/random.ts'
import { dot, expectNearest, norm } from '../helpers/reference.ts'
import { collectionOf, contract, toRows } from './engines.ts'

contract('numbers', (engine, test) => {
  test('of an example worked by hand come out', async () => {
    const a = toRows([Float32Array.of(4, -3)])
    const query = { vector: [-4, 4] }
    const score = async (metric: 'dot' | 'cosine' | 'euclidean') =>
      (await (await collectionOf(engine, metric, a)).query(query))[0]!.score
    expect(Math.abs((await score('dot')) - -28)).toBeLessThanOrEqual(1e-6 * 5 * Math.sqrt(32))
    expect(Math.abs((await score('cosine')) - -28 / (5 * Math.sqrt(32)))).toBeLessThanOrEqual(1e-6)
    expect(await score('cosine')).toBeCloseTo(-0.98995, 5)
    expect(Math.abs((await score('euclidean')) - Math.sqrt(113))).toBeLessThanOrEqual(1e-6 * 11)
  })

  for (const metric of ['dot', 'euclidean'] as const) {
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
    // Far below what float32 arithmetic, or |x|² − 2x·q + |q|², could tell from zero.
    expect(itself.score).toBeLessThan(1e-7 * norm(base))
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
        expect(Math.abs(score - dot(row, vector))).toBeLessThanOrEqual(1e-6 * norm(row) * norm(vector))
      }
    }
  })

  test('at the ends of float32 are scored without overflow', async () => {
    const rows = toRows([
      Float32Array.of(3e38, 3e38),
      Float32Array.of(1e-38, 1e-38),
      Float32Array.of(-3e38, 1e38),
    ])
    for (const metric of ['cosine', 'dot', 'euclidean'] as const) {
      const collection = await collectionOf(engine, metric, rows)
      for (const vector of [Float32Array.of(3e38, -1e38), Float32Array.of(1e-38, 2e-38)]) {
        expectNearest(await collection.query({ vector, exact: true }), rows, vector, metric, 10)
      }
    }
  })

  test('come back within the rounding of float32', async () => {
    const random = generator(43)
    const vectors = [1e-6, 1, 1e6].map((scale) => randomVector(random, 100, scale))
    const collection = await collectionOf(engine, 'dot', toRows(vectors))
    const matches = await collection.query({ vector: vectors[1]!, includeVector: true })
    expect(matches).toHaveLength(3)
    for (const { id, vector } of matches) {
      const given = vectors[Number(String(id).slice(1))]!
      expect(vector).toBeInstanceOf(Float32Array)
      const worst = Math.max(...vector.map((component, i) => Math.abs(component - given[i]!)))
      expect(worst).toBeLessThanOrEqual(2 ** -22 * norm(given))
    }
  })
})
