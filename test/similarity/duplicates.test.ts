import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CollectionMetricName, DuplicatesProgress } from '../../src/index.ts'
import { openCollection, openDatabase } from '../helpers/database.ts'
import { expectRejection } from '../helpers/errors.ts'
import { generator, randomVectors, repeatedVectors } from '../helpers/random.ts'
import { isDistance } from '../helpers/reference.ts'
import { fill, listed, noisyCopies } from './match-films.ts'
import { expectedDuplicates } from './match-reference.ts'

const METRICS: readonly CollectionMetricName[] = ['cosine', 'dot', 'euclidean', 'mahalanobis']

const inOrder = <T extends { a: number; b: number }>(pairs: readonly T[]) =>
  pairs.toSorted((x, y) => x.a - y.a || x.b - y.b)

describe.each(['flat', 'hnsw'] as const)('duplicates, engine %s', (engine) => {
  it.each(METRICS)('are all pairs that are near enough, each once, metric %s', async (metric) => {
    const db = await openDatabase()
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 2 ** 30 }),
        fc.integer({ min: 0, max: 120 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.boolean(),
        async (seed, count, share, filtered) => {
          const { films, items } = await fill(
            db,
            `films ${run++}`,
            randomVectors(generator(seed), count, 4),
            {
              metric,
              engine,
            },
          )
          const taken = items.filter(({ id }) => !filtered || id % 2 === 1)
          const loose = isDistance(metric) ? 1e9 : -1e9
          const all = expectedDuplicates(taken, metric, loose)
          const scores = all.map(({ score }) => score).sort((x, y) => (isDistance(metric) ? x - y : y - x))
          // Between two scores: no rounding decides.
          const place = Math.floor(share * (scores.length - 1))
          const threshold = scores.length < 2 ? loose : (scores[place]! + scores[place + 1]!) / 2 || loose
          const filter = filtered ? { odd: true } : undefined
          const pairs = await listed(films.duplicates({ threshold, filter }))
          const expected = expectedDuplicates(taken, metric, threshold)
          expect(pairs.map(({ a, b }) => [a, b])).toEqual(expected.map(({ a, b }) => [a, b]))
          for (const [i, { score }] of pairs.entries()) expect(score).toBeCloseTo(expected[i]!.score, 9)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('are all there where many vectors are equal', async () => {
    const db = await openDatabase()
    const vectors = repeatedVectors(generator(3), 2_300, 6)
    const { films, items } = await fill(db, 'films', vectors, { engine })
    const pairs = await listed(films.duplicates({ threshold: 1 - 1e-9 }))
    const keys = items.map(({ vector }) => vector.map((x) => Math.fround(x / vector[0]!)).join())
    const groups = new Map<string, number>()
    for (const key of keys) groups.set(key, (groups.get(key) ?? 0) + 1)
    const expected = [...groups.values()].reduce((sum, size) => sum + (size * (size - 1)) / 2, 0)
    expect(expected).toBeGreaterThan(150_000)
    expect(pairs.length).toBe(expected)
    expect(new Set(pairs.map(({ a, b }) => a * 10_000 + b)).size).toBe(expected)
    for (const { a, b, score } of pairs) {
      if (a >= b || keys[a] !== keys[b] || score < 1 - 1e-9) expect.fail(`${a} and ${b} score ${score}`)
    }
  })

  it('of more neighbours than are held at a time come in stretches, nearest first', async () => {
    const db = await openDatabase()
    const { films, items } = await fill(db, 'films', randomVectors(generator(7), 5_000, 3), { engine })
    const seen: number[] = []
    let last = Number.POSITIVE_INFINITY
    for await (const { a, b, score } of films.duplicates({ threshold: -2 })) {
      if (a !== 0) break
      expect(score).toBeLessThanOrEqual(last)
      last = score
      seen.push(b)
    }
    expect(seen.toSorted((x, y) => x - y)).toEqual(items.slice(1).map(({ id }) => id))
  })
})

describe('duplicates', () => {
  it('through a graph are nearly all, and all where it scans', async () => {
    const db = await openDatabase()
    const { first, second } = noisyCopies(generator(5), 1_300, 16, 0.2)
    const { films, items } = await fill(db, 'films', [...first, ...second], { engine: 'hnsw' })
    const expected = inOrder(expectedDuplicates(items, 'cosine', 0.9))
    expect(expected.length).toBeGreaterThan(1_000)
    const all = inOrder(await listed(films.duplicates({ threshold: 0.9, exact: true })))
    expect(all.map(({ a, b }) => [a, b])).toEqual(expected.map(({ a, b }) => [a, b]))
    const found = await listed(films.duplicates({ threshold: 0.9 }))
    expect(found.length).toBeGreaterThan(0.98 * expected.length)
    const known = new Set(expected.map(({ a, b }) => `${a} ${b}`))
    expect(found.every(({ a, b }) => known.has(`${a} ${b}`))).toBe(true)
  })

  it('has the id that comes first as a: integers, then strings by code points', async () => {
    const { films } = await openCollection({ dimension: 2, metric: 'cosine' })
    const ids = ['\u{1f3ac}', '￿', 'b', 10, '10', -3, 'a', 9]
    await films.upsert(ids.map((id) => ({ id, vector: [1, 2] })))
    const ordered = [-3, 9, 10, '10', 'a', 'b', '￿', '\u{1f3ac}']
    const pairs = await listed(films.duplicates({ threshold: 1 }))
    expect(pairs.length).toBe(28)
    for (const { a, b } of pairs)
      expect(ordered.indexOf(a as never)).toBeLessThan(ordered.indexOf(b as never))
  })

  it('tells how far it is', async () => {
    const db = await openDatabase()
    const { films } = await fill(db, 'films', randomVectors(generator(2), 600, 4))
    const told: DuplicatesProgress[] = []
    await listed(films.duplicates({ threshold: 0.999, onProgress: (progress) => told.push(progress) }))
    expect(told.length).toBeGreaterThan(2)
    expect(told.every(({ done, total }, i) => total === 600 && done > (told[i - 1]?.done ?? 0))).toBe(true)
    expect(told.at(-1)!.done).toBe(600)
  })

  it('refuses options that are none, and needs a threshold', async () => {
    const db = await openDatabase()
    const { films } = await fill(db, 'films', randomVectors(generator(2), 5, 4))
    const refused = (options: unknown, path: string) =>
      expectRejection(listed(films.duplicates(options as never)), 'BAD_OPTION', { path })
    for (const options of [undefined, {}, { threshold: undefined }, { threshold: '1' }]) {
      await refused(options, 'options.threshold')
    }
    await refused({ threshold: 1, k: 5 }, 'options.k')
    await refused({ threshold: 1, exact: 1 }, 'options.exact')
    await refused({ threshold: 1, ef: -1 }, 'options.ef')
    await refused({ threshold: 1, signal: 1 }, 'options.signal')
    await refused({ threshold: 1, onProgress: {} }, 'options.onProgress')
    await refused(5, 'options')
  })
})
