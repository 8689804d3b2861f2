// More than 400 lines: each option of recommend against one reference, over all engines.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Collection, EngineName, MetricName, RecommendStrategy } from '../../src/index.ts'
import { idsOf, openCollection } from '../helpers/database.ts'
import { expectRejection } from '../helpers/errors.ts'
import { generator, randomVector } from '../helpers/random.ts'
import { advantage, expectedScore, type Item, marginal } from './recommend-reference.ts'

const DIMENSION = 8
const STRATEGIES: readonly RecommendStrategy[] = ['mean', 'best', 'sum']
const METRICS: readonly MetricName[] = ['cosine', 'dot', 'euclidean']
const ENGINES: readonly EngineName[] = ['flat', 'hnsw', 'hnswlib']

interface Film {
  genre: string
  tags: string[]
  year?: Date
  odd: boolean
}

type Films = Collection<Film, number>

async function fill(
  count: number,
  metric: MetricName,
  engine: EngineName,
): Promise<{ films: Films; items: Item[] }> {
  const { films } = await openCollection<Film, number>({ dimension: DIMENSION, metric, index: { engine } })
  const random = generator(count)
  const items = Array.from({ length: count }, (_, id) => ({
    id,
    vector: randomVector(random, DIMENSION, 0.5 + random()),
  }))
  const records = items.map((item) => ({ ...item, metadata: filmOf(item.id) }))
  for (let i = 0; i < count; i += 1_000) await films.upsert(records.slice(i, i + 1_000))
  while ((await films.stats()).pending > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  return { films, items }
}

function filmOf(id: number): Film {
  const film: Film = { genre: `genre ${id % 7}`, tags: [`a${id % 5}`, `b${id % 3}`], odd: id % 2 === 1 }
  if (id % 4 !== 0) film.year = new Date(2_000 + (id % 10), 0)
  return film
}

/** Of a seed: what is given, some of it by id, and what that comes to as vectors. */
function givenOf(seed: number, items: readonly Item[]) {
  const random = generator(seed)
  const some = (count: number) =>
    Array.from({ length: count }, () => {
      const item = items[Math.floor(random() * items.length)]!
      return random() < 0.25 ? randomVector(random, DIMENSION) : item
    })
  const likes = some(1 + Math.floor(random() * 5))
  const dislikes = some(Math.floor(random() * 4))
  const exclude = some(Math.floor(random() * 30)).flatMap((item) => ('id' in item ? [item.id] : []))
  const shown = (list: typeof likes) => list.map((item) => ('id' in item ? item.id : item))
  const vectors = (list: typeof likes) => list.map((item) => ('id' in item ? item.vector : item))
  const options = { positive: shown(likes), negative: shown(dislikes), exclude }
  const left = new Set(
    [...options.positive, ...options.negative, ...exclude].filter((x) => typeof x === 'number'),
  )
  return { options, left, positive: vectors(likes), negative: vectors(dislikes) }
}

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

function countsOf(values: readonly (readonly string[])[]): number[] {
  const counts = new Map<string, number>()
  for (const value of values.flat()) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts.values()]
}

describe.each(['hnsw', 'hnswlib'] as const)('through the graph of engine %s', (engine) => {
  let films: Films
  let items: Item[]
  const filled = async () => ({ films, items } = await fill(3_000, 'cosine', engine))

  it('recommends neither what is given nor what is excluded, and keeps to all conditions', async () => {
    await filled()
    expect((await films.explain({ id: 1 })).plan).toBe(engine)
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 0, max: 2_999 }), { minLength: 1, maxLength: 60 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 2_999 }), { maxLength: 60 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 3_999 }), { maxLength: 200 }),
        fc.constantFrom(...STRATEGIES),
        fc.constantFrom(0, 0.3),
        fc.constantFrom(undefined, { field: 'genre', limit: 2 } as const),
        fc.constantFrom(undefined, { odd: true }, { genre: { $in: ['genre 1', 'genre 2'] } }),
        async (positive, negative, exclude, strategy, diversity, perGroup, filter) => {
          // Neighbours are what is most in the way.
          const near = idsOf(await films.query({ id: positive[0]!, k: 20 }))
          const left = new Set([...positive, ...near.slice(0, 10), ...negative, ...exclude])
          const call = { positive: [...positive, ...near.slice(0, 10)], negative, exclude, k: 10, filter }
          const matches = await films.recommend({ ...call, strategy, diversity, perGroup })
          expect(matches.some(({ id }) => left.has(id))).toBe(false)
          const groups = perGroup === undefined ? 10 : filter && 'genre' in filter ? 4 : 10
          expect(matches.length).toBe(groups)
          expect(new Set(idsOf(matches)).size).toBe(matches.length)
          if (filter && 'odd' in filter) expect(matches.every(({ id }) => id % 2 === 1)).toBe(true)
          if (perGroup) {
            expect(
              Math.max(...countsOf(matches.map(({ metadata }) => [metadata.genre]))),
            ).toBeLessThanOrEqual(2)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('finds what the exact scan does, nearly always', async () => {
    await filled()
    for (const strategy of STRATEGIES) {
      let found = 0
      for (let seed = 1; seed <= 20; seed++) {
        const { options } = givenOf(seed, items)
        const exact = await films.recommend({ ...options, strategy, exact: true, select: [] })
        const matches = await films.recommend({ ...options, strategy, select: [] })
        const scores = new Map(exact.map(({ id, score }) => [id, score]))
        for (const { id, score } of matches) if (scores.get(id) === score) found++
      }
      expect([strategy, found / 200 > 0.9]).toEqual([strategy, true])
    }
  })

  it('gives back the last record when all others were given', async () => {
    await filled()
    const seen = items.map(({ id }) => id).filter((id) => id !== 1_234)
    for (const strategy of ['mean', 'sum'] as const) {
      expect(idsOf(await films.recommend({ positive: seen, strategy, k: 5 }))).toEqual([1_234])
    }
    const exclude = seen.filter((id) => id !== 7)
    for (const strategy of STRATEGIES) {
      expect(idsOf(await films.recommend({ positive: [7], exclude, strategy, k: 5 }))).toEqual([1_234])
    }
  })
})

describe('while records are written', () => {
  it('never recommends a given record, nor breaks a limit', async () => {
    const { films, items } = await fill(2_500, 'cosine', 'hnsw')
    let writing = true
    const random = generator(9)
    const writer = (async () => {
      while (writing) {
        const changed = Array.from({ length: 20 }, () => Math.floor(random() * 40))
        await films.upsert(
          changed.map((id) => ({
            id,
            vector: randomVector(random, DIMENSION),
            metadata: filmOf(id + (random() < 0.5 ? 1 : 0)),
          })),
        )
      }
    })()
    try {
      const positive = Array.from({ length: 20 }, (_, i) => i)
      for (let round = 0; round < 60; round++) {
        const strategy = STRATEGIES[round % 3]!
        const matches = await films.recommend({
          positive,
          exclude: [30, 31],
          strategy,
          k: 12,
          diversity: round % 2 === 0 ? 0 : 0.3,
          perGroup: { field: 'genre', limit: 2 },
          filter: { $id: { $ne: 33 } },
        })
        expect(matches.length).toBe(12)
        expect(matches.some(({ id }) => id < 20 || id === 30 || id === 31 || id === 33)).toBe(false)
        expect(Math.max(...countsOf(matches.map(({ metadata }) => [metadata.genre])))).toBe(2)
      }
    } finally {
      writing = false
      await writer
    }
    expect(items.length).toBe(2_500)
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
