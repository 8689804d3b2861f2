import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ENGINES } from '../../src/engine/create.ts'
import type { AttentionKernel, Collection, EngineName, Metadata, MetricName } from '../../src/index.ts'
import { openCollection } from '../helpers/database.ts'
import { untilBuilt } from '../helpers/graphs.ts'
import { generator, randomVectors } from '../helpers/random.ts'
import {
  attended,
  diameter,
  distance,
  missed,
  type Rows,
  type Sample,
  type Settings,
} from './attend-textbook.ts'

/* The top k are read, through graphs and scans: what is said to be missing is at least what is. */

const DIMENSION = 12
const COUNT = 2_600

type Films = Collection<Metadata, number>

/** Around some centers, and of lengths that are alike or not. */
function vectors(count: number, dimension: number, lengthOf: (id: number) => number): number[][] {
  const random = generator(count + dimension)
  const centers = randomVectors(random, 30, dimension)
  return Array.from({ length: count }, (_, id) => {
    const center = centers[id % centers.length]!
    const near = Array.from(center, (x) => x + 0.5 * (random() - 0.5))
    const length = Math.hypot(...near)
    return near.map((x) => Math.fround((x / length) * lengthOf(id)))
  })
}

async function filled(
  engine: EngineName,
  metric: MetricName,
  lengthOf: (id: number) => number,
): Promise<{ films: Films; samples: Sample[] }> {
  const { films } = await openCollection<Metadata, number>({
    dimension: DIMENSION,
    metric,
    index: { engine },
  })
  const stored = vectors(COUNT, DIMENSION, lengthOf)
  await films.upsert(
    stored.map((vector, id) => ({ id, vector, metadata: { odd: id % 2, tenth: id % 20, stars: id % 5 } })),
  )
  await untilBuilt(films)
  return { films, samples: stored.map((vector, id) => ({ id, key: vector, value: vector })) }
}

/** Checks the bounds, and that weights and outputs are those of what was read. */
function expectProven(
  samples: readonly Sample[],
  queries: Rows,
  result: Awaited<ReturnType<Films['attend']>>,
  k: number,
  settings: Settings,
): number[] {
  const far = diameter(samples)
  return queries.map((query, i) => {
    const all = attended(samples, query, settings)
    const own = result.weights[i]!
    const mass = result.missingMass[i]!
    expect(own.length).toBe(Math.min(k, samples.length))
    const lost = missed(samples, all.weights[0]!, result, i)
    // The textbook's own roundings.
    expect(mass * (1 + 1e-9) + 1e-13).toBeGreaterThanOrEqual(lost)
    expect(mass).toBeLessThanOrEqual(1)
    const output = result.outputs[i]!
    const rounding = 1e-6 * Math.max(1, Math.hypot(...all.output), far)
    expect(distance(output, all.output)).toBeLessThanOrEqual(mass * far + rounding)
    const places = new Map(samples.map(({ id }, place) => [id, place]))
    const read = own.map(({ id }) => samples[places.get(id)!]!)
    const renormalised = attended(read, query, settings)
    expect(distance(output, renormalised.output)).toBeLessThanOrEqual(rounding)
    const tolerance = settings.projections === undefined ? 1e-9 : 1e-4
    for (const [at, { weight }] of own.entries()) {
      expect(Math.abs(weight - renormalised.weights[0]![at]!)).toBeLessThanOrEqual(tolerance)
    }
    return lost
  })
}

const LENGTHS = {
  'of one length': () => 1,
  'of many lengths': (id: number) => 1 + (id % 9) / 3,
}

const CASES: { metric: MetricName; lengths: keyof typeof LENGTHS; kernel?: AttentionKernel; scan?: true }[] =
  [
    { metric: 'dot', lengths: 'of many lengths' },
    { metric: 'dot', lengths: 'of one length' },
    { metric: 'cosine', lengths: 'of one length' },
    { metric: 'cosine', lengths: 'of many lengths', scan: true },
    { metric: 'euclidean', lengths: 'of many lengths', kernel: { kernel: 'rbf', gamma: 2 } },
    { metric: 'euclidean', lengths: 'of one length', kernel: { kernel: 'rbf', gamma: 40 } },
    { metric: 'euclidean', lengths: 'of one length' },
    { metric: 'dot', lengths: 'of many lengths', kernel: { kernel: 'laplacian', gamma: 2 }, scan: true },
    { metric: 'dot', lengths: 'of many lengths', kernel: { kernel: 'polynomial', degree: 6 }, scan: true },
  ]

describe.each(ENGINES.filter((engine) => engine !== 'flat'))('the top k of engine %s', (engine) => {
  it.each(CASES)('miss what they say at most: metric $metric, vectors $lengths, $kernel', async (given) => {
    const { metric, lengths, kernel, scan } = given
    const { films, samples } = await filled(engine, metric, LENGTHS[lengths])
    const ranked = kernel ?? 'dot'
    const queries = [samples[5]!.key, samples[777]!.key, ...vectors(4, DIMENSION, (id) => id + 0.5)]
    const plan = await films.explain({ vector: queries[0]!, metric: ranked, k: 20 })
    expect(plan.plan).toBe(scan === undefined ? engine : 'scan')
    for (const temperature of kernel ? [undefined] : [0.01, 0.05, 1]) {
      const settings = { ...(temperature && { temperature }), ...(kernel && { kernel }) }
      for (const k of [1, 20, 200]) {
        const result = await films.attend({ queries, k, ...settings })
        expectProven(samples, queries, result, k, settings)
        const closer = await films.attend({ queries, k, bound: 'products', ...settings })
        const lost = expectProven(samples, queries, closer, k, settings)
        for (const [i, mass] of lost.entries()) {
          expect(closer.missingMass[i]!).toBeLessThanOrEqual(result.missingMass[i]!)
          // Products are asked where lengths leave more than a thousandth open.
          expect(closer.missingMass[i]!).toBeLessThanOrEqual(Math.max(0.001, mass + 1e-9))
        }
      }
    }
  })

  it('miss no more by a wide filter, nor by a narrow one', async () => {
    const { films, samples } = await filled(engine, 'dot', LENGTHS['of many lengths'])
    const queries = [samples[5]!.key, ...vectors(3, DIMENSION, () => 2)]
    for (const filter of [{ odd: 1 }, { tenth: 3 }, { odd: 1, tenth: 4 }]) {
      const passes = ({ id }: Sample) =>
        (!('odd' in filter) || Number(id) % 2 === filter.odd) &&
        (!('tenth' in filter) || Number(id) % 20 === filter.tenth)
      const some = samples.filter(passes)
      const settings = { temperature: 0.1 }
      for (const k of [3, 50]) {
        const result = await films.attend({ queries, k, filter, ...settings })
        if (some.length > 0) expectProven(some, queries, result, k, settings)
        else expect(result.weights.flat()).toEqual([])
      }
      const exact = await films.attend({ queries, filter, exact: true, ...settings })
      for (const [i, query] of queries.entries()) {
        const { output } = attended(some, query, settings)
        if (some.length > 0) expect(distance(exact.outputs[i]!, output)).toBeLessThan(1e-5)
      }
    }
  })

  it('are found by the query that a projection of keys is folded into', async () => {
    const { films, samples } = await filled(engine, 'dot', LENGTHS['of many lengths'])
    const matrix = (rows: number, columns: number) => vectors(rows, columns, () => 1.5)
    const projections = { query: matrix(5, 4), key: matrix(5, DIMENSION), value: matrix(3, DIMENSION) }
    const queries = vectors(4, 4, () => 2)
    const result = await films.attend({ queries, k: 30, temperature: 0.1, projections })
    const projected = samples.map((sample) => ({
      ...sample,
      value: projections.value.map((row) => row.reduce((sum, x, i) => sum + x * sample.value[i]!, 0)),
    }))
    const settings = { temperature: 0.1, projections: { query: projections.query, key: projections.key } }
    expectProven(projected, queries, result, 30, settings)
  })

  it('have values of a field, and of another collection', async () => {
    const { films, samples } = await filled(engine, 'dot', LENGTHS['of many lengths'])
    const queries = [samples[5]!.key, samples[6]!.key]
    const rated = samples.map((sample) => ({ ...sample, value: [Number(sample.id) % 5] }))
    const settings = { temperature: 0.05 }
    expectProven(
      rated,
      queries,
      await films.attend({ queries, k: 40, values: 'stars', ...settings }),
      40,
      settings,
    )
    const own = await films.attend({ queries, k: 40, values: films, ...settings })
    expect(own).toEqual(await films.attend({ queries, k: 40, ...settings }))
  })
})

describe('a scan', () => {
  let films: Films
  let samples: Sample[]
  const open = async () => {
    const opened = await openCollection<Metadata, number>({
      dimension: 4,
      metric: 'dot',
      index: { engine: 'flat' },
    })
    films = opened.films
  }

  it('tells what is missing to the rounding', async () => {
    await open()
    const component = fc.integer({ min: -200, max: 200 }).map((n) => n / 64)
    const vector = fc.array(component, { minLength: 4, maxLength: 4 })
    const settings = fc.constantFrom<Settings>(
      {},
      { temperature: 0.02 },
      { temperature: 30 },
      { kernel: { kernel: 'rbf', gamma: 0.3 } },
      { kernel: { kernel: 'laplacian' } },
      { kernel: { kernel: 'polynomial', degree: 2, coef0: 0.5 } },
      { kernel: { kernel: 'polynomial', degree: 10, gamma: 3, coef0: 0 } },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(vector, { minLength: 1, maxLength: 60 }),
        fc.array(vector, { minLength: 1, maxLength: 3 }),
        settings,
        fc.integer({ min: 1, max: 12 }),
        async (stored, queries, given, k) => {
          await films.clear()
          await films.upsert(stored.map((each, id) => ({ id, vector: each })))
          samples = stored.map((each, id) => ({ id, key: each, value: each }))
          // Where all weights are 0 there are none.
          const weighs = queries.every((query) =>
            attended(samples, query, given).weights[0]!.every((weight) => weight > 0),
          )
          fc.pre(weighs)
          const result = await films.attend({ queries, k, ...given })
          const lost = expectProven(samples, queries, result, k, given)
          for (const [i, mass] of lost.entries()) {
            expect(result.missingMass[i]!).toBeLessThanOrEqual(mass + 1e-9)
          }
        },
      ),
      { numRuns: 150 },
    )
  })

  it('misses nothing where it reads all', async () => {
    await open()
    await films.upsert([
      { id: 1, vector: [1, 2, 3, 4] },
      { id: 2, vector: [4, 3, 2, 1] },
    ])
    const { missingMass, weights } = await films.attend({ queries: [[1, 1, 1, 1]], k: 5 })
    expect(missingMass).toEqual([0])
    expect(weights[0]!.length).toBe(2)
  })
})
