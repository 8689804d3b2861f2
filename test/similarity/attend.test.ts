import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ENGINES } from '../../src/engine/create.ts'
import type { AttendOptions, Collection, Metadata, MetricName } from '../../src/index.ts'
import { openCollection } from '../helpers/database.ts'
import { expectRejection } from '../helpers/errors.ts'
import { generator, randomVector } from '../helpers/random.ts'
import { attended, type Sample, type Settings } from './attend-textbook.ts'

/* All records are read: against the textbook. What is read through graphs is in attend-graph.test.ts. */

const DIMENSION = 6

type Films = Collection<Metadata, number>

const open = (options = {}) =>
  openCollection<Metadata, number>({ dimension: DIMENSION, metric: 'dot', ...options })

const component = fc.integer({ min: -200, max: 200 }).map((n) => n / 64)
const vectorOf = (length: number) => fc.array(component, { minLength: length, maxLength: length })
const matrixOf = (rows: number, columns: number) =>
  fc.array(vectorOf(columns), { minLength: rows, maxLength: rows })

async function fill(films: Films, vectors: readonly number[][]): Promise<Sample[]> {
  await films.clear()
  await films.upsert(
    vectors.map((vector, id) => ({ id, vector, metadata: { place: id, odd: id % 2 === 1 } })),
  )
  return vectors.map((vector, id) => ({ id, key: vector, value: vector }))
}

/** Checks outputs and weights of all heads of all queries. */
async function expectTextbook(
  films: Films,
  samples: readonly Sample[],
  queries: readonly number[][],
  settings: Settings,
  options: Partial<AttendOptions> = {},
): Promise<void> {
  const { heads = 1 } = settings
  const call = { queries, ...settings, ...options, k: samples.length + 1, exact: true }
  const result = await films.attend(call as AttendOptions<Metadata, number>)
  expect(result.missingMass).toEqual(queries.map(() => 0))
  expect(result.weights.length).toBe(queries.length * heads)
  // A projected query is float32 as the vectors are, and logits are off by its rounding.
  const tolerance = settings.projections === undefined ? 1e-10 : 1e-4
  for (const [i, query] of queries.entries()) {
    const { output, weights } = attended(samples, query, settings)
    const most = samples.reduce((top, { value }) => Math.max(top, Math.hypot(...Array.from(value))), 1)
    expect(result.outputs[i]!.length).toBe(output.length)
    for (const [j, expected] of output.entries()) {
      const error = 2 ** -23 * Math.abs(expected) + 40 * tolerance * most
      expect(Math.abs(result.outputs[i]![j]! - expected)).toBeLessThanOrEqual(error)
    }
    for (let head = 0; head < heads; head++) {
      const found = result.weights[i * heads + head]!
      expect(found.length).toBe(samples.length)
      const places = new Map(samples.map(({ id }, place) => [id, place]))
      for (const [at, { id, weight }] of found.entries()) {
        expect(Math.abs(weight - weights[head]![places.get(id)!]!)).toBeLessThanOrEqual(tolerance)
        if (at > 0) expect(weight).toBeLessThanOrEqual(found[at - 1]!.weight)
      }
    }
  }
}

describe.each(
  ENGINES.flatMap((engine) => (['dot', 'cosine'] as const).map((metric) => ({ engine, metric }))),
)('attend over all records of engine $engine, metric $metric', ({ engine, metric }) => {
  const opened = () => open({ metric: metric as MetricName, index: { engine } })
  const settings = fc.oneof(
    fc.record({ temperature: fc.constantFrom(0.01, 0.3, 1, 20) }),
    fc.record({ heads: fc.constantFrom(1, 2, 3, 6), temperature: fc.constantFrom(0.1, 2) }),
    fc.record({
      kernel: fc.constantFrom(
        { kernel: 'rbf' } as const,
        { kernel: 'rbf', gamma: 3 } as const,
        { kernel: 'laplacian', gamma: 0.7 } as const,
        { kernel: 'polynomial', degree: 2 } as const,
        { kernel: 'polynomial', degree: 4, gamma: 0.5, coef0: -1 } as const,
      ),
    }),
    fc.record({
      heads: fc.constantFrom(1, 2, 4),
      projections: fc.record({
        query: matrixOf(4, 3),
        key: matrixOf(4, DIMENSION),
        value: matrixOf(8, DIMENSION),
      }),
    }),
    fc.record({ heads: fc.constantFrom(1, 3), projections: fc.record({ query: matrixOf(DIMENSION, 3) }) }),
  )

  it('is what the textbook has', async () => {
    const { films } = await opened()
    const nonZero = vectorOf(DIMENSION).filter((vector) => vector.some((x) => x !== 0))
    const vectors = fc.array(nonZero, { minLength: 1, maxLength: 70 })
    await fc.assert(
      fc.asyncProperty(vectors, settings, fc.infiniteStream(component), async (stored, given, stream) => {
        const samples = await fill(films, stored)
        const length = 'projections' in given ? 3 : DIMENSION
        const queries = Array.from({ length: 3 }, () => Array.from({ length }, () => stream.next().value!))
        await expectTextbook(films, samples, queries, given)
        const odd = samples.filter(({ id }) => Number(id) % 2 === 1)
        if (odd.length > 0) await expectTextbook(films, odd, queries, given, { filter: { odd: true } })
      }),
      { numRuns: 40 },
    )
  })
})

describe('attend over many records', () => {
  it.each([16, 37, 200])('adds up all chunks, of %i dimensions', async (dimension) => {
    const random = generator(dimension)
    const { films } = await open({ dimension, index: { engine: 'flat' } })
    const vectors = Array.from({ length: 5_000 }, () => Array.from(randomVector(random, dimension)))
    const samples = await fill(films, vectors)
    // Holes, and slots that are used again.
    await films.delete(Array.from({ length: 500 }, (_, i) => i * 7))
    const rest = samples.filter(({ id }) => !(Number(id) % 7 === 0 && Number(id) < 3_500))
    const queries = Array.from({ length: 40 }, () => Array.from(randomVector(random, dimension)))
    await expectTextbook(films, rest, queries.slice(0, 3), { temperature: 0.2 })
    const together = await films.attend({ queries })
    const alone = await films.attend({ queries: [queries[39]!] })
    expect(together.outputs.length).toBe(40)
    for (const [j, x] of alone.outputs[0]!.entries()) expect(together.outputs[39]![j]).toBeCloseTo(x, 6)
    expect(together.weights[39]!.map(({ id }) => id)).toEqual(alone.weights[0]!.map(({ id }) => id))
    expect(alone.weights[0]!.length).toBe(10)
  })

  it('neither overflows nor vanishes, however large logits are', async () => {
    const { films } = await open({ dimension: 2 })
    await films.upsert([
      { id: 1, vector: [3e38, 0] },
      { id: 2, vector: [2.9e38, 0] },
      { id: 3, vector: [1e-38, 0] },
    ])
    const { outputs, weights } = await films.attend({ queries: [[3e38, 1]], temperature: 1e-100 })
    expect(weights[0]).toEqual([
      { id: 1, weight: 1 },
      { id: 2, weight: 0 },
      { id: 3, weight: 0 },
    ])
    expect(outputs[0]).toEqual(Float32Array.of(3e38, 0))
    const even = await films.attend({ queries: [[3e38, 1]], temperature: 1e100 })
    expect(even.weights[0]!.map(({ weight }) => weight)).toEqual([1 / 3, 1 / 3, 1 / 3])
  })

  it('takes queries row by row, and copies them before it returns', async () => {
    const { films } = await open({ dimension: 2 })
    await films.upsert([
      { id: 1, vector: [1, 0] },
      { id: 2, vector: [0, 1] },
    ])
    const flat = Float32Array.of(1, 0, 0, 1)
    const promise = films.attend({ queries: flat })
    flat.fill(9)
    expect(await promise).toEqual(await films.attend({ queries: [[1, 0], new Float64Array([0, 1])] }))
  })

  it('is of nothing where no record takes part', async () => {
    const { films } = await open()
    const query = [1, 2, 3, 4, 5, 6]
    const nothing = { weights: [[]], missingMass: [0] }
    const zeros = [new Float32Array(DIMENSION)]
    expect(await films.attend({ queries: [query] })).toEqual({ outputs: zeros, ...nothing })
    await films.upsert({ id: 1, vector: query, metadata: { odd: true } })
    const filter = { odd: false }
    expect(await films.attend({ queries: [query], filter })).toEqual({ outputs: zeros, ...nothing })
    expect(await films.attend({ queries: [query], filter, k: 3 })).toEqual({ outputs: zeros, ...nothing })
    const values = 'rating'
    expect(await films.attend({ queries: [query], values })).toEqual({
      outputs: [new Float32Array()],
      ...nothing,
    })
  })

  it('stops with its signal', async () => {
    const { films } = await open()
    await fill(films, [[1, 2, 3, 4, 5, 6]])
    const queries = [[1, 2, 3, 4, 5, 6]]
    const reason = new Error('enough')
    await expect(films.attend({ queries, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const promise = films.attend({ queries, filter: { odd: false }, signal: controller.signal })
    controller.abort(reason)
    await expect(promise).rejects.toBe(reason)
  })

  it('is of one moment while records are written', async () => {
    const { films } = await open({ dimension: 2 })
    const records = (round: number) =>
      Array.from({ length: 600 }, (_, id) => ({ id, vector: [1, round], metadata: { round } }))
    await films.upsert(records(0))
    let writing = true
    const writer = (async () => {
      for (let round = 1; writing; round++) await films.upsert(records(round))
    })()
    for (let i = 0; i < 30; i++) {
      const values = i % 2 === 0 ? 'round' : undefined
      const k = i % 3 === 0 ? 5 : undefined
      const { outputs, weights } = await films.attend({ queries: [[1, 0]], values, k })
      const round = outputs[0]!.at(-1)!
      expect(round).toBe(Math.round(round))
      for (const { weight } of weights[0]!) expect(weight).toBeCloseTo(k === undefined ? 1 / 600 : 1 / 5, 12)
    }
    writing = false
    await writer
  })
})

describe('values', () => {
  const vectors = Array.from({ length: 40 }, (_, i) => Array.from(randomVector(generator(i), DIMENSION)))
  const queries = [vectors[3]!, vectors[8]!]

  it('are numbers at a path of metadata, and records without one take no part', async () => {
    const { films } = await open()
    const samples = await fill(films, vectors)
    await films.update(
      Array.from({ length: 10 }, (_, id) => id),
      { about: { stars: null } },
    )
    for (let id = 10; id < 40; id++) await films.update(id, { about: { stars: id / 4 } })
    const rated = samples.slice(10).map((sample) => ({ ...sample, value: [Number(sample.id) / 4] }))
    await expectTextbook(films, rated, queries, {}, { values: 'about.stars' })
    await expectTextbook(
      films,
      rated.filter(({ id }) => Number(id) % 2 === 0),
      queries,
      {},
      { values: 'about.stars', filter: { odd: false } },
    )
  })

  it('are arrays of numbers of one length', async () => {
    const { films } = await open()
    const samples = await fill(films, vectors)
    for (let id = 0; id < 40; id++)
      await films.update(id, { rgb: id % 2 === 0 ? [id, 1, -id, 0.5] : Float32Array.of(id, 1, -id, 0.5) })
    const coloured = samples.map((sample) => ({
      ...sample,
      value: [Number(sample.id), 1, -Number(sample.id), 0.5],
    }))
    await expectTextbook(films, coloured, queries, {}, { values: 'rgb' })
    await expectTextbook(films, coloured, queries, { heads: 2 }, { values: 'rgb' })
    await expectRejection(films.attend({ queries, values: 'rgb', heads: 3 }), 'BAD_OPTION', {
      path: 'options.heads',
    })
    const projections = { value: [[1, 2, 3]] }
    await expectRejection(films.attend({ queries, values: 'rgb', projections }), 'DIMENSION_MISMATCH', {
      path: 'options.projections.value',
    })
  })

  it.each([
    [[1, 2], 'has 2 numbers'],
    ['4', 'has 1 numbers'],
    [[1, 2, 1e39], 'within float32'],
    [[], 'has 0 numbers'],
    [[1, 2, 'x'], 'has "x"'],
  ])('are refused where one is %j', async (rgb, message) => {
    const { films } = await open()
    await fill(films, vectors)
    for (let id = 0; id < 40; id++) await films.update(id, { rgb: id === 7 ? rgb : [1, 2, 3] })
    const where = { id: 7, path: 'metadata.rgb' }
    const error = await expectRejection(films.attend({ queries, values: 'rgb' }), 'BAD_METADATA', where)
    expect(error.message).toContain(message)
  })

  it('are vectors of another collection, by ids', async () => {
    const { db, films } = await open()
    const samples = await fill(films, vectors)
    const posters = await db.collection<Metadata, number>('posters', { dimension: 4, metric: 'cosine' })
    const posterOf = (id: number) => Array.from(randomVector(generator(100 + id), 4, 50))
    await posters.upsert(Array.from({ length: 60 }, (_, i) => ({ id: 59 - i + 5, vector: posterOf(64 - i) })))
    const shown = samples.slice(5).map((sample) => ({ ...sample, value: posterOf(Number(sample.id)) }))
    await expectTextbook(films, shown, queries, {}, { values: posters })
    await expectTextbook(films, shown, queries, { heads: 2, temperature: 0.3 }, { values: posters })
    await expectTextbook(
      films,
      shown.filter(({ id }) => Number(id) % 2 === 1),
      queries,
      { kernel: { kernel: 'rbf' } },
      { values: posters, filter: { odd: true } },
    )
    const top = await films.attend({ queries, values: posters, k: 1 })
    const { id } = top.weights[0]![0]!
    expect(Array.from(top.outputs[0]!)).toEqual(posterOf(id))
    await posters.delete(id)
    expect((await films.attend({ queries, values: posters, k: 1 })).weights[0]![0]!.id).not.toBe(id)
    await db.drop('posters')
    await expectRejection(films.attend({ queries, values: posters }), 'NOT_FOUND')
  })
})

describe('options', () => {
  const query = [1, 2, 3, 4, 5, 6]
  const square = Array.from({ length: DIMENSION }, () => query)
  const cases: [object, string, string?][] = [
    [{}, 'BAD_VECTOR', 'options.queries'],
    [{ queries: [] }, 'BAD_VECTOR', 'options.queries'],
    [{ queries: [[1, 2]] }, 'DIMENSION_MISMATCH', 'options.queries[0]'],
    [{ queries: [query, [...query.slice(1), Number.NaN]] }, 'BAD_VECTOR', 'options.queries[1][5]'],
    [{ queries: [[...query.slice(1), 1e39]] }, 'BAD_VECTOR', 'options.queries[0][5]'],
    [{ querys: [query] }, 'BAD_OPTION', 'options.querys'],
    [{ queries: [query], k: 0 }, 'BAD_OPTION', 'options.k'],
    [{ queries: [query], temperature: 0 }, 'BAD_OPTION', 'options.temperature'],
    [{ queries: [query], temperature: -1 }, 'BAD_OPTION', 'options.temperature'],
    [{ queries: [query], temperature: Infinity }, 'BAD_OPTION', 'options.temperature'],
    [{ queries: [query], heads: 4 }, 'BAD_OPTION', 'options.heads'],
    [{ queries: [query], heads: 0 }, 'BAD_OPTION', 'options.heads'],
    [{ queries: [query], exact: 1 }, 'BAD_OPTION', 'options.exact'],
    [{ queries: [query], k: 3, bound: 'code' }, 'BAD_OPTION', 'options.bound'],
    [{ queries: [query], filter: { a: { $x: 1 } } }, 'BAD_FILTER', 'options.filter.a.$x'],
    [{ queries: [query], values: 5 }, 'BAD_OPTION', 'options.values'],
    [{ queries: [query], values: {} }, 'BAD_OPTION', 'options.values'],
    [{ queries: [query], values: 'a..b' }, 'BAD_OPTION', 'options.values'],
    [{ queries: [query], kernel: {} }, 'BAD_OPTION', 'options.kernel.kernel'],
    [{ queries: [query], kernel: 7 }, 'BAD_OPTION', 'options.kernel'],
    [{ queries: [query], kernel: { kernel: 'linear' } }, 'BAD_OPTION', 'options.kernel.kernel'],
    [{ queries: [query], kernel: { kernel: 'sigmoid' } }, 'BAD_OPTION', 'options.kernel.kernel'],
    [{ queries: [query], kernel: { kernel: 'polynomial' } }, 'BAD_OPTION', 'options.kernel.degree'],
    [
      { queries: [query], kernel: { kernel: 'polynomial', degree: 3 } },
      'BAD_OPTION',
      'options.kernel.degree',
    ],
    [{ queries: [query], kernel: { kernel: 'rbf', gamma: -1 } }, 'BAD_OPTION', 'options.kernel.gamma'],
    [{ queries: [query], kernel: 'rbf', temperature: 2 }, 'BAD_OPTION', 'options.temperature'],
    [{ queries: [query], kernel: 'rbf', heads: 2 }, 'BAD_OPTION', 'options.heads'],
    [
      { queries: [query], kernel: 'rbf', projections: { key: square } },
      'BAD_OPTION',
      'options.projections.key',
    ],
    [{ queries: [query], projections: { keys: square } }, 'BAD_OPTION', 'options.projections.keys'],
    [
      { queries: [query], projections: { key: [[1, 2]] } },
      'DIMENSION_MISMATCH',
      'options.projections.key[0]',
    ],
    [
      { queries: [query], projections: { query: [query] } },
      'DIMENSION_MISMATCH',
      'options.projections.query',
    ],
    [
      { queries: [query], projections: { query: query.slice(1) } },
      'DIMENSION_MISMATCH',
      'options.projections.query',
    ],
    [
      { queries: [query], projections: { value: [[1]] } },
      'DIMENSION_MISMATCH',
      'options.projections.value[0]',
    ],
    [
      {
        queries: [query],
        projections: { key: square.map((row) => row.map((x) => x * 1e38)), query: square },
      },
      'BAD_VECTOR',
      'options.queries[0]',
    ],
  ]

  it.each(cases)('%j is refused with %s', async (options, code, path) => {
    const { films } = await open()
    await fill(films, [query])
    await expectRejection(films.attend(options as AttendOptions<Metadata, number>), code as 'BAD_OPTION', {
      path: path!,
    })
  })

  it('are read once the database is open', async () => {
    const { db, films } = await open()
    await db.close()
    await expectRejection(films.attend({ queries: [query] }), 'CLOSED')
  })
})
