import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idsOf } from '../helpers/database.ts'
import { generator, randomVector } from '../helpers/random.ts'
import { countsOf, DIMENSION, type Films, fill, filmOf, givenOf, STRATEGIES } from './recommend-films.ts'
import type { Item } from './recommend-reference.ts'

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
