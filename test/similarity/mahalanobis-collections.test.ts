import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CollectionMetric, Database, EngineName, Metadata } from '../../src/index.ts'
import { mahalanobis } from '../../src/index.ts'
import { openDatabase, temporaryFolder } from '../helpers/database.ts'
import { expectRejection } from '../helpers/errors.ts'
import { editRaw } from '../helpers/raw.ts'
import {
  ALL,
  COUNT,
  expectConditions,
  expectNearest,
  type Films,
  type Space,
  space,
  spaces,
} from './mahalanobis-space.ts'

const MATRIX = [
  [2, 1, 0],
  [1, 2, 0.5],
  [0, 0.5, 1],
]
const OTHER = MATRIX.map((row) => row.map((entry) => 2 * entry))

const by = (precision: readonly (readonly number[])[]): CollectionMetric => ({
  mahalanobis: precision.map((row) => [...row]),
})

async function fill(
  db: Database,
  name: string,
  { vectors }: Pick<Space, 'vectors'>,
  metric: CollectionMetric,
  engine: EngineName = 'hnsw',
): Promise<Films> {
  const dimension = vectors[0]!.length
  const films = await db.collection<Metadata, number>(name, { dimension, metric, index: { engine } })
  await films.upsert(vectors.map((vector, id) => ({ id, vector, metadata: { even: id % 2 === 0 } })))
  return films
}

describe.each<EngineName>(['flat', 'hnsw', 'hnswlib'])(
  'mahalanobis as the metric of a collection, engine %s',
  (engine) => {
    it('is exact in scores and order, whatever the matrix, the units, and where the rows lie', {
      timeout: 120_000,
    }, async () => {
      const db = await openDatabase()
      let run = 0
      await fc.assert(
        fc.asyncProperty(spaces, fc.integer({ min: 1, max: 20 }), async (given, k) => {
          const { query: vector, precision } = given
          const films = await fill(db, `films ${run++}`, given, by(precision), engine)
          const query = { vector, k, select: [] as const }
          const matches = await films.query(query)
          expectNearest(given, ALL, matches, k)
          expect(films.querySync(query)).toEqual(matches)
          expect(await films.query({ ...query, exact: true })).toEqual(matches)
          expect(await films.query({ ...query, metric: by(precision) })).toEqual(matches)
          const [many, other] = await films.queryMany([{ vector }, { vector, metric: 'euclidean' }], {
            k,
            select: [],
          })
          expect(many).toEqual(matches)
          const plain = await fill(db, `films ${run++}`, given, 'euclidean', 'flat')
          expect(other).toEqual(await plain.query(query))
        }),
        { numRuns: 12 },
      )
    })

    it('holds for filters, thresholds, pages and stored vectors', async () => {
      const given = space(6, 4, 3, 1, 4)
      const films = await fill(await openDatabase(), 'films', given, by(given.precision), engine)
      const query = { vector: given.query, select: [] as const }
      await expectConditions(given, films, query)
      const neighbours = await films.query({ id: 5, k: COUNT, select: [] })
      const others = ALL.filter((id) => id !== 5)
      expectNearest({ ...given, query: given.vectors[5]! }, others, neighbours, COUNT)
    })

    it('leaves all other metrics to queries, with candidates by it', async () => {
      const given = space(6, 8, 0, 1, 0)
      const db = await openDatabase()
      const films = await fill(db, 'films', given, by(given.precision), engine)
      const plain = await fill(db, 'plain', given, 'dot', 'flat')
      const query = { vector: given.query, select: [] as const, k: 30 }
      const twice = by(given.precision.map((row) => row.map((entry) => 4 * entry)))
      const metrics = [
        'cosine',
        'dot',
        'euclidean',
        'chebyshev',
        'manhattan',
        { kernel: 'rbf' },
        twice,
      ] as const
      for (const metric of metrics) {
        expect(await films.query({ ...query, metric })).toEqual(await plain.query({ ...query, metric }))
        const near = new Set((await films.query({ ...query, k: 90, exact: true })).map(({ id }) => id))
        const ranked = await films.query({ ...query, metric, candidates: 90, ef: COUNT })
        const all = await plain.query({ ...query, metric, k: COUNT })
        expect(ranked).toEqual(all.filter(({ id }) => near.has(id)).slice(0, 30))
      }
      const { reason } = await films.explain({ ...query, metric: 'dot' })
      expect(reason).toBe('mahalanobis has another order than dot')
    })

    it('weighs votes by distance, and changes nothing of attention', async () => {
      const given = space(6, 8, 0, 1, 0)
      const db = await openDatabase()
      const films = await fill(db, 'films', given, by(given.precision), engine)
      const plain = await fill(db, 'plain', given, 'euclidean', 'flat')
      const { probabilities } = await films.classify({ vector: given.query, field: 'even', k: 15 })
      const nearest = await films.query({ vector: given.query, k: 15 })
      const weights = nearest.map(({ score, metadata }) => ({ even: metadata.even, weight: 1 / score }))
      const total = weights.reduce((sum, { weight }) => sum + weight, 0)
      for (const { label, probability } of probabilities) {
        const own = weights.filter(({ even }) => even === label).reduce((sum, { weight }) => sum + weight, 0)
        expect(probability).toBeCloseTo(own / total, 12)
      }
      const attention = { queries: [given.query], k: 20 }
      expect(await films.attend(attention)).toEqual(await plain.attend(attention))
    })
  },
)

describe('the matrix of a collection', () => {
  it('is stored with it: opening needs none, and shows it', async () => {
    const folder = temporaryFolder()
    const before = await openDatabase(folder)
    const films = await before.collection<Metadata, number>('films', { dimension: 3, metric: by(MATRIX) })
    await films.upsert({ id: 1, vector: [1, 2, 3] })
    const [match] = await films.query({ vector: [0, 0, 1] })
    expect(match!.score).toBe(mahalanobis([1, 2, 3], [0, 0, 1], MATRIX))
    await before.close()
    const after = await openDatabase(folder)
    for (const options of [undefined, { metric: by(MATRIX) }, { dimension: 3 }]) {
      const again = await after.collection<Metadata, number>('films', options)
      expect(await again.query({ vector: [0, 0, 1] })).toEqual([match])
      expect(again.metric).toEqual({ mahalanobis: Float64Array.from(MATRIX.flat()) })
      expect((await again.stats()).metric).toBe('mahalanobis')
      expect(again.dimension).toBe(3)
    }
    const again = await after.collection<Metadata, number>('films')
    ;(again.metric as { mahalanobis: Float64Array }).mahalanobis.fill(0)
    const copy = await after.collection('copy', { metric: again.metric })
    expect(copy.metric).toEqual({ mahalanobis: Float64Array.from(MATRIX.flat()) })
    expect((await after.collection('plain', { dimension: 3 })).metric).toBe('cosine')
  })

  it('is kept by clear, and goes with drop', async () => {
    const folder = temporaryFolder()
    const db = await openDatabase(folder)
    const films = await db.collection<Metadata, number>('films', { metric: by(MATRIX) })
    await films.upsert({ id: 1, vector: [1, 2, 3] })
    await films.clear()
    await films.upsert({ id: 2, vector: [1, 2, 3] })
    const expected = mahalanobis([1, 2, 3], [0, 0, 1], MATRIX)
    expect((await films.query({ vector: [0, 0, 1] }))[0]).toMatchObject({ id: 2, score: expected })
    await db.drop('films')
    const next = await db.collection<Metadata, number>('films', { metric: by(OTHER) })
    await next.upsert({ id: 3, vector: [1, 2, 3] })
    expect((await next.query({ vector: [0, 0, 1] }))[0]!.score).toBeCloseTo(Math.SQRT2 * expected, 12)
    await db.close()
    await editRaw(folder, (raw) => {
      // Clearing has taken the number 2.
      const rows = [1, 3].map((identity) => raw.rows('state').get([identity, 1, 0]))
      expect(rows).toEqual([undefined, expect.anything()])
    })
  })

  const large = (dimension: number) =>
    Float64Array.from({ length: dimension ** 2 }, (_, i) =>
      i % (dimension + 1) === 0 ? 2 + (i % 7) : 1e-3 * Math.cos((i % dimension) * Math.floor(i / dimension)),
    )

  it('may be a large one, in several rows, and is read where nothing can be written', async () => {
    const folder = temporaryFolder()
    const before = await openDatabase(folder)
    const matrix = large(300)
    await before.collection('films', { metric: { mahalanobis: matrix } })
    await before.close()
    const films = await (await openDatabase(folder, { readOnly: true })).collection('films')
    expect(films.metric).toEqual({ mahalanobis: matrix })
  })

  it('is not written where the database is closed while it is checked', async () => {
    const folder = temporaryFolder()
    const db = await openDatabase(folder)
    const call = db.collection('films', { metric: { mahalanobis: large(400) } })
    const refused = expectRejection(call, 'CLOSED')
    await db.close()
    await refused
    expect((await openDatabase(folder)).collections()).toEqual([])
  })

  it('is refused where it is another one, as any other metric is', async () => {
    const db = await openDatabase()
    await db.collection('films', { dimension: 3, metric: by(MATRIX) })
    await db.collection('plain', { dimension: 3, metric: 'dot' })
    const mismatch = (name: string, options: object, path: string) =>
      expectRejection(db.collection(name, options), 'COLLECTION_MISMATCH', { path })
    await mismatch('films', { metric: by(OTHER) }, 'options.metric.mahalanobis')
    await mismatch('films', { metric: 'euclidean' }, 'options.metric')
    await mismatch('films', { metric: by([[1]]) }, 'options.dimension')
    await mismatch('films', { dimension: 4 }, 'options.dimension')
    await mismatch('plain', { metric: by(MATRIX) }, 'options.metric')
    // Not even looked at further.
    await mismatch('films', { metric: { mahalanobis: new Float64Array(9) } }, 'options.metric.mahalanobis')
    await db.collection('films', { metric: { mahalanobis: Float64Array.from(MATRIX.flat()) } })
  })

  it.each<[unknown, object, string, string]>([
    [undefined, {}, 'BAD_VECTOR', ''],
    [[], {}, 'BAD_VECTOR', ''],
    ['identity', {}, 'BAD_VECTOR', ''],
    [[1, 0, 0], {}, 'DIMENSION_MISMATCH', ''],
    [[[1, 0]], {}, 'DIMENSION_MISMATCH', '[0]'],
    [[1, 0, 0, 1], { dimension: 3 }, 'DIMENSION_MISMATCH', ''],
    [[1, 0, 0, Number.NaN], {}, 'BAD_VECTOR', '[3]'],
    [[2, 1, 1.001, 2], {}, 'BAD_OPTION', ''],
    [[1, 2, 2, 1], {}, 'BAD_OPTION', ''],
    [[0, 0, 0, 0], {}, 'BAD_OPTION', ''],
    [new Array(5_000), {}, 'BAD_OPTION', ''],
    [[1], { dimension: 5_000 }, 'BAD_OPTION', ''],
  ])('%# is refused before anything is written', async (precision, options, code, behind) => {
    const db = await openDatabase()
    const metric = { mahalanobis: precision as number[] }
    const path = `options.metric.mahalanobis${behind}`
    await expectRejection(db.collection('films', { ...options, metric }), code as 'BAD_OPTION', { path })
    expect(db.collections()).toEqual([])
  })

  it('takes no other options, and its name alone is told the remedy', async () => {
    const db = await openDatabase()
    const path = 'options.metric'
    for (const metric of [{ mahalanobis: MATRIX, gamma: 1 }, { kernel: 'rbf' }]) {
      const name = Object.keys(metric).at(-1)!
      const error = db.collection('films', { dimension: 3, metric: metric as never })
      await expectRejection(error, 'BAD_OPTION', { path: `${path}.${name === 'gamma' ? 'gamma' : 'kernel'}` })
    }
    const call = db.collection('films', { dimension: 3, metric: 'mahalanobis' as never })
    const error = await expectRejection(call, 'BAD_OPTION', { path })
    expect(error.message).toContain('{ mahalanobis: precision }')
  })

  it('is copied before the call returns', async () => {
    const db = await openDatabase()
    const data = Float64Array.from(MATRIX.flat())
    const call = db.collection('films', { metric: { mahalanobis: data } })
    data.fill(Number.NaN)
    expect((await call).metric).toEqual({ mahalanobis: Float64Array.from(MATRIX.flat()) })
  })

  it('that is damaged is told, whatever is asked of the collection', async () => {
    const folder = temporaryFolder()
    const db = await openDatabase(folder)
    await db.collection('films', { metric: by(MATRIX) })
    await db.close()
    await editRaw(folder, (raw) => {
      const rows = raw.rows('state')
      const row = Buffer.from(rows.get([1, 1, 0]))
      row[20]! ^= 1
      rows.put([1, 1, 0], row)
    })
    const again = await openDatabase(folder)
    await expectRejection(again.collection('films'), 'CORRUPTED')
    expect(await again.drop('films')).toBe(true)
    await again.collection('films', { metric: by(MATRIX) })
  })

  it('of two who create the collection at once is that of one of them', async () => {
    const db = await openDatabase()
    const calls = await Promise.allSettled([
      db.collection('films', { metric: by(MATRIX) }),
      db.collection('films', { metric: by(OTHER) }),
    ])
    const opened = calls.flatMap((call) => (call.status === 'fulfilled' ? [call.value.metric] : []))
    const refused = calls.flatMap((call) => (call.status === 'rejected' ? [call.reason.code] : []))
    expect(refused).toEqual(['COLLECTION_MISMATCH'])
    expect(opened).toEqual([(await db.collection('films')).metric])
  })
})
