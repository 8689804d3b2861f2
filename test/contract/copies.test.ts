import { expect } from 'vitest'
import type { Collection, EngineName } from '../../src/index.ts'
import { idsOf, openDatabase, temporaryFolder } from '../helpers/database.ts'
import { untilBuilt } from '../helpers/graphs.ts'
import { generator, randomVector, randomVectors } from '../helpers/random.ts'
import { metricOption } from '../helpers/reference.ts'
import { collectionOf, contract, type DefineCase, METRICS, toRows } from './engines.ts'

const OTHERS = 1_900
const DIMENSION = 16

/** Groups of vectors that differ by `noise`, scattered among others; `group` tells which records are of one. */
function crowd(sizes: readonly number[], dimension: number, noise: number) {
  const random = generator(71)
  const bases = randomVectors(random, sizes.length, dimension)
  const groups: (number | undefined)[] = sizes.flatMap((size, group) => new Array(size).fill(group))
  groups.push(...new Array(OTHERS).fill(undefined))
  shuffle(groups, random)
  const vectors = groups.map((group) =>
    group === undefined
      ? randomVector(random, dimension)
      : bases[group]!.map((component) => component * (1 + noise * (random() - 0.5))),
  )
  return { bases, rows: toRows(vectors), group: new Map(groups.map((group, i) => [`r${i}`, group])) }
}

/** Groups of equal vectors so long that by dot product, too, nothing is nearer than a copy. */
function groupsOf(sizes: readonly number[], scattered: boolean) {
  const random = generator(72)
  const bases = randomVectors(random, sizes.length, DIMENSION).map((base) => {
    const factor = (10 * Math.sqrt(DIMENSION)) / Math.hypot(...base)
    return base.map((component) => factor * component)
  })
  const vectors: Float32Array[] = sizes.flatMap((size, group) => new Array(size).fill(bases[group]))
  vectors.push(...randomVectors(random, OTHERS, DIMENSION))
  if (scattered) shuffle(vectors, random)
  const rows = toRows(vectors)
  const members = bases.map((base) => rows.filter(({ vector }) => vector === base).map(({ id }) => id))
  return { bases, rows, members }
}

function shuffle(items: unknown[], random: () => number): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[items[i], items[j]] = [items[j], items[i]]
  }
}

/** As many copies are answered as there are, and nothing in their place. */
async function expectFound(
  collection: Pick<Collection<{ n: number }, string | number>, 'query' | 'querySync'>,
  vector: Float32Array,
  copies: number,
): Promise<void> {
  for (const k of [1, 10, 100].filter((k) => k <= copies)) {
    const options = { vector, k, select: [] }
    const exact = await collection.query({ ...options, exact: true })
    const score = exact[0]!.score
    // Which of more than k equal ones a graph gives is not said.
    const expectCopies = (matches: readonly { id: string | number; score: number }[]) => {
      expect(matches.map((match) => match.score)).toEqual(exact.map((match) => match.score))
      expect(new Set(idsOf(matches)).size).toBe(k)
    }
    expectCopies(await collection.query(options))
    expectCopies(collection.querySync(options))
    expectCopies(await collection.query({ ...options, threshold: score }))
  }
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

  for (const metric of METRICS) {
    for (const { name, sizes } of [
      { name: 'three groups', sizes: [10, 120, 800] },
      { name: 'four large groups', sizes: [300, 300, 300, 300] },
      { name: 'sixty groups', sizes: new Array<number>(60).fill(30) },
    ]) {
      for (const scattered of [true, false]) {
        const order = scattered ? 'scattered' : 'one group after the other'
        test(`of ${name} are all found, ${order}, with ${metric}`, async () => {
          const { bases, rows } = groupsOf(sizes, scattered)
          const collection = await collectionOf(engine, metric, rows)
          await untilBuilt(collection)
          for (const [i, size] of sizes.entries()) await expectFound(collection, bases[i]!, size)
        })
      }
    }

    test(`of several groups are all found after deletes, updates and reopening, with ${metric}`, async () => {
      const { bases, rows, members } = groupsOf([300, 300, 300, 300], true)
      const folder = temporaryFolder()
      const definition = { dimension: DIMENSION, metric: metricOption(metric, DIMENSION), index: { engine } }
      const before = await openDatabase(folder)
      const collection = await before.collection<{ n: number }, string>('rows', definition)
      await collection.upsert(rows.map(({ id, vector }, n) => ({ id, vector, metadata: { n } })))
      await untilBuilt(collection)
      // Of one the first half, of another every second, of the third all but one, of the fourth all.
      await collection.delete(members[0]!.slice(0, 150))
      await collection.delete(members[1]!.filter((_, i) => i % 2 === 0))
      await collection.delete(members[2]!.slice(0, 299))
      await collection.delete(members[3]!)
      const left = [150, 150, 1, 0]
      for (const [i, copies] of left.entries()) await expectFound(collection, bases[i]!, copies)
      const strangers = rows
        .filter(({ vector }) => bases.every((base) => base !== vector))
        .map(({ id }) => id)
      await collection.update(strangers.slice(0, 20), {}, { vector: bases[2]! })
      await collection.update(strangers.slice(20, 40), {}, { vector: bases[3]! })
      await untilBuilt(collection)
      const then = [150, 150, 21, 20]
      for (const [i, copies] of then.entries()) await expectFound(collection, bases[i]!, copies)
      await before.close()
      const after = await openDatabase(folder)
      const reopened = await after.collection<{ n: number }, string>('rows')
      await untilBuilt(reopened)
      for (const [i, copies] of then.entries()) await expectFound(reopened, bases[i]!, copies)
      await reopened.upsert(
        bases.flatMap((vector, i) => [0, 1, 2].map((n) => ({ id: `${i} ${n}`, vector, metadata: { n } }))),
      )
      await reopened.delete(members[0]!.slice(150, 200))
      await untilBuilt(reopened)
      for (const [i, copies] of [103, 153, 24, 23].entries()) await expectFound(reopened, bases[i]!, copies)
    })
  }
})
