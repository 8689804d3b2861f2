import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type {
  Collection,
  Id,
  KernelMetric,
  MatrixInput,
  Metadata,
  MetricName,
  QueryMetric,
} from '../../src/index.ts'
import { openCollection } from '../helpers/database.ts'
import { expectRejection } from '../helpers/errors.ts'

const DIMENSION = 5
const COLLECTION_METRICS = ['cosine', 'dot', 'euclidean'] as const

const KERNELS: KernelMetric[] = [
  { kernel: 'linear' },
  { kernel: 'polynomial' },
  { kernel: 'polynomial', degree: 2, gamma: 0.7, coef0: -0.4 },
  { kernel: 'polynomial', degree: 1, coef0: 0 },
  { kernel: 'polynomial', degree: 5, gamma: 2 },
  { kernel: 'polynomial', degree: 4, coef0: 2 },
  { kernel: 'rbf' },
  { kernel: 'rbf', gamma: 40 },
  { kernel: 'laplacian', gamma: 0.3 },
  { kernel: 'sigmoid' },
  { kernel: 'sigmoid', gamma: 3, coef0: -1 },
]
/** The inverse of a covariance matrix of correlated components in different units. */
const PRECISION: readonly (readonly number[])[] = [
  [2, 0.5, 0, 0, 0.25],
  [0.5, 1, 0.125, 0, 0],
  [0, 0.125, 40, -3, 0],
  [0, 0, -3, 1, 0.01],
  [0.25, 0, 0, 0.01, 0.125],
]
const MAHALANOBIS: QueryMetric[] = [
  { mahalanobis: PRECISION },
  { mahalanobis: Float64Array.from(PRECISION.flat(), (entry) => entry * 2 ** -80) },
]
const METRICS: QueryMetric[] = [...COLLECTION_METRICS, 'chebyshev', 'manhattan', ...MAHALANOBIS, ...KERNELS]

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)

/** By the definitions in scikit-learn's user guide, "Pairwise metrics, Affinities and Kernels". */
function scoreOf(metric: QueryMetric, x: readonly number[], q: readonly number[]): number {
  const dot = sum(x.map((value, i) => value * q[i]!))
  const differences = x.map((value, i) => Math.abs(value - q[i]!))
  const length = (v: readonly number[]) => Math.sqrt(sum(v.map((value) => value * value)))
  if (metric === 'dot') return dot
  if (metric === 'cosine') return dot === 0 ? 0 : dot / (length(x) * length(q))
  if (metric === 'euclidean') return length(differences)
  if (metric === 'chebyshev') return Math.max(...differences)
  if (metric === 'manhattan') return sum(differences)
  if ('mahalanobis' in metric) return mahalanobisOf(metric.mahalanobis, x, q)
  const gamma = 'gamma' in metric && metric.gamma !== undefined ? metric.gamma : 1 / x.length
  const coef0 = 'coef0' in metric && metric.coef0 !== undefined ? metric.coef0 : 1
  switch (metric.kernel) {
    case 'linear':
      return dot
    case 'polynomial':
      return (gamma * dot + coef0) ** (metric.degree ?? 3)
    case 'rbf':
      return Math.exp(-gamma * length(differences) ** 2)
    case 'laplacian':
      return Math.exp(-gamma * sum(differences))
    case 'sigmoid':
      return Math.tanh(gamma * dot + coef0)
  }
}

function mahalanobisOf(precision: MatrixInput, x: readonly number[], q: readonly number[]): number {
  const entries = Array.from(precision as ArrayLike<number | number[]>).flat()
  const apart = x.map((value, i) => value - q[i]!)
  return Math.sqrt(
    sum(entries.map((entry, at) => entry * apart[Math.floor(at / x.length)]! * apart[at % x.length]!)),
  )
}

const isDistance = (metric: QueryMetric) =>
  metric === 'euclidean' ||
  metric === 'chebyshev' ||
  metric === 'manhattan' ||
  (typeof metric === 'object' && 'mahalanobis' in metric)

const nameOf = (metric: QueryMetric) => (typeof metric === 'string' ? metric : JSON.stringify(metric))

const close = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b))

const component = fc.integer({ min: -300, max: 300 }).map((n) => Math.fround(n / 100))
const vector = fc
  .array(component, { minLength: DIMENSION, maxLength: DIMENSION })
  .filter((values) => values.some((value) => value !== 0))

type Films = Collection<Metadata, number>

async function openFilms(metric: MetricName): Promise<Films> {
  const { films } = await openCollection<Metadata, number>({ dimension: DIMENSION, metric })
  return films
}

async function fill(films: Films, vectors: readonly number[][]): Promise<Films> {
  await films.clear()
  await films.upsert(vectors.map((each, id) => ({ id, vector: each, metadata: { even: id % 2 === 0 } })))
  return films
}

describe.each(COLLECTION_METRICS)('a query of a %s collection', (own) => {
  it.each(METRICS.map((metric) => [nameOf(metric), metric] as const))(
    'ranks by %s as the definition does',
    async (_, metric) => {
      const films = await openFilms(own)
      await fc.assert(
        fc.asyncProperty(
          fc.array(vector, { minLength: 1, maxLength: 40 }),
          vector,
          fc.integer({ min: 1, max: 50 }),
          async (vectors, q, k) => {
            await fill(films, vectors)
            const expected = vectors
              .map((each) => scoreOf(metric, each, q))
              .sort((a, b) => (isDistance(metric) ? a - b : b - a))
            const matches = await films.query({ vector: q, metric, k })
            expect(matches.length).toBe(Math.min(k, vectors.length))
            for (const [i, { id, score }] of matches.entries()) {
              expect(close(score, expected[i]!), `${score}, not ${expected[i]}`).toBe(true)
              expect(close(score, scoreOf(metric, vectors[id]!, q))).toBe(true)
            }
            expect(films.querySync({ vector: q, metric, k })).toEqual(matches)
            const [many] = await films.queryMany([{ vector: q }, { vector: q, metric: own }], { metric, k })
            expect(many).toEqual(matches)
            await checkConditions(films, { vector: q, metric }, matches)
          },
        ),
        { numRuns: 12 },
      )
    },
  )
})

interface Match {
  readonly id: Id
  readonly score: number
}

/** Thresholds, filters and pages of a query whose first matches are known. */
async function checkConditions(
  films: Films,
  query: { vector: number[]; metric: QueryMetric },
  matches: readonly Match[],
): Promise<void> {
  const all = await films.query({ ...query, k: 1_000 })
  expect(all.slice(0, matches.length)).toEqual(matches)
  const middle = all[Math.floor(all.length / 2)]!
  const near = all.filter(({ score }) =>
    isDistance(query.metric) ? score <= middle.score : score >= middle.score,
  )
  expect(await films.query({ ...query, k: 1_000, threshold: middle.score })).toEqual(near)
  const even = await films.query({ ...query, k: 1_000, filter: { even: true } })
  expect(even).toEqual(all.filter(({ id }) => Number(id) % 2 === 0))
  const pages: Match[] = []
  for (let page = await films.query({ ...query, k: 7 }); page.length > 0; ) {
    pages.push(...page)
    const { id, score } = page.at(-1)!
    page = await films.query({ ...query, k: 7, after: { id, score } })
  }
  expect(pages).toEqual(all)
}

describe('metric', () => {
  it('of a zero vector is a cosine of 0, and a zero query has no cosine', async () => {
    const films = await fill(await openFilms('dot'), [
      [0, 0, 0, 0, 0],
      [1, 0, 0, 0, 0],
    ])
    const vector = [2, 0, 0, 0, 0]
    const matches = await films.query({ vector, metric: 'cosine', select: [] })
    expect(matches).toEqual([
      { id: 1, score: 1 },
      { id: 0, score: 0 },
    ])
    const zero = [0, 0, 0, 0, 0]
    await expectRejection(films.query({ vector: zero, metric: 'cosine' }), 'BAD_VECTOR', {
      path: 'query.vector',
    })
    await expectRejection(films.queryMany([{ vector }, { vector: zero, metric: 'cosine' }]), 'BAD_VECTOR', {
      path: 'queries[1].vector',
    })
    expect(await films.query({ vector: zero, metric: 'manhattan', k: 1, select: [] })).toEqual([
      { id: 0, score: 0 },
    ])
  })

  it.each<[unknown, string]>([
    ['l1', 'query.metric'],
    ['nearness', 'query.metric'],
    [7, 'query.metric'],
    [{}, 'query.metric'],
    [{ kernel: 'gauss' }, 'query.metric.kernel'],
    [{ kernel: 'rbf', gamma: 0 }, 'query.metric.gamma'],
    [{ kernel: 'rbf', gamma: -1 }, 'query.metric.gamma'],
    [{ kernel: 'rbf', gamma: Number.NaN }, 'query.metric.gamma'],
    [{ kernel: 'rbf', degree: 2 }, 'query.metric.degree'],
    [{ kernel: 'polynomial', degree: 1.5 }, 'query.metric.degree'],
    [{ kernel: 'polynomial', gamma: 1e-320 }, 'query.metric.gamma'],
    [{ kernel: 'linear', gamma: 1 }, 'query.metric.gamma'],
  ])('%j is refused', async (metric, path) => {
    const films = await fill(await openFilms('dot'), [[1, 0, 0, 0, 0]])
    const query = { vector: [1, 0, 0, 0, 0], metric: metric as QueryMetric }
    await expectRejection(films.query(query), 'BAD_OPTION', { path })
  })
})
