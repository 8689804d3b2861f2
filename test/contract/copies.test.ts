import { expect } from 'vitest'
import type { EngineName } from '../../src/index.ts'
import { untilBuilt } from '../helpers/graphs.ts'
import { generator, randomVector, randomVectors } from '../helpers/random.ts'
import { collectionOf, contract, type DefineCase, METRICS, toRows } from './engines.ts'

const OTHERS = 1_900
const DIMENSION = 16

/** Groups of vectors that differ by `noise`, scattered among others; `group` tells which records are of one. */
function crowd(sizes: readonly number[], dimension: number, noise: number) {
  const random = generator(71)
  const bases = randomVectors(random, sizes.length, dimension)
  const groups: (number | undefined)[] = sizes.flatMap((size, group) => new Array(size).fill(group))
  groups.push(...new Array(OTHERS).fill(undefined))
  for (let i = groups.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[groups[i], groups[j]] = [groups[j], groups[i]]
  }
  const vectors = groups.map((group) =>
    group === undefined
      ? randomVector(random, dimension)
      : bases[group]!.map((component) => component * (1 + noise * (random() - 0.5))),
  )
  return { bases, rows: toRows(vectors), group: new Map(groups.map((group, i) => [`r${i}`, group])) }
}

contract('copies', (engine: EngineName, test: DefineCase) => {
  // Nothing is nearer than a copy; by dot product longer vectors are.
  for (const metric of METRICS.filter((name) => name !== 'dot')) {
    for (const { name, noise } of [
      { name: 'equal', noise: 0 },
      { name: 'nearly equal', noise: 1e-6 },
    ]) {
      test(`that are ${name} are all found, with ${metric}`, async () => {
        const { bases, rows, group } = crowd([10, 120, 800], DIMENSION, noise)
        const collection = await collectionOf(engine, metric, rows)
        await untilBuilt(collection)
        for (const [place, k] of [
          [0, 10],
          [1, 100],
          [2, 100],
        ] as const) {
          const options = { vector: bases[place]!, k, select: [] }
          const matches = await collection.query(options)
          expect(matches.map(({ id }) => group.get(String(id)))).toEqual(new Array(k).fill(place))
          expect(collection.querySync(options)).toEqual(matches)
        }
      })
    }

    test(`that are left by deletes and come by updates are found, with ${metric}`, async () => {
      const { bases, rows, group } = crowd([400], DIMENSION, 0)
      const collection = await collectionOf(engine, metric, rows)
      await untilBuilt(collection)
      const members = rows.map(({ id }) => id).filter((id) => group.get(id) === 0)
      await collection.delete(members.slice(0, 200))
      const strangers = rows.map(({ id }) => id).filter((id) => group.get(id) === undefined)
      await collection.update(strangers.slice(0, 20), {}, { vector: bases[0]! })
      await untilBuilt(collection)
      const expected = new Set([...members.slice(200), ...strangers.slice(0, 20)])
      const matches = await collection.query({ vector: bases[0]!, k: 100, select: [] })
      expect(matches.filter(({ id }) => expected.has(String(id)))).toHaveLength(100)
    })

    test(`are found as far as a filter lets them through, with ${metric}`, async () => {
      const { bases, rows, group } = crowd([400], DIMENSION, 0)
      const collection = await collectionOf(engine, metric, rows)
      await untilBuilt(collection)
      const filter = { n: { $gte: 60 } }
      const matches = await collection.query({ vector: bases[0]!, k: 100, filter })
      expect(
        matches.filter(({ id, metadata }) => group.get(String(id)) === 0 && metadata.n >= 60),
      ).toHaveLength(100)
    })
  }
})
