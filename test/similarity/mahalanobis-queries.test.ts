import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EngineName, Metadata } from '../../src/index.ts'
import { openCollection } from '../helpers/database.ts'
import { expectRejection, expectThrow } from '../helpers/errors.ts'
import { generator } from '../helpers/random.ts'
import {
  ALL,
  COUNT,
  expectConditions,
  expectNearest,
  type Films,
  space,
  spaces,
} from './mahalanobis-space.ts'

async function openFilms(dimension: number, engine: EngineName = 'flat'): Promise<Films> {
  const { films } = await openCollection<Metadata, number>({
    dimension,
    metric: 'euclidean',
    index: { engine },
  })
  return films
}

async function fill(films: Films, vectors: readonly Float32Array[]): Promise<Films> {
  await films.upsert(vectors.map((vector, id) => ({ id, vector, metadata: { even: id % 2 === 0 } })))
  return films
}

describe.each<EngineName>(['flat', 'hnsw'])('mahalanobis as the metric of a query, engine %s', (engine) => {
  it('is exact in scores and order, whatever the matrix, the units, and where the rows lie', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(spaces, fc.integer({ min: 1, max: 20 }), async (given, k) => {
        const { vectors, query: vector, precision } = given
        const films = await fill(await openFilms(vector.length, engine), vectors)
        const query = { vector, metric: { mahalanobis: precision }, k, select: [] as const }
        const matches = await films.query(query)
        expectNearest(given, ALL, matches, k)
        expect(films.querySync(query)).toEqual(matches)
        const metric = { mahalanobis: Float64Array.from(precision.flat()) }
        expect(await films.query({ ...query, metric, exact: true })).toEqual(matches)
        const [many, other] = await films.queryMany([{ vector, metric }, { vector }], { k, select: [] })
        expect(many).toEqual(matches)
        expect(other).toEqual(await films.query({ vector, k, select: [] }))
        const explained = await films.explain({ vector, metric, k })
        expect(explained.plan).toBe('scan')
        expect(explained.reason).toMatch(/another order than mahalanobis/)
      }),
      { numRuns: 20 },
    )
  })

  it('holds for filters, thresholds, pages, stored vectors and candidates', async () => {
    const given = space(6, 4, 3, 1, 4)
    const films = await fill(await openFilms(6, engine), given.vectors)
    const query = { vector: given.query, metric: { mahalanobis: given.precision }, select: [] as const }
    const all = await expectConditions(given, films, query)
    const own = { id: 5, metric: query.metric, k: COUNT, select: [] as const }
    const neighbours = await films.query(own)
    expect(neighbours.length).toBe(COUNT - 1)
    expectNearest(
      { ...given, query: given.vectors[5]! },
      ALL.filter((id) => id !== 5),
      neighbours,
      COUNT,
    )
    const nearest = await films.query({ vector: given.query, k: 90, exact: true, select: [] })
    const ids = new Set(nearest.map(({ id }) => id))
    const ranked = await films.query({ ...query, k: 20, candidates: 90, ef: COUNT })
    expect(ranked).toEqual(all.filter(({ id }) => ids.has(id)).slice(0, 20))
  })

  it('keeps up with records that are added, replaced, removed and cleared', async () => {
    const given = space(7, 9, 2, 1, 6)
    const films = await fill(await openFilms(7, engine), given.vectors)
    const metric = { mahalanobis: given.precision }
    const query = { vector: given.query, metric, k: 30, select: [] as const }
    expectNearest(given, ALL, await films.query(query), 30)
    const random = generator(11)
    const present = new Set(ALL)
    for (let round = 0; round < 30; round++) {
      const some = Array.from({ length: 1 + Math.floor(random() * 40) }, () => Math.floor(random() * COUNT))
      if (round % 3 === 0) {
        await films.delete(some)
        for (const id of some) present.delete(id)
      } else {
        // Others' vectors, the query's own among them: what images there were would lead astray.
        for (const id of some) {
          const other = given.vectors[Math.floor(random() * COUNT)]!
          given.vectors[id] = random() < 0.1 ? given.query : other.map((value) => value + random())
          present.add(id)
        }
        await films.upsert(some.map((id) => ({ id, vector: given.vectors[id]! })))
      }
      const matches = round % 2 === 0 ? films.querySync(query) : await films.query(query)
      expectNearest(given, [...present], matches, 30)
    }
    // So many get images of their own: few are left to be scored exactly.
    await fill(films, given.vectors)
    expectNearest(given, ALL, await films.query(query), 30)
    expect((await films.explain({ vector: given.query, metric, k: 30 })).reranked).toBeLessThan(100)
    await films.clear()
    expect(await films.query(query)).toEqual([])
    await fill(films, given.vectors)
    expectNearest(given, ALL, await films.query(query), 30)
  })
})

describe('the matrix', () => {
  const good = [
    [2, 1],
    [1, 2],
  ]
  const vector = [1, 0]

  it.each<[unknown, string, string]>([
    [undefined, 'BAD_VECTOR', ''],
    [7, 'BAD_VECTOR', ''],
    [[], 'BAD_VECTOR', ''],
    [[1, 0, 0], 'DIMENSION_MISMATCH', ''],
    [[[1, 0]], 'DIMENSION_MISMATCH', ''],
    [[[1], [1]], 'DIMENSION_MISMATCH', '[0]'],
    [[1, 0, 0, Number.NaN], 'BAD_VECTOR', '[3]'],
    [
      [
        [1, 0],
        [0, Infinity],
      ],
      'BAD_VECTOR',
      '[1][1]',
    ],
    [[2, 1, 1.001, 2], 'BAD_OPTION', ''],
    [[1, 2, 2, 1], 'BAD_OPTION', ''],
    [[0, 0, 0, 0], 'BAD_OPTION', ''],
  ])('%j is refused', async (precision, code, behind) => {
    const films = await openFilms(2)
    await films.upsert({ id: 1, vector })
    const metric = { mahalanobis: precision as number[] }
    const path = `query.metric.mahalanobis${behind}`
    await expectRejection(films.query({ vector, metric }), code as 'BAD_OPTION', { path })
    expectThrow(() => films.querySync({ vector, metric }), code as 'BAD_OPTION', { path })
    await expectRejection(films.explain({ vector, metric }), code as 'BAD_OPTION', { path })
    const own = `queries[1].metric.mahalanobis${behind}`
    const many = films.queryMany([
      { vector, metric: { mahalanobis: good } },
      { vector, metric },
    ])
    await expectRejection(many, code as 'BAD_OPTION', { path: own })
    const common = `options.metric.mahalanobis${behind}`
    await expectRejection(films.queryMany([{ vector }], { metric }), code as 'BAD_OPTION', { path: common })
  })

  it('takes no other options, and is no kernel of a vote or of attention', async () => {
    const films = await openFilms(2)
    await films.upsert({ id: 1, vector, metadata: { even: true } })
    const metric = { mahalanobis: good, gamma: 1 } as { mahalanobis: number[][] }
    await expectRejection(films.query({ vector, metric }), 'BAD_OPTION', { path: 'query.metric.gamma' })
    const kernel = { mahalanobis: good } as never
    const path = 'options.kernel.mahalanobis'
    await expectRejection(films.classify({ vector, field: 'even', kernel }), 'BAD_OPTION', { path })
    await expectRejection(films.attend({ queries: [vector], kernel }), 'BAD_OPTION', { path })
  })

  it('is copied before the call returns', async () => {
    const given = space(4, 2, 0, 1, 0)
    const films = await fill(await openFilms(4), given.vectors)
    const data = Float64Array.from(given.precision.flat())
    const query = { vector: given.query, metric: { mahalanobis: data }, select: [] as const }
    for (let i = 0; i < 2; i++) {
      const pending = films.query(query)
      data.fill(Number.NaN)
      expectNearest(given, ALL, await pending, 10)
      data.set(given.precision.flat())
    }
    data.set(given.precision.flat().map((entry) => 4 * entry))
    const matches = await films.query(query)
    const halved = matches.map(({ id, score }) => ({ id, score: score / 2 }))
    expectNearest(given, ALL, halved, 10)
  })

  it('takes memory for images, of the last few that were used', async () => {
    const given = space(40, 3, 0, 1, 0)
    const films = await fill(await openFilms(40), given.vectors)
    const { memory: before } = await films.stats()
    const memories: number[] = []
    for (let i = 1; i <= 6; i++) {
      const metric = { mahalanobis: given.precision.map((row) => row.map((entry) => i * entry)) }
      await films.query({ vector: given.query, metric })
      memories.push((await films.stats()).memory)
    }
    expect(memories[0]! - before).toBeGreaterThan(COUNT * 40 * 4)
    expect(memories[2]! - before).toBe(3 * (memories[0]! - before))
    expect(memories.slice(3)).toEqual([memories[2], memories[2], memories[2]])
    await films.clear()
    await films.query({ vector: given.query })
    expect((await films.stats()).memory).toBeLessThanOrEqual(before)
  })

  it('can be several at once, also more than are kept', async () => {
    const given = space(8, 5, 1, 1, 3)
    const films = await fill(await openFilms(8), given.vectors)
    const scales = [1, 4, 16, 64, 256, 1024]
    const queries = scales.flatMap((scale) => {
      const metric = { mahalanobis: given.precision.map((row) => row.map((entry) => scale * entry)) }
      return [{ vector: given.query, metric }, { vector: given.query }]
    })
    const expected = await films.query({ vector: given.query, metric: { mahalanobis: given.precision } })
    for (let round = 0; round < 3; round++) {
      const lists = await films.queryMany(queries)
      for (const [i, scale] of scales.entries()) {
        const scores = lists[2 * i]!.map(({ id, score }) => ({ id, score: score / Math.sqrt(scale) }))
        expect(scores).toEqual(expected.map(({ id, score }) => ({ id, score })))
        expect(lists[2 * i + 1]).toEqual(await films.query({ vector: given.query }))
      }
      await films.upsert({ id: 1, vector: given.vectors[1]! })
    }
  })

  it('gets its images in steps that a signal or a timeout ends', async () => {
    const dimension = 192
    const random = generator(6)
    const films = await openFilms(dimension)
    const vector = () => Float32Array.from({ length: dimension }, () => random() - 0.5)
    await films.upsert(
      (function* () {
        for (let id = 0; id < 20_000; id++) yield { id, vector: vector() }
      })(),
    )
    const rows = Array.from({ length: dimension }, vector)
    const precision = rows.map((a, i) =>
      rows.map((b, j) => a.reduce((total, x, k) => total + x * b[k]!, i === j ? 1 : 0)),
    )
    const query = { vector: vector(), metric: { mahalanobis: precision }, select: [] as const }
    const controller = new AbortController()
    const aborted = films.query({ ...query, signal: controller.signal })
    setTimeout(() => controller.abort(new Error('enough')), 1)
    await expect(aborted).rejects.toThrow('enough')
    await expectRejection(films.query({ ...query, timeout: 1 }), 'TIMEOUT')
    const [first, second] = await Promise.all([films.query(query), films.query(query)])
    expect(second).toEqual(first)
    expect(films.querySync(query)).toEqual(first)
  })
})
