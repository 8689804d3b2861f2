import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Collection, Id, IndexOptions, Metadata, MetricName } from '../src/index.ts'
import { idsOf, openCollection, openDatabase, temporaryFolder } from './helpers/database.ts'
import { expectRejection } from './helpers/errors.ts'
import { GRAPHS, LEAST, recall, untilBuilt } from './helpers/graphs.ts'
import { generator, randomVector, randomVectors } from './helpers/random.ts'
import { expectNearest } from './helpers/reference.ts'

const DIMENSION = 24
const METRICS: readonly MetricName[] = ['cosine', 'dot', 'euclidean']

type Films = Collection<Metadata, Id>

async function create(
  kind: IndexOptions,
  metric: MetricName,
  vectors: readonly Float32Array[],
): Promise<Films> {
  const index = { ...kind, M: 12, efConstruction: 80 }
  const { films } = await openCollection({ dimension: vectors[0]!.length, metric, index })
  await films.upsert(vectors.map((vector, n) => ({ id: n, vector, metadata: { n } })))
  return films
}

/** The graphs there are. */
const KINDS = [
  { engine: 'hnsw', codes: 'float32' },
  { engine: 'hnsw', codes: 'int8' },
  { engine: 'hnsw', codes: 'int4' },
  { engine: 'hnswlib' },
] as const satisfies readonly IndexOptions[]

describe.each(KINDS)('index %o', (kind) => {
  const { engine } = kind
  const collectionOf = (metric: MetricName, vectors: readonly Float32Array[]) => create(kind, metric, vectors)

  it.each(METRICS)('finds nearly all of the nearest once its graph is built, with %s', async (metric) => {
    const random = generator(1)
    const films = await collectionOf(metric, randomVectors(random, 3_000, DIMENSION))
    await untilBuilt(films)
    const queries = randomVectors(random, 50, DIMENSION)
    expect(await recall(films, queries)).toBeGreaterThan(0.95)
    expect(await recall(films, queries, { ef: 10, k: 5 })).toBeLessThan(1)
  })

  it.each(METRICS)('is exact with ef at the number of records, with %s', async (metric) => {
    const random = generator(2)
    const vectors = randomVectors(random, LEAST, DIMENSION)
    const films = await collectionOf(metric, vectors)
    await untilBuilt(films)
    const rows = vectors.map((vector, id) => ({ id, vector }))
    for (const vector of randomVectors(random, 10, DIMENSION)) {
      expectNearest(await films.query({ vector, ef: LEAST }), rows, vector, metric, 10)
    }
  })

  it.each(METRICS)('scores exactly, in the same words from every call, with %s', async (metric) => {
    const random = generator(3)
    const films = await collectionOf(metric, randomVectors(random, LEAST, DIMENSION))
    await untilBuilt(films)
    const vectors = randomVectors(random, 20, DIMENSION)
    const together = await films.queryMany([...vectors.map((vector) => ({ vector })), { id: 7 }])
    for (const [i, vector] of vectors.entries()) {
      expect(films.querySync({ vector })).toEqual(together[i])
      expect(await films.query({ vector })).toEqual(together[i])
      const scores = new Map(
        (await films.query({ vector, exact: true, k: LEAST })).map(({ id, score }) => [id, score]),
      )
      for (const { id, score } of together[i]!) expect(score).toBe(scores.get(id))
    }
    expect(idsOf(together[vectors.length]!)).not.toContain(7)
  })

  it('finds what was just written, and never what was deleted', async () => {
    const random = generator(4)
    const films = await collectionOf('cosine', randomVectors(random, LEAST, DIMENSION))
    await untilBuilt(films)
    for (let round = 0; round < 20; round++) {
      const vector = randomVector(random, DIMENSION)
      await films.upsert({ id: 'new', vector, metadata: { n: -1 } })
      expect((await films.query({ vector, k: 1 }))[0]!.id).toBe('new')
      await films.upsert({ id: round, vector, metadata: { n: -1 } })
      expect(new Set(idsOf(films.querySync({ vector, k: 2 })))).toEqual(new Set(['new', round]))
      await films.delete(['new', round])
      const left = idsOf(await films.query({ vector, k: 20 }))
      expect(left).toHaveLength(20)
      expect(left).not.toContain('new')
      expect(left).not.toContain(round)
    }
  })

  it('keeps its recall when every record has been replaced twice', async () => {
    const random = generator(5)
    const films = await collectionOf('dot', randomVectors(random, LEAST, DIMENSION))
    for (let round = 0; round < 2; round++) {
      await untilBuilt(films)
      const vectors = randomVectors(random, LEAST, DIMENSION)
      await films.upsert(vectors.map((vector, n) => ({ id: n, vector, metadata: { n } })))
    }
    await untilBuilt(films)
    expect(await recall(films, randomVectors(random, 50, DIMENSION))).toBeGreaterThan(0.95)
  })

  it('answers queries that overlap with writes', async () => {
    const random = generator(6)
    const films = await collectionOf('euclidean', randomVectors(random, LEAST, DIMENSION))
    await untilBuilt(films)
    const writing = (async () => {
      for (let n = 0; n < 1_000; n += 50) {
        const records = randomVectors(random, 50, DIMENSION).map((vector, i) => ({
          id: n + i,
          vector,
          metadata: { n: n + i },
        }))
        await films.upsert(records)
        await films.delete(records.map(({ id }) => id).slice(0, 5))
      }
    })()
    const vectors = randomVectors(random, 200, DIMENSION)
    const filter = { n: { $gte: 500 } }
    const answers = await films.queryMany(
      vectors.map((vector, i) => (i % 2 ? { vector } : { vector, filter })),
    )
    await writing
    for (const [i, matches] of answers.entries()) {
      expect(matches).toHaveLength(10)
      expect(new Set(idsOf(matches)).size).toBe(10)
      if (i % 2 === 0) expect(matches.every(({ metadata }) => metadata.n >= 500)).toBe(true)
    }
  })

  it('honours filters that many records pass', async () => {
    const random = generator(7)
    const films = await collectionOf('cosine', randomVectors(random, 4_500, DIMENSION))
    await untilBuilt(films)
    const filter = { n: { $gte: 1_500 } }
    const vectors = randomVectors(random, 20, DIMENSION)
    const { plan, distances } = await films.explain({ vector: vectors[0]!, filter })
    expect(plan).toBe(engine)
    expect(distances).toBeLessThan(3_000)
    for (const vector of vectors) {
      const matches = await films.query({ vector, filter, threshold: 0.2 })
      expect(matches.every(({ metadata, score }) => metadata.n >= 1_500 && score >= 0.2)).toBe(true)
    }
    expect(await recall(films, vectors, { filter })).toBeGreaterThan(0.95)
  })

  it.each([1e-30, 1e-6, 1e6, 1e30])('is independent of the scale of vectors: times %s', async (scale) => {
    const random = generator(8)
    const vectors = Array.from({ length: LEAST }, () => randomVector(random, DIMENSION, scale))
    const queries = Array.from({ length: 20 }, () => randomVector(random, DIMENSION, scale))
    for (const metric of METRICS) {
      const films = await collectionOf(metric, vectors)
      await untilBuilt(films)
      expect(await recall(films, queries), metric).toBeGreaterThan(0.95)
    }
  })

  it('finds the largest dot products among very different norms, shortest vectors first', async () => {
    const random = generator(9)
    const vectors = randomVectors(random, 3_000, DIMENSION)
      .map((vector) => {
        const factor = Math.exp(2 * randomVector(random, 1)[0]!)
        return vector.map((value) => value * factor)
      })
      .sort((a, b) => Math.hypot(...a) - Math.hypot(...b))
    const films = await collectionOf('dot', vectors)
    await untilBuilt(films)
    expect(await recall(films, randomVectors(random, 50, DIMENSION))).toBeGreaterThan(0.9)
  })

  it('keeps its recall when later vectors are a thousand times shorter, more or less', async () => {
    const random = generator(13)
    const films = await collectionOf('dot', randomVectors(random, LEAST, DIMENSION))
    await untilBuilt(films)
    const short = Array.from({ length: 3 * LEAST }, () => {
      return randomVector(random, DIMENSION, 0.001 * Math.exp(randomVector(random, 1)[0]!))
    })
    await films.upsert(short.map((vector, n) => ({ id: n, vector, metadata: { n } })))
    await untilBuilt(films)
    expect(await recall(films, randomVectors(random, 50, DIMENSION))).toBeGreaterThan(0.9)
  })

  it('answers a query far from all records', async () => {
    const random = generator(10)
    const films = await collectionOf('euclidean', randomVectors(random, LEAST, DIMENSION))
    await untilBuilt(films)
    const queries = Array.from({ length: 10 }, () => randomVector(random, DIMENSION, 1e12))
    expect(await recall(films, queries)).toBe(1)
  })

  it('lets others work while it builds', async () => {
    const films = await collectionOf('cosine', randomVectors(generator(11), 4_000, DIMENSION))
    let turns = 0
    let built = false
    const waiting = untilBuilt(films).then(() => {
      built = true
    })
    for (; !built; turns++) await setImmediate()
    await waiting
    expect(turns).toBeGreaterThan(10)
  })
})

describe.each(GRAPHS)('engine %s', (engine) => {
  it('keeps M and efConstruction, and refuses others later', async () => {
    const { db } = await openCollection()
    const index = { engine, M: 8, efConstruction: 50 }
    await db.collection('graph', { dimension: 2, index })
    await db.collection('graph', { index })
    await db.collection('graph')
    const others = [{ M: 9 }, { efConstruction: 51 }, { engine: 'flat' as const }]
    for (const other of others) {
      const path = `options.index.${Object.keys(other)[0]}`
      await expectRejection(db.collection('graph', { index: other }), 'COLLECTION_MISMATCH', { path })
    }
  })

  it.each([
    [{ engine, M: 1 }, 'options.index.M'],
    [{ engine, M: 513 }, 'options.index.M'],
    [{ engine, M: 2.5 }, 'options.index.M'],
    [{ engine, efConstruction: 0 }, 'options.index.efConstruction'],
    [{ engine, efConstruction: 4_097 }, 'options.index.efConstruction'],
    [{ engine: 'flat', M: 16 }, 'options.index.M'],
    [{ engine: 'flat', codes: 'auto' }, 'options.index.codes'],
    [{ engine: 'hnswlib', codes: 'int8' }, 'options.index.codes'],
    [{ codes: 'int2' as 'int4' }, 'options.index.codes'],
    [{ efConstruction: 0 }, 'options.index.efConstruction'],
  ] as const)('index %o is refused', async (index, path) => {
    const { db } = await openCollection()
    await expectRejection(db.collection('graph', { dimension: 2, index }), 'BAD_OPTION', { path })
    await expectRejection(db.collection('films', { index }), 'BAD_OPTION', { path })
    expect(db.collections()).toEqual(['films'])
  })
})

describe('codes', () => {
  const records = (vectors: readonly Float32Array[]) => vectors.map((vector, id) => ({ id, vector }))

  it.each([
    ['float32', 'vectors as short as codes', 24, 0],
    ['int8', 'most vectors', 64, 0],
    ['float32', 'vectors that are all much alike', 64, 200],
  ])('are %s for %s', async (codes, _, dimension, offset) => {
    const { films } = await openCollection({ dimension, metric: 'cosine' })
    expect((await films.stats()).codes).toBeUndefined()
    const vectors = randomVectors(generator(20), LEAST, dimension)
    await films.upsert(records(vectors.map((vector) => vector.map((component) => component + offset))))
    await untilBuilt(films)
    expect((await films.stats()).codes).toBe(codes)
  })

  it('are those that were asked for, also after the database was closed', async () => {
    const folder = temporaryFolder()
    const db = await openDatabase(folder)
    for (const codes of ['float32', 'int8', 'int4'] as const) {
      const collection = await db.collection<Metadata, Id>(codes, { dimension: 64, index: { codes } })
      await collection.upsert(records(randomVectors(generator(21), LEAST, 64)))
      await untilBuilt(collection)
      expect((await collection.stats()).codes).toBe(codes)
    }
    await db.close()
    const again = await openDatabase(folder)
    for (const codes of ['float32', 'int8', 'int4'] as const) {
      const collection = await again.collection<Metadata, Id>(codes)
      await untilBuilt(collection)
      expect((await collection.stats()).codes).toBe(codes)
      expect(await recall(collection, randomVectors(generator(22), 30, 64))).toBeGreaterThan(0.9)
      const other = codes === 'int4' ? 'int8' : 'int4'
      const path = 'options.index.codes'
      await expectRejection(again.collection(codes, { index: { codes: other } }), 'COLLECTION_MISMATCH', {
        path,
      })
    }
  })
})
