import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CollectionMetricName, EngineName } from '../../src/index.ts'
import { idsOf, openCollection } from '../helpers/database.ts'
import { expectRejection } from '../helpers/errors.ts'
import { countsOf, type Films, fill, filmOf, givenOf, STRATEGIES } from './recommend-films.ts'
import { advantage, expectedScore, type Item, marginal } from './recommend-reference.ts'

const METRICS: readonly CollectionMetricName[] = ['cosine', 'dot', 'euclidean', 'mahalanobis']
const ENGINES: readonly EngineName[] = ['flat', 'hnsw', 'hnswlib']

describe.each(ENGINES)('engine %s', (engine) => {
  describe.each(METRICS)('metric %s', (metric) => {
    it.each(STRATEGIES)('%s finds the best by its formula', async (strategy) => {
      const { films, items } = await fill(300, metric, engine)
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 2 ** 30 }),
          fc.integer({ min: 1, max: 40 }),
          fc.boolean(),
          async (seed, k, filtered) => {
            const { options, left, ...given } = givenOf(seed, items)
            const filter = filtered ? { odd: true } : undefined
            const matches = await films.recommend({ ...options, strategy, k, filter })
            const may = items.filter(({ id }) => !left.has(id) && (!filtered || id % 2 === 1))
            const scores = new Map(
              may.map(({ id, vector }) => [id, expectedScore(metric, { strategy, ...given }, vector)]),
            )
            const best = [...scores.values()].sort((a, b) => advantage(metric, strategy, b, a))
            expect(matches.length).toBe(Math.min(k, may.length))
            expect(new Set(idsOf(matches)).size).toBe(matches.length)
            for (const [i, { id, score, metadata }] of matches.entries()) {
              // The vector that is made is rounded to float32.
              expect(score).toBeCloseTo(scores.get(id)!, 4)
              expect(scores.get(id)).toBeCloseTo(best[i]!, 4)
              expect(metadata).toEqual(filmOf(id))
              if (i > 0)
                expect(advantage(metric, strategy, matches[i - 1]!.score, score)).toBeGreaterThanOrEqual(0)
            }
          },
        ),
        { numRuns: 25 },
      )
    })

    it.each(STRATEGIES)('%s leaves out what is not near enough', async (strategy) => {
      const { films, items } = await fill(120, metric, engine)
      const { options } = givenOf(7, items)
      const all = await films.recommend({ ...options, strategy, k: 120, select: [] })
      const { score } = all[9]!
      const near = await films.recommend({ ...options, strategy, k: 120, select: [], threshold: score })
      expect(near).toEqual(all.filter((match) => advantage(metric, strategy, match.score, score) >= 0))
      expect(near.length).toBeGreaterThanOrEqual(10)
    })

    it.each(STRATEGIES)('%s with diversity is maximal marginal relevance', async (strategy) => {
      const { films, items } = await fill(200, metric, engine)
      for (const [seed, diversity] of [
        [1, 0.2],
        [2, 0.5],
        [3, 0.9],
        [4, 1],
      ] as const) {
        const { options, left, ...given } = givenOf(seed, items)
        const k = 8
        const matches = await films.recommend({ ...options, strategy, k, diversity, select: [] })
        const wanted = { strategy, ...given }
        const scoreOf = ({ vector }: Item) => expectedScore(metric, wanted, vector)
        const pool = items
          .filter(({ id }) => !left.has(id))
          .sort((a, b) => advantage(metric, strategy, scoreOf(b), scoreOf(a)))
          .slice(0, 50)
        expect(idsOf(matches)).toEqual(marginal(metric, wanted, pool, k, diversity))
      }
    })
  })

  it('fills k with few of each group', async () => {
    const { films, items } = await fill(400, 'cosine', engine)
    for (const strategy of STRATEGIES) {
      for (const diversity of [0, 0.4]) {
        const { options } = givenOf(5, items)
        const call = { ...options, strategy, diversity, k: 14 }
        const matches = await films.recommend({ ...call, perGroup: { field: 'genre', limit: 2 } })
        expect(countsOf(matches.map(({ metadata }) => [metadata.genre]))).toEqual(Array(7).fill(2))
        const few = await films.recommend({
          ...call,
          perGroup: { field: 'genre', limit: 1 },
          select: ['odd'],
        })
        expect(few.length).toBe(7)
        expect(Object.keys(few[0]!.metadata)).toEqual(['odd'])
        const tagged = await films.recommend({ ...call, perGroup: { field: 'tags', limit: 3 } })
        expect(tagged.length).toBe(9)
        expect(Math.max(...countsOf(tagged.map(({ metadata }) => metadata.tags)))).toBe(3)
      }
    }
  })

  it('takes the best of each group, and any number that belong to none', async () => {
    const { films, items } = await fill(300, 'dot', engine)
    const { options, left } = givenOf(11, items)
    const all = await films.recommend({ ...options, k: 300 })
    expect(all.length).toBe(300 - left.size)
    const counts = new Map<number, number>()
    const expected = all.filter(({ metadata: { year } }) => {
      if (year === undefined) return true
      const count = (counts.get(year.getTime()) ?? 0) + 1
      counts.set(year.getTime(), count)
      return count <= 2
    })
    const matches = await films.recommend({ ...options, k: 300, perGroup: { field: 'year', limit: 2 } })
    expect(matches).toEqual(expected)
  })

  it('has nothing to recommend where the filter lets nothing through', async () => {
    const { films } = await fill(50, 'cosine', engine)
    for (const strategy of STRATEGIES) {
      const call = {
        positive: [1, 2],
        strategy,
        diversity: 0.5,
        perGroup: { field: 'genre', limit: 1 },
      } as const
      expect(await films.recommend({ ...call, filter: { genre: 'none' } })).toEqual([])
      expect(await films.recommend({ ...call, filter: { $id: { $in: [1, 2] } } })).toEqual([])
    }
  })
})

describe('shapes matches as queries do', () => {
  it('with selected metadata and vectors', async () => {
    const { films, items } = await fill(60, 'cosine', 'flat')
    const [match] = await films.recommend({
      positive: [3],
      select: ['genre'],
      includeVector: true,
      diversity: 0.2,
    })
    expect(match).toEqual({
      id: match!.id,
      score: match!.score,
      metadata: { genre: `genre ${match!.id % 7}` },
      vector: items[match!.id]!.vector,
    })
    const [like] = await films.recommend({ positive: [3], select: [] })
    const [neighbour] = await films.query({ id: 3, select: [] })
    expect(like).toEqual({ ...neighbour, score: expect.closeTo(neighbour!.score, 6) })
  })

  it('takes ids that are strings, and knows 1 from "1"', async () => {
    const { films } = await openCollection({ dimension: 2, metric: 'cosine' })
    await films.upsert([
      { id: 1, vector: [1, 0] },
      { id: '1', vector: [1, 0.1] },
      { id: 'x', vector: [0, 1] },
    ])
    expect(idsOf(await films.recommend({ positive: [1] }))).toEqual(['1', 'x'])
    expect(idsOf(await films.recommend({ positive: ['1'], exclude: ['x'] }))).toEqual([1])
    // Whatever is as near to what is disliked as to what is liked is disliked.
    const call = { positive: [[0, 1]], negative: ['x'], strategy: 'best' } as const
    expect(idsOf(await films.recommend(call))).toEqual([1, '1'])
  })
})

describe('refuses', () => {
  let films: Films
  const filled = async () => ({ films } = await fill(30, 'cosine', 'flat'))

  it('likes of nothing', async () => {
    await filled()
    await expectRejection(films.recommend({ positive: [] }), 'BAD_OPTION', { path: 'options.positive' })
    await expectRejection(films.recommend({} as never), 'BAD_OPTION', { path: 'options.positive' })
    await expectRejection(films.recommend({ positive: new Float32Array(8) } as never), 'BAD_OPTION', {
      path: 'options.positive',
    })
  })

  it('unknown ids, and names them', async () => {
    await filled()
    const where = { path: 'options.positive[1]', id: 99 }
    const error = await expectRejection(films.recommend({ positive: [1, 99, 2, -5] }), 'NOT_FOUND', where)
    expect(error.message).toContain('99, -5')
    await expectRejection(films.recommend({ positive: [1], negative: [77] }), 'NOT_FOUND', {
      path: 'options.negative[0]',
      id: 77,
    })
    await expectRejection(
      films.recommend({ positive: [[1, 0, 0, 0, 0, 0, 0, 0], 99], filter: { odd: true } }),
      'NOT_FOUND',
      where,
    )
    expect((await films.recommend({ positive: [1], exclude: [12_345] })).length).toBe(10)
    await films.delete(1)
    await expectRejection(films.recommend({ positive: [1] }), 'NOT_FOUND', {
      path: 'options.positive[0]',
      id: 1,
    })
  })

  it('vectors that are none, and those that come to none', async () => {
    await filled()
    const zero = Array(8).fill(0)
    await expectRejection(films.recommend({ positive: [1, zero] }), 'BAD_VECTOR', {
      path: 'options.positive[1]',
    })
    await expectRejection(films.recommend({ positive: [[1, 2]] }), 'DIMENSION_MISMATCH', {
      path: 'options.positive[0]',
    })
    await expectRejection(
      films.recommend({ positive: [1], negative: [[Number.NaN, ...zero.slice(1)]] }),
      'BAD_VECTOR',
      {
        path: 'options.negative[0][0]',
      },
    )
    const there = [1, ...zero.slice(1)]
    const back = there.map((value) => -value)
    for (const strategy of ['mean', 'sum'] as const) {
      await expectRejection(films.recommend({ positive: [there, back], strategy }), 'BAD_VECTOR', {
        path: 'options.positive',
      })
    }
    expect((await films.recommend({ positive: [there, back], strategy: 'best' })).length).toBe(10)
  })

  it('other options that are wrong', async () => {
    await filled()
    const refused = (
      options: object,
      path: string,
      code: 'BAD_OPTION' | 'BAD_ID' | 'BAD_FILTER' = 'BAD_OPTION',
    ) => expectRejection(films.recommend({ positive: [1], ...options }), code, { path: `options.${path}` })
    await refused({ strategy: 'average' }, 'strategy')
    await refused({ diversity: 1.5 }, 'diversity')
    await refused({ perGroup: { field: 'genre' } }, 'perGroup.limit')
    await refused({ perGroup: { field: 'genre', limit: 0 } }, 'perGroup.limit')
    await refused({ perGroup: { field: 'a..b', limit: 1 } }, 'perGroup.field')
    await refused({ perGroup: { field: 5, limit: 1 } }, 'perGroup.field')
    await refused({ exclude: 5 }, 'exclude')
    await refused({ exclude: [{}] }, 'exclude[0]', 'BAD_ID')
    await refused({ positive: [1, true] }, 'positive[1]', 'BAD_ID')
    await refused({ k: 0 }, 'k')
    await refused({ metric: 'dot' }, 'metric')
    await refused({ filter: { $nope: 1 } }, 'filter.$nope', 'BAD_FILTER')
  })

  it('to go on after its signal', async () => {
    await filled()
    const reason = new Error('enough')
    const call = films.recommend({ positive: [1], signal: AbortSignal.abort(reason) })
    await expect(call).rejects.toBe(reason)
  })
})
