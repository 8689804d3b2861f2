import { expect } from 'vitest'
import type { Collection, Match, QueryOptions } from '../../src/index.ts'
import { untilBuilt } from '../helpers/graphs.ts'
import { generator, randomVector, randomVectors } from '../helpers/random.ts'
import { collectionOf, contract, METRICS, toRows } from './engines.ts'

type Rows = Collection<{ n: number }, string | number>
type Question = QueryOptions<{ n: number }, string | number>
type Found = Match<{ n: number }, string | number>
type Ask = (collection: Rows, question: Question) => Promise<Found[]>

/** Above it a graph answers queries without `after`. */
const COUNT = 2_001
/** The same where a filter lets nearly all of them through. */
const LARGER = 2_200
const DIMENSION = 16

const ASK: Readonly<Record<string, Ask>> = {
  query: (collection, question) => collection.query(question),
  querySync: async (collection, question) => collection.querySync(question),
  queryMany: async (collection, { vector, id, ...settings }) => {
    const target = id === undefined ? { vector: vector! } : { id }
    const [first, second] = await collection.queryMany([target, target], settings)
    expect(second).toEqual(first)
    return first!
  },
}

const MARKS: Readonly<Record<string, (match: Found) => Question['after']>> = {
  matches: (match) => match,
  'copies of their id and score': ({ id, score }) => ({ id, score }),
}

async function rowsOf(
  engine: Parameters<typeof collectionOf>[0],
  metric: Parameters<typeof collectionOf>[1],
  vectors: Float32Array[],
) {
  const collection = await collectionOf(engine, metric, toRows(vectors))
  await untilBuilt(collection)
  return collection
}

/** All pages, to the first that is empty: a graph may answer a threshold with too few. */
async function walk(
  collection: Rows,
  question: Question,
  ask: Ask,
  mark: (match: Found) => Question['after'],
) {
  const matches: Found[] = []
  for (;;) {
    const last = matches.at(-1)
    const page = await ask(collection, { select: [] as never, ...question, after: last && mark(last) })
    if (page.length === 0) return matches
    expect(page.length).toBeLessThanOrEqual(question.k!)
    matches.push(...page)
  }
}

/** Every match of the exact answer once, with its score. */
function expectAll(matches: readonly Found[], exact: readonly Found[]): void {
  const byId = (found: readonly Found[]) => new Map(found.map(({ id, score }) => [id, score]))
  expect(matches).toHaveLength(exact.length)
  expect(byId(matches)).toEqual(byId(exact))
}

/** Groups of 1, 2, 4, … 512 and more equal vectors, scattered. */
function groups(random: () => number, count = COUNT): Float32Array[] {
  const distinct = randomVectors(random, 11, DIMENSION)
  return Array.from(
    { length: count },
    (_, i) => distinct[Math.min(10, Math.clz32(1) - Math.clz32((i % 1_024) + 1))]!,
  )
}

const DATA = {
  'equal vectors': (random: () => number) => {
    const vector = randomVector(random, DIMENSION)
    return Array.from({ length: COUNT }, () => vector)
  },
  'random vectors': (random: () => number) => randomVectors(random, COUNT, DIMENSION),
  'groups of equal vectors': groups,
} as const

contract('a walk through all pages', (engine, test) => {
  for (const [name, make] of Object.entries(DATA)) {
    for (const k of [1, 7, 10, 100]) {
      test(`of ${k} shows each of ${COUNT} ${name} once`, async () => {
        const random = generator(k)
        const vectors = make(random)
        const collection = await rowsOf(engine, 'cosine', vectors)
        const vector = k === 7 ? randomVector(random, DIMENSION) : vectors[5]!
        const exact = await collection.query({ vector, k: COUNT, exact: true })
        for (const mark of Object.values(MARKS)) {
          expectAll(await walk(collection, { vector, k }, ASK.query!, mark), exact)
        }
      }, 120_000)
    }
  }

  for (const metric of METRICS) {
    for (const [method, ask] of Object.entries(ASK)) {
      test(`by ${method} shows each record once, with filter, threshold and a record's own vector, under ${metric}`, async () => {
        const random = generator(11)
        const vectors = groups(random, LARGER)
        const collection = await rowsOf(engine, metric, vectors)
        const vector = randomVector(random, DIMENSION)
        const half = (await collection.query({ vector, k: 1_500, exact: true })).at(-1)!.score
        const questions: Question[] = [
          { vector },
          { id: 'r3' },
          // Wide enough for the graph to answer.
          { vector, filter: { n: { $ne: 7 } }, threshold: half },
          { id: 'r3', filter: { n: { $gte: 0 } }, ef: 20 },
        ]
        for (const question of questions) {
          const exact = await collection.query({ ...question, k: LARGER, exact: true })
          expect(exact.length).toBeGreaterThan(1_000)
          expectAll(await walk(collection, { ...question, k: 90 }, ask, (match) => match), exact)
        }
      }, 120_000)
    }
  }

  test('goes on behind a match that was deleted with what stands behind its score', async () => {
    const random = generator(12)
    const collection = await rowsOf(engine, 'cosine', randomVectors(random, COUNT, DIMENSION))
    const vector = randomVector(random, DIMENSION)
    const all = await collection.query({ vector, k: COUNT, exact: true })
    const after = all[19]!
    await collection.delete(after.id)
    expect(await collection.query({ vector, k: 60, after })).toEqual(all.slice(20, 80))
  })

  test('goes on behind a score that was chosen with what stands behind it', async () => {
    const random = generator(13)
    const collection = await rowsOf(engine, 'euclidean', randomVectors(random, COUNT, DIMENSION))
    const vector = randomVector(random, DIMENSION)
    const all = await collection.query({ vector, k: COUNT, exact: true })
    for (const place of [0, 5, 400]) {
      // A match of page one before its last, or one far behind.
      expect(await collection.query({ vector, k: 10, after: all[place]! })).toEqual(
        all.slice(place + 1, place + 11),
      )
    }
  })

  test('is explained', async () => {
    const random = generator(14)
    const collection = await rowsOf(engine, 'cosine', randomVectors(random, COUNT, DIMENSION))
    const vector = randomVector(random, DIMENSION)
    const after = (await collection.query({ vector })).at(-1)!
    const { plan, reason, visited } = await collection.explain({ vector, after })
    expect({ plan, visited }).toEqual({ plan: 'scan', visited: COUNT })
    const flat = "the collection's engine is flat"
    const paged = 'pages behind a match are exact, without what the graph answers first'
    expect(reason).toBe(engine === 'flat' ? flat : paged)
    expect((await collection.explain({ vector, after, filter: { n: { $lt: 500 } } })).reason).toBe(
      engine === 'flat' ? flat : 'pages behind a match are exact',
    )
  })
})
