import { expect } from 'vitest'
import type { Filter } from '../../src/index.ts'
import { idsOf } from '../helpers/database.ts'
import { generator, randomVector, randomVectors } from '../helpers/random.ts'
import { expectNearest } from '../helpers/reference.ts'
import { collectionOf, contract, exactSettings, METRICS, toRows } from './engines.ts'

const COUNT = 800

interface Case {
  readonly name: string
  readonly filter: Filter<{ n: number }, string | number>
  readonly passes: (n: number) => boolean
}

const FILTERS: readonly Case[] = [
  { name: 'one record', filter: { n: 123 }, passes: (n) => n === 123 },
  { name: 'few records', filter: { n: { $in: [5, 6, 700] } }, passes: (n) => [5, 6, 700].includes(n) },
  { name: 'half of the records', filter: { n: { $lt: 400 } }, passes: (n) => n < 400 },
  { name: 'almost all records', filter: { n: { $ne: 17 } }, passes: (n) => n !== 17 },
  { name: 'all records', filter: { n: { $exists: true } }, passes: () => true },
  { name: 'all records by being empty', filter: {}, passes: () => true },
  { name: 'no record', filter: { n: -1 }, passes: () => false },
  { name: 'ids', filter: { $id: { $in: ['r3', 'r9', 'x'] } }, passes: (n) => n === 3 || n === 9 },
]

contract('filters', (engine, test) => {
  for (const metric of METRICS) {
    for (const { name, filter, passes } of FILTERS) {
      test(`that pass ${name} leave the nearest among them, with ${metric}`, async () => {
        const random = generator(11)
        const rows = toRows(randomVectors(random, COUNT, 24))
        const collection = await collectionOf(engine, metric, rows)
        const vector = randomVector(random, 24)
        const passing = rows.filter((_, n) => passes(n))
        for (const settings of exactSettings(COUNT)) {
          for (const k of [3, COUNT]) {
            const matches = await collection.query({ vector, k, filter, ...settings })
            expectNearest(matches, passing, vector, metric, k)
            expect(collection.querySync({ vector, k, filter, ...settings })).toEqual(matches)
          }
        }
      })
    }
  }

  test('leave as many matches as they can, also without an exact answer', async () => {
    const random = generator(12)
    const collection = await collectionOf(engine, 'cosine', toRows(randomVectors(random, COUNT, 24)))
    for (const { filter, passes } of FILTERS) {
      const passing = Array.from({ length: COUNT }, (_, n) => n).filter(passes)
      const matches = await collection.query({ vector: randomVector(random, 24), k: 10, filter })
      expect(matches).toHaveLength(Math.min(10, passing.length))
      for (const { metadata } of matches) expect(passes(metadata.n)).toBe(true)
    }
  })

  test('follow changes of metadata at once', async () => {
    const random = generator(13)
    const collection = await collectionOf(engine, 'dot', toRows(randomVectors(random, 50, 4)))
    const question = { vector: randomVector(random, 4), k: 50, filter: { n: { $gte: 1000 } } }
    expect(await collection.query(question)).toEqual([])
    await collection.update(['r3', 'r44'], { n: 1000 })
    expect(idsOf(await collection.query(question)).sort()).toEqual(['r3', 'r44'])
    await collection.update('r3', { n: 3 })
    expect(idsOf(collection.querySync(question))).toEqual(['r44'])
  })
})
