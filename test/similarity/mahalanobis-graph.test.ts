import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sourceOf } from '../../src/collection.ts'
import type { Collection, CollectionOptions, Database, Metadata } from '../../src/index.ts'
import { mahalanobis } from '../../src/index.ts'
import { putMatrix } from '../../src/store/matrix-rows.ts'
import { idsOf, openDatabase, temporaryFolder } from '../helpers/database.ts'
import { recall, untilBuilt } from '../helpers/graphs.ts'
import { generator, randomVector } from '../helpers/random.ts'

const COUNT = 6_000
const DIMENSION = 24

type Films = Collection<Metadata, number>

/** What varies much counts little: components whose standard deviations are from 1 to 100, mixed, and their precision. */
function world(seed: number, offset: number) {
  const random = generator(seed)
  const scales = Array.from({ length: DIMENSION }, (_, i) => 100 ** (i / (DIMENSION - 1)))
  const center = randomVector(random, DIMENSION, offset)
  // Reflections mix components: I − 2 v vᵀ.
  const v = randomVector(random, DIMENSION)
  const square = v.reduce((sum, x) => sum + x * x, 0)
  const reflected = (x: ArrayLike<number>) => {
    const product = v.reduce((sum, y, i) => sum + y * x[i]!, 0)
    return v.map((y, i) => x[i]! - (2 * product * y) / square)
  }
  const vector = () => {
    const spread = reflected(randomVector(random, DIMENSION).map((x, i) => x * scales[i]!))
    return spread.map((x, i) => x + center[i]!)
  }
  const rows = Array.from({ length: DIMENSION }, (_, i) => {
    const unit = Array.from({ length: DIMENSION }, (_, j) => Number(i === j))
    return reflected(unit)
  })
  const precision = rows.map((a) =>
    rows.map((b) => scales.reduce((sum, scale, k) => sum + (a[k]! * b[k]!) / scale ** 2, 0)),
  )
  return {
    precision,
    vectors: Array.from({ length: COUNT }, vector),
    queries: Array.from({ length: 40 }, vector),
  }
}

async function fill(
  db: Database,
  name: string,
  vectors: readonly Float32Array[],
  options: CollectionOptions<Metadata>,
) {
  const films: Films = await db.collection<Metadata, number>(name, options)
  const records = vectors.map((vector, id) => ({ id, vector, metadata: { even: id % 2 === 0 } }))
  for (let i = 0; i < records.length; i += 1_000) await films.upsert(records.slice(i, i + 1_000))
  await untilBuilt(films)
  return films
}

describe.each([
  { where: 'around the origin', offset: 0 },
  { where: 'far from the origin', offset: 1e5 },
])('a graph by mahalanobis, of vectors $where', ({ offset }) => {
  const given = world(11, offset)
  const metric = { mahalanobis: given.precision }

  it.each(['auto', 'float32', 'int8', 'int4'] as const)(
    'finds nearly all, with exact scores, codes %s',
    async (codes) => {
      const films = await fill(await openDatabase(), 'films', given.vectors, { metric, index: { codes } })
      expect(await recall(films as never, given.queries, { k: 10 })).toBeGreaterThan(0.97)
      for (const vector of given.queries.slice(0, 5)) {
        const matches = await films.query({ vector, includeVector: true })
        expect(films.querySync({ vector, includeVector: true })).toEqual(matches)
        for (const [i, match] of matches.entries()) {
          expect(match.score / mahalanobis(vector, match.vector, given.precision)).toBeCloseTo(1, 9)
          if (i > 0) expect(match.score).toBeGreaterThanOrEqual(matches[i - 1]!.score)
        }
      }
      const explained = await films.explain({ vector: given.queries[0]! })
      expect(explained).toMatchObject({ plan: 'hnsw', reason: `a graph over ${COUNT} records` })
      expect(explained.distances).toBeLessThan(COUNT / 2)
    },
  )

  it('would not be found by the graph of another metric', async () => {
    const films = await fill(await openDatabase(), 'films', given.vectors, {
      dimension: DIMENSION,
      metric: 'euclidean',
    })
    let found = 0
    for (const vector of given.queries) {
      const exact = new Set(idsOf(await films.query({ vector, metric, select: [] })))
      const near = await films.query({ vector, metric, candidates: 100, select: [] })
      found += near.filter(({ id }) => exact.has(id)).length
    }
    expect(found / given.queries.length / 10).toBeLessThan(0.8)
  })
})

describe('a graph by mahalanobis', () => {
  const given = world(5, 10)
  const metric = { mahalanobis: given.precision }
  const vector = given.queries[0]!

  it('shows each record once in pages, and honours filters and thresholds', async () => {
    const films = await fill(await openDatabase(), 'films', given.vectors, { metric })
    const exact = await films.query({ vector, k: COUNT, exact: true, select: [] })
    const shown: number[] = []
    for (let page = await films.query({ vector, k: 1_000, select: [] }); page.length > 0; ) {
      shown.push(...idsOf(page))
      page = await films.query({ vector, k: 1_000, select: [], after: page.at(-1)! })
    }
    expect(new Set(shown).size).toBe(COUNT)
    const even = await films.query({ vector, k: 30, filter: { even: true }, select: [] })
    expect((await films.explain({ vector, k: 30, filter: { even: true } })).plan).toBe('hnsw')
    const expected = exact.filter(({ id }) => id % 2 === 0).slice(0, 30)
    expect(even.filter(({ id }) => expected.some((match) => match.id === id)).length).toBeGreaterThan(27)
    const threshold = exact[4]!.score
    const near = await films.query({ vector, threshold, k: 20, select: [] })
    expect(near.length).toBeGreaterThanOrEqual(4)
    for (const { score } of near) expect(score).toBeLessThanOrEqual(threshold)
  })

  it('shows writes at once, and takes them in', async () => {
    const films = await fill(await openDatabase(), 'films', given.vectors, { metric })
    await films.delete([...given.vectors.keys()].filter((id) => id % 3 === 0))
    await films.upsert({ id: -1, vector, metadata: {} })
    await films.update(1, {}, { vector })
    const first = await films.query({ vector, k: 2, select: [] })
    expect(first.map(({ score }) => score)).toEqual([0, 0])
    expect(new Set(idsOf(first))).toEqual(new Set([1, -1]))
    await untilBuilt(films)
    for (const { id } of await films.query({ vector, k: 50 })) expect(id === -1 || id % 3 !== 0).toBe(true)
    expect(await recall(films as never, given.queries, { k: 10 })).toBeGreaterThan(0.95)
  })

  it('serves recommendations and pairs, and is searched for candidates of other metrics', async () => {
    const db = await openDatabase()
    const films = await fill(db, 'films', given.vectors, { metric })
    const own = await films.query({ vector, k: 12, select: [] })
    expect(await films.recommend({ positive: [vector], k: 12, select: [] })).toEqual(own)
    const best = await films.recommend({ positive: [3, 4], negative: [5], strategy: 'best', k: 5 })
    expect(best).toHaveLength(5)
    const others = await fill(db, 'others', given.vectors.slice(0, 300), { metric })
    let same = 0
    for await (const pair of others.match(films, { margin: 'distance', k: 2 })) {
      same += Number(pair.a === pair.b && pair.score === 0)
    }
    expect(same).toBeGreaterThan(290)
    const { plan, reason } = await films.explain({ vector, metric: 'manhattan', candidates: 50 })
    expect({ plan, reason }).toEqual({
      plan: 'hnsw',
      reason: `candidates: found by mahalanobis, ranked by manhattan; a graph over ${COUNT} records`,
    })
    const dots = await films.query({ vector, metric: 'dot', select: [] })
    const plain = await fill(db, 'plain', given.vectors, { dimension: DIMENSION, metric: 'dot' })
    expect(dots).toEqual(await plain.query({ vector, exact: true, select: [] }))
    expect((await films.explain({ vector, metric: 'dot' })).plan).toBe('scan')
    const matrix = { mahalanobis: Float64Array.from(given.precision.flat(), (entry) => 4 * entry) }
    expect(await films.explain({ vector, metric: matrix })).toMatchObject({
      plan: 'scan',
      reason: 'mahalanobis has another order by another matrix',
    })
    const halved = await films.query({ vector, metric: matrix, select: [] })
    const scanned = await films.query({ vector, exact: true, select: [] })
    expect(halved).toEqual(scanned.map(({ id, score }) => ({ id, score: 2 * score })))
  })

  it('is saved with its frame, and taken over when the collection is opened again', async () => {
    const folder = temporaryFolder()
    const before = await openDatabase(folder)
    const films = await fill(before, 'films', given.vectors, { metric })
    const answers = await films.queryMany(given.queries.map((vector) => ({ vector, select: [] })))
    await before.close()
    const files = () => readdirSync(join(folder, 'index', '1', '0'))
    const saved = files()
    expect(saved.map((name) => name.replace(/.*\./, ''))).toEqual(['gen'])
    const after = await openDatabase(folder)
    const again = await after.collection<Metadata, number>('films')
    await untilTaken(again)
    expect(await again.queryMany(given.queries.map((vector) => ({ vector, select: [] })))).toEqual(answers)
    await again.upsert({ id: 0, vector, metadata: {} })
    const itself = [{ id: 0, score: 0 }]
    expect(await again.query({ vector, k: 1, select: [] })).toEqual(itself)
    await untilBuilt(again)
    expect(await again.query({ vector, k: 1, select: [] })).toEqual(itself)
    await after.close()
    // One made anew would have been saved.
    expect(files()).toEqual(saved)
  })

  it('that was saved of another matrix is made again', async () => {
    const folder = temporaryFolder()
    const before = await openDatabase(folder)
    const films = await fill(before, 'films', given.vectors, { metric })
    const { environment, definition } = sourceOf(films)
    const other = Float64Array.from({ length: DIMENSION ** 2 }, (_, i) => Number(i % (DIMENSION + 1) === 0))
    // As no writer of ours does.
    await environment.write(1, () => putMatrix(environment, definition.identity, other))
    await before.close()
    const after = await openDatabase(folder)
    const again = await after.collection<Metadata, number>('films')
    await untilBuilt(again)
    expect(await recall(again as never, given.queries, { k: 10 })).toBeGreaterThan(0.95)
    const [match] = await again.query({ vector, k: 1, metric: 'euclidean', select: [] })
    expect(await again.query({ vector, k: 1, select: [] })).toEqual([match])
  })
})

/** Resolves once the graph answers: soon after a saved one was read. */
async function untilTaken(films: Films): Promise<void> {
  await expect.poll(async () => (await films.stats()).codes, { timeout: 20_000 }).toBeDefined()
  expect((await films.stats()).pending).toBe(0)
}
