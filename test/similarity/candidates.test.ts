import { describe, expect, it } from 'vitest'
import type { Collection, CollectionOptions, Metadata, QueryMetric } from '../../src/index.ts'
import { openCollection } from '../helpers/database.ts'
import { expectRejection } from '../helpers/errors.ts'
import { untilBuilt } from '../helpers/graphs.ts'

const DIMENSION = 24
const COUNT = 4_000
const CLUSTERS = 40

type Films = Collection<Metadata, number>
type IndexOptions = CollectionOptions<Metadata>['index']

/** Vectors around some centers, all of one length. */
function vectors(count: number, seed: number): number[][] {
  let state = seed
  const random = () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0
    return state / 2 ** 32 - 0.5
  }
  const centers = Array.from({ length: CLUSTERS }, () => Array.from({ length: DIMENSION }, random))
  return Array.from({ length: count }, (_, i) => {
    const vector = centers[i % CLUSTERS]!.map((value) => value + 0.4 * random())
    const length = Math.hypot(...vector)
    return vector.map((value) => value / length)
  })
}

async function fill(lengthOf: (id: number) => number, index?: IndexOptions): Promise<Films> {
  const { films } = await openCollection<Metadata, number>({
    dimension: DIMENSION,
    metric: 'cosine',
    index,
  })
  const records = vectors(COUNT, 1).map((vector, id) => ({
    id,
    vector: vector.map((value) => value * lengthOf(id)),
    metadata: { odd: id % 2 === 1 },
  }))
  await films.upsert(records)
  await untilBuilt(films)
  return films
}

const QUERIES = vectors(CLUSTERS, 1)

async function recallOf(films: Films, options: object): Promise<number> {
  let found = 0
  for (const vector of QUERIES) {
    const query = { vector, k: 10, select: [] as const, ...options }
    const exact = await films.query({ ...query, candidates: undefined, exact: true })
    const matches = await films.query(query)
    const scores = new Map(exact.map(({ id, score }) => [id, score]))
    for (const { id, score } of matches) if (scores.get(id) === score) found++
  }
  return found / (10 * QUERIES.length)
}

describe('vectors of one length', () => {
  const filled = (index?: IndexOptions) => fill(() => 1, index)

  it.each(['dot', 'euclidean', { kernel: 'rbf', gamma: 2 }, { kernel: 'sigmoid' }] as const)(
    'are found through the graph by %j, with exact scores',
    async (metric) => {
      const films = await filled()
      const plan = await films.explain({ vector: QUERIES[0]!, metric })
      expect(plan.plan).toBe('hnsw')
      expect(plan.reason).toMatch(/one length.*found by cosine/)
      expect(plan.visited).toBeGreaterThan(0)
      expect(plan.visited).toBeLessThan(COUNT / 2)
      expect(await recallOf(films, { metric })).toBeGreaterThan(0.97)
    },
  )

  it.each(['manhattan', 'chebyshev', { kernel: 'laplacian' }, { kernel: 'polynomial', degree: 2 }] as const)(
    'are scanned by %j, whose order is another one',
    async (metric) => {
      const films = await filled()
      const plan = await films.explain({ vector: QUERIES[0]!, metric })
      expect(plan.plan).toBe('scan')
      expect(plan.reason).toMatch(/cosine has another order/)
      expect(await recallOf(films, { metric })).toBe(1)
    },
  )

  it('are all shown once in a walk through pages, also those that the graph has missed', {
    timeout: 120_000,
  }, async () => {
    const films = await filled({ engine: 'hnsw', M: 3, efConstruction: 4 })
    let missed = 0
    for (const [i, vector] of QUERIES.slice(0, 20).entries()) {
      const metric: QueryMetric = i % 2 === 0 ? 'euclidean' : { kernel: 'rbf', gamma: 2 }
      const threshold = i % 2 === 0 ? 1 : Math.exp(-2)
      const query = { vector, metric, threshold, k: 20, ef: 1, select: [] as const }
      const expected = await films.query({ ...query, k: COUNT, exact: true })
      const ids = new Set(expected.map(({ id }) => id))
      const seen = new Set<number>()
      let page = await films.query(query)
      if (page.length === 0) continue // so narrow a walk may find nothing within the threshold: no walk through pages begins
      const first = new Set(page.map(({ id }) => id))
      missed += expected.slice(0, 20).filter(({ id }) => !first.has(id)).length
      while (page.length > 0) {
        for (const { id } of page) {
          expect(seen.has(id)).toBe(false)
          seen.add(id)
        }
        page = await films.query({ ...query, after: page.at(-1)! })
      }
      expect(seen).toEqual(ids)
    }
    expect(missed).toBeGreaterThan(0)
  })
})

describe('candidates', () => {
  const filled = () => fill((id) => 1 + (id % 7))

  it('are found by the graph and ranked by the metric', async () => {
    const films = await filled()
    const query = { vector: QUERIES[3]!, metric: 'manhattan' } as const
    const plan = await films.explain({ ...query, candidates: 200 })
    expect(plan.plan).toBe('hnsw')
    expect(plan.reason).toMatch(/found by cosine, ranked by manhattan/)
    expect((await films.explain(query)).plan).toBe('scan')
    expect(await recallOf(films, { metric: 'manhattan', candidates: COUNT })).toBe(1)
    const [many] = await films.queryMany([{ vector: QUERIES[3]! }], { metric: 'manhattan', candidates: 200 })
    expect(many).toEqual(await films.query({ ...query, candidates: 200 }))
    expect(many).toEqual(films.querySync({ ...query, candidates: 200 }))
  })

  it('are those nearest by the collection’s metric', async () => {
    const films = await filled()
    const query = { vector: QUERIES[5]!, select: [] as const }
    const nearest = await films.query({ ...query, k: 40, exact: true })
    const ranked = await films.query({ ...query, k: 5, metric: 'euclidean', candidates: 40, ef: 1_000 })
    const all = await films.query({ ...query, k: COUNT, metric: 'euclidean' })
    const ids = new Set(nearest.map(({ id }) => id))
    expect(ranked).toEqual(all.filter(({ id }) => ids.has(id)).slice(0, 5))
  })

  it('keep to filters, thresholds and pages', async () => {
    const films = await filled()
    const query = { vector: QUERIES[7]!, metric: 'euclidean', candidates: 500, select: [] as const } as const
    const all = await films.query({ ...query, k: 500, filter: { odd: true } })
    expect(all.length).toBe(500)
    expect(all.every(({ id }) => id % 2 === 1)).toBe(true)
    const { score } = all[19]!
    const near = await films.query({ ...query, k: 500, filter: { odd: true }, threshold: score })
    expect(near).toEqual(all.slice(0, 20))
    const page = await films.query({ ...query, k: 10, filter: { odd: true }, after: all[9]! })
    expect(page).toEqual(all.slice(10, 20))
  })

  it('are not for exact queries', async () => {
    const films = await filled()
    const query = { vector: QUERIES[0]!, metric: 'dot', candidates: 5, exact: true } as const
    await expectRejection(films.query(query), 'BAD_OPTION', { path: 'query.candidates' })
  })
})
