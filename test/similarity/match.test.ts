import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  align,
  type CollectionMetricName,
  dense,
  type MatchMargin,
  type MatchProgress,
} from '../../src/index.ts'
import { openCollection, openDatabase } from '../helpers/database.ts'
import { expectRejection } from '../helpers/errors.ts'
import { generator, randomVectors } from '../helpers/random.ts'
import { isDistance, metricOption } from '../helpers/reference.ts'
import { expectPairs, fill, listed, noisyCopies } from './match-films.ts'
import { expectedPairs } from './match-reference.ts'

const METRICS: readonly CollectionMetricName[] = ['cosine', 'dot', 'euclidean', 'mahalanobis']
const MARGINS: readonly MatchMargin[] = ['ratio', 'distance', 'none']
const ENGINES = ['flat', 'hnsw'] as const

const seeds = fc.integer({ min: 1, max: 2 ** 30 })
const sizes = fc.integer({ min: 0, max: 60 })

describe.each(ENGINES)('match, engine %s', (engine) => {
  it.each(METRICS)('pairs records as the formula says, metric %s', async (metric) => {
    const db = await openDatabase()
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: seeds,
          counts: fc.tuple(sizes, sizes),
          dimension: fc.integer({ min: 2, max: 8 }),
          k: fc.integer({ min: 1, max: 12 }),
          margin: fc.constantFrom(...MARGINS.filter((name) => name !== 'ratio' || metric === 'cosine')),
          mutual: fc.boolean(),
          filtered: fc.boolean(),
          limited: fc.boolean(),
        }),
        async ({ seed, counts, dimension, k, margin, mutual, filtered, limited }) => {
          const random = generator(seed)
          const [first, second] = counts.map((count) => randomVectors(random, count, dimension))
          const left = await fill(db, `left ${run}`, first!, { metric, engine })
          const right = await fill(db, `right ${run++}`, second!, { metric, engine })
          if (counts.some((count) => count === 0) && left.films.dimension !== right.films.dimension) return
          const A = left.items.filter(({ id }) => !filtered || id % 2 === 1)
          const wanted = { metric, k, margin, mutual }
          const all = expectedPairs(A, right.items, wanted)
          const threshold = limited ? all[all.length >> 1]?.margin : undefined
          // A margin that is compared with itself may be another one by rounding.
          const near = isDistance(metric) && margin === 'none' ? 1e-9 : -1e-9
          const limit =
            threshold === undefined ? undefined : Number.isFinite(threshold) ? threshold + near : 1
          const filter = filtered ? { odd: true } : undefined
          const options = { k, margin, mutual, filter, threshold: limit }
          const pairs = await listed(left.films.match(right.films, options))
          expectPairs(pairs, expectedPairs(A, right.items, { ...wanted, threshold: limit }))
        },
      ),
      { numRuns: 40 },
    )
  })

  it('compares what a transform makes of the vectors', async () => {
    const db = await openDatabase()
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        seeds,
        fc.constantFrom(...METRICS),
        fc.boolean(),
        fc.boolean(),
        async (seed, metric, mutual, filtered) => {
          const random = generator(seed)
          const transform = dense([
            {
              weights: randomVectors(random, 5, 3),
              bias: [...randomVectors(random, 1, 5)[0]!],
              activation: 'tanh',
            },
          ])
          const left = await fill(db, `left ${run}`, randomVectors(random, 50, 3), { engine })
          const right = await fill(db, `right ${run++}`, randomVectors(random, 40, 5), { metric, engine })
          const margin = metric === 'cosine' ? 'ratio' : 'distance'
          const filter = filtered ? { odd: true } : undefined
          const pairs = await listed(left.films.match(right.films, { transform, margin, mutual, filter }))
          const A = left.items
            .filter(({ id }) => !filtered || id % 2 === 1)
            .map(({ id, vector }) => ({ id, vector: transform.apply(vector) }))
          expectPairs(pairs, expectedPairs(A, right.items, { metric, k: 4, margin, mutual }))
        },
      ),
      { numRuns: 15 },
    )
  })
})

describe('match', () => {
  it('through a graph finds nearly all, and all where it scans', async () => {
    const db = await openDatabase()
    const { first, second } = noisyCopies(generator(8), 2_200, 16, 0.3)
    const left = await fill(db, 'left', first, { engine: 'hnsw' })
    const right = await fill(db, 'right', second, { engine: 'hnsw' })
    for (const mutual of [false, true]) {
      const wanted = { metric: 'cosine', k: 4, margin: 'ratio', mutual } as const
      const expected = expectedPairs(left.items, right.items, wanted)
      expectPairs(await listed(left.films.match(right.films, { mutual, exact: true })), expected)
      const known = new Set(expected.map(({ a, b }) => `${a} ${b}`))
      for (const ef of [undefined, 300]) {
        const pairs = await listed(left.films.match(right.films, { mutual, ef }))
        const found = pairs.filter(({ a, b }) => known.has(`${a} ${b}`)).length
        expect(found / expected.length).toBeGreaterThan(0.98)
        expect(pairs.length - found).toBeLessThan(0.02 * expected.length)
      }
    }
  }, 60_000)

  it('through a graph of transformed vectors finds nearly all', async () => {
    const db = await openDatabase()
    const { first, second } = noisyCopies(generator(9), 2_200, 16, 0.2)
    const left = await fill(db, 'left', first, { engine: 'hnsw' })
    const turned = second.map((vector) => Float32Array.from([...vector.toReversed(), 0.5]))
    const right = await fill(db, 'right', turned, { engine: 'hnsw' })
    const transform = align({ from: first.slice(0, 400), to: turned.slice(0, 400) })
    const pairs = await listed(left.films.match(right.films, { transform, mutual: true }))
    expect(pairs.filter(({ a, b }) => a === b).length).toBeGreaterThan(0.97 * 2_200)
    expect(pairs.filter(({ a, b }) => a !== b).length).toBeLessThan(0.02 * 2_200)
  }, 60_000)

  it('takes the first of equal ones, and with mutual each record once', async () => {
    const db = await openDatabase()
    const vectors = [
      [1, 0],
      [1, 0],
      [0, 1],
      [1, 0],
    ].map((vector) => Float32Array.from(vector))
    const left = await fill(db, 'left', vectors)
    const right = await fill(db, 'right', vectors.slice(0, 3))
    const all = await listed(left.films.match(right.films, { k: 2 }))
    expect(all.map(({ a, b }) => [a, b])).toEqual([
      [0, 0],
      [1, 0],
      [2, 2],
      [3, 0],
    ])
    const mutual = await listed(left.films.match(right.films, { k: 2, mutual: true }))
    expect(mutual.map(({ a, b }) => [a, b])).toEqual([
      [0, 0],
      [2, 2],
    ])
    expect(mutual[0]!.score).toBe(1)
  })

  it('has no ratio for vectors that are not alike, and an infinite one where nothing else is', async () => {
    const db = await openDatabase()
    const of = (...vectors: number[][]) => vectors.map((vector) => Float32Array.from(vector))
    const left = await fill(db, 'left', of([1, 0], [-1, 0.1]))
    const right = await fill(db, 'right', of([1, 0.1], [0.1, 1], [0.2, -1]))
    const pairs = await listed(left.films.match(right.films, { k: 3 }))
    expect(pairs.map(({ a, b }) => [a, b])).toEqual([[0, 0]])
    const far = await fill(db, 'far', of([1, 0.1], [-1, 0.2], [-1, -0.3]))
    const [first] = await listed(left.films.match(far.films, { k: 3 }))
    expect(first).toMatchObject({ a: 0, b: 0, margin: Number.POSITIVE_INFINITY })
  })

  it('takes ids of any kind, in their order, and collections of two databases', async () => {
    const one = await openCollection({ dimension: 2, metric: 'cosine' })
    const other = await openCollection({ dimension: 2, metric: 'cosine' })
    await one.films.upsert(['x', 10, '10', 2].map((id, i) => ({ id, vector: [Math.cos(i), Math.sin(i)] })))
    await other.films.upsert(['p', 'q', 7, 8].map((id, i) => ({ id, vector: [Math.cos(i), Math.sin(i)] })))
    const pairs = await listed(one.films.match(other.films, { margin: 'none', k: 1 }))
    expect(pairs.map(({ a, b }) => [a, b])).toEqual([
      [2, 8],
      [10, 'q'],
      ['10', 7],
      ['x', 'p'],
    ])
    await other.db.close()
    await expectRejection(listed(one.films.match(other.films)), 'CLOSED')
  })

  it('has nothing to pair where one of them is empty', async () => {
    const db = await openDatabase()
    const empty = await fill(db, 'empty', [])
    const { films } = await fill(db, 'films', randomVectors(generator(1), 10, 4))
    for (const mutual of [false, true]) {
      expect(await listed(films.match(empty.films, { mutual }))).toEqual([])
      expect(await listed(empty.films.match(films, { mutual }))).toEqual([])
      expect(await listed(films.match(empty.films, { mutual, filter: { $id: -1 } }))).toEqual([])
    }
    const transform = dense([
      {
        weights: [
          [1, 0, 0, 0],
          [0, 1, 0, 0],
          [0, 0, 1, 0],
          [0, 0, 0, 1],
        ],
      },
    ])
    expect(await listed(films.match(empty.films, { transform }))).toEqual([])
    expect(await listed(empty.films.match(films, { transform }))).toEqual([])
  })

  it('tells how far it is, and ends with what onProgress throws', async () => {
    const db = await openDatabase()
    const { first, second } = noisyCopies(generator(4), 700, 6, 0.1)
    const left = await fill(db, 'left', first)
    const right = await fill(db, 'right', second)
    const told: MatchProgress[] = []
    const onProgress = (progress: MatchProgress) => told.push(progress)
    await listed(left.films.match(right.films, { onProgress }))
    expect(told.length).toBeGreaterThan(2)
    expect(told.every(({ done }, i) => done > (told[i - 1]?.done ?? 0))).toBe(true)
    expect(told.at(-1)!.done).toBe(700)
    expect(told.every(({ phase, total }) => phase === 'match' && total === 700)).toBe(true)
    told.length = 0
    await listed(left.films.match(right.films, { onProgress, filter: { odd: true } }))
    expect(told.at(-1)).toEqual({ phase: 'match', done: 350, total: 350 })
    told.length = 0
    const transform = align({ from: first.slice(0, 20), to: second.slice(0, 20) })
    await listed(left.films.match(right.films, { onProgress, transform }))
    expect(told.findLast(({ phase }) => phase === 'transform')).toMatchObject({ done: 700, total: 700 })
    const failing = left.films.match(right.films, {
      onProgress: () => {
        throw new Error('no more')
      },
    })
    await expect(listed(failing)).rejects.toThrow('no more')
  })

  it('can be iterated again, and left early', async () => {
    const db = await openDatabase()
    const { first, second } = noisyCopies(generator(4), 300, 6, 0.1)
    const left = await fill(db, 'left', first)
    const right = await fill(db, 'right', second)
    const pairs = left.films.match(right.films)
    for await (const { a } of pairs) if (a === 5) break
    const all = await listed(pairs)
    expect(await listed(pairs)).toEqual(all)
    expect(all.length).toBe(300)
  })
})

describe('match refuses', () => {
  it('what is no collection, itself, and another space', async () => {
    const db = await openDatabase()
    const { films } = await fill(db, 'films', randomVectors(generator(1), 10, 4))
    const of = (dimension: number, metric: CollectionMetricName = 'cosine') =>
      db.collection(`of ${dimension} ${metric}`, { dimension, metric: metricOption(metric, dimension) })
    for (const other of [undefined, null, {}, 'films', new Proxy(films, {}), db]) {
      await expectRejection(listed(films.match(other as never)), 'BAD_OPTION', { path: 'other' })
    }
    const same = await db.collection<object, number>('films')
    await expectRejection(listed(films.match(same)), 'BAD_OPTION', { path: 'other' })
    await expectRejection(listed(films.match(await of(5))), 'DIMENSION_MISMATCH', { path: 'other' })
    const dot = await of(4, 'dot')
    await expectRejection(listed(films.match(dot, { margin: 'none' })), 'BAD_OPTION', { path: 'other' })
    const own = await of(4, 'mahalanobis')
    const matrix = metricOption('mahalanobis', 4) as { mahalanobis: Float64Array }
    const twice = { mahalanobis: matrix.mahalanobis.map((entry) => 2 * entry) }
    const others = await db.collection<object, number>('of twice', { metric: twice })
    const error = await expectRejection(listed(own.match(others, { margin: 'none' })), 'BAD_OPTION', {
      path: 'other',
    })
    expect(error.message).toContain('another matrix')
  })

  it('a ratio of what is no cosine, and names the remedy', async () => {
    const db = await openDatabase()
    for (const metric of ['dot', 'euclidean', 'mahalanobis'] as const) {
      const left = await fill(db, `left ${metric}`, randomVectors(generator(1), 5, 4), { metric })
      const right = await fill(db, `right ${metric}`, randomVectors(generator(2), 5, 4), { metric })
      const error = await expectRejection(listed(left.films.match(right.films)), 'BAD_OPTION', {
        path: 'options.margin',
      })
      expect(error.message).toContain('use "distance"')
      expect((await listed(left.films.match(right.films, { margin: 'distance' }))).length).toBe(5)
    }
  })

  it('transforms that do not fit, and those that are none', async () => {
    const db = await openDatabase()
    const left = await fill(db, 'left', randomVectors(generator(1), 5, 3))
    const right = await fill(db, 'right', randomVectors(generator(1), 5, 4))
    const path = 'options.transform'
    const map = (rows: number, columns: number) =>
      dense([{ weights: randomVectors(generator(1), rows, columns) }])
    const call = (transform: unknown) =>
      listed(left.films.match(right.films, { transform: transform as never }))
    for (const transform of [{}, { ...map(4, 3) }, (x: unknown) => x, new Proxy(map(4, 3), {}), null]) {
      await expectRejection(call(transform), 'BAD_OPTION', { path })
    }
    await expectRejection(call(map(4, 4)), 'DIMENSION_MISMATCH', { path })
    await expectRejection(call(map(3, 3)), 'DIMENSION_MISMATCH', { path })
    expect((await call(map(4, 3))).length).toBeGreaterThan(0)
  })

  it('a record that a transform makes nothing comparable of, unless it takes no part', async () => {
    const db = await openDatabase()
    const vectors = randomVectors(generator(1), 60, 3).map((vector) => vector.map(Math.abs))
    vectors[41] = Float32Array.of(-1, -1, -1)
    const left = await fill(db, 'left', vectors)
    const right = await fill(db, 'right', vectors.slice(0, 20))
    const positive = dense([
      {
        weights: [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
        activation: 'relu',
      },
    ])
    const call = (transform: ReturnType<typeof dense>, filter?: object) =>
      listed(left.films.match(right.films, { transform, filter }))
    const where = { path: 'options.transform', id: 41 }
    await expectRejection(call(positive), 'BAD_VECTOR', where)
    expect((await call(positive, { odd: false })).length).toBe(30)
    const huge = dense([
      {
        weights: [
          [3e38, 0, 0],
          [0, -1, 0],
          [0, 0, -1],
        ],
      },
      {
        weights: [
          [-9, 1, 1],
          [0, 1, 0],
          [0, 0, 1],
        ],
        activation: 'relu',
      },
    ])
    await expectRejection(call(huge), 'BAD_VECTOR', where)
  })

  it('options that are none', async () => {
    const db = await openDatabase()
    const left = await fill(db, 'left', randomVectors(generator(1), 5, 3))
    const right = await fill(db, 'right', randomVectors(generator(1), 5, 3))
    for (const [key, value] of Object.entries({
      k: 0,
      margin: 'ratios',
      mutual: 1,
      threshold: Number.NaN,
      ef: 0,
      exact: 'yes',
      onProgress: 5,
      signal: {},
    })) {
      const call = left.films.match(right.films, { [key]: value } as never)
      await expectRejection(listed(call), 'BAD_OPTION', { path: `options.${key}` })
    }
    await expectRejection(listed(left.films.match(right.films, { k: 1_001 })), 'BAD_OPTION', {
      path: 'options.k',
    })
    const filter = { odd: { $gt: {} } } as never
    await expectRejection(listed(left.films.match(right.films, { filter })), 'BAD_FILTER', {
      path: 'options.filter.odd.$gt',
    })
  })
})
