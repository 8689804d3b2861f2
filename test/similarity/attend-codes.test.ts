import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AttendOptions, CodesName, Collection, Metadata, MetricName } from '../../src/index.ts'
import { openCollection } from '../helpers/database.ts'
import { untilBuilt } from '../helpers/graphs.ts'
import { generator, randomVectors } from '../helpers/random.ts'
import { attended, missed, type Sample, type Settings } from './attend-textbook.ts'

/* The weight that is missing is bounded by the codes of a graph: never below what is missing, whatever the vectors are. */

const DIMENSION = 40
const COUNT = 2_300

type Films = Collection<Metadata, number>

/** Around some centers; each twentieth vector is one of three. */
function vectors(count: number, lengthOf: (id: number) => number, seed = 1): number[][] {
  const random = generator(seed)
  const centers = randomVectors(random, 12, DIMENSION)
  return Array.from({ length: count }, (_, id) => {
    const center = centers[id % centers.length]!
    const scatter = id % 20 === 0 ? 0 : 0.6
    const near = Array.from(center, (x) => x + scatter * (random() - 0.5))
    const length = Math.hypot(...near)
    return near.map((x) => Math.fround((x / length) * lengthOf(id % 20 === 0 ? id % 3 : id)))
  })
}

const SIZES = {
  'of one length': () => 1,
  'of many lengths': (id: number) => 0.25 + (id % 13) / 4,
  'of lengths that are powers apart': (id: number) => 4 ** (id % 8),
  huge: (id: number) => 1e12 * (1 + (id % 3)),
  tiny: (id: number) => 1e-12 * (1 + (id % 3)),
}

async function filled(
  metric: MetricName,
  codes: CodesName,
  lengthOf: (id: number) => number,
): Promise<{ films: Films; samples: Sample[] }> {
  const { films } = await openCollection<Metadata, number>({
    dimension: DIMENSION,
    metric,
    index: { engine: 'hnsw', codes },
  })
  const stored = vectors(COUNT, lengthOf)
  await films.upsert(stored.map((vector, id) => ({ id, vector, metadata: { odd: id % 2 } })))
  // Also renumbered: a walk finds the same each time then.
  await films.indexed()
  return { films, samples: stored.map((vector, id) => ({ id, key: vector, value: [id % 2] })) }
}

async function missing(films: Films, samples: readonly Sample[], options: AttendOptions<Metadata, number>) {
  const { queries, k, filter, ...settings } = options
  const result = await films.attend(options)
  const some = filter === undefined ? samples : samples.filter(({ value }) => value[0] === 1)
  const { bound: _, ...own } = settings
  return result.missingMass.map((mass, i) => {
    const { weights } = attended(some, (queries as number[][])[i]!, own as Settings)
    return { mass, lost: missed(some, weights[0]!, result, i) }
  })
}

/** What both say but for the textbook's own roundings, which grow with the logits. */
const atLeast = (lost: number, logits: number) => lost * (1 - 1e-9 - 1e-14 * logits) - 1e-13

const CASES: { metric: MetricName; codes: CodesName; size: keyof typeof SIZES }[] = [
  { metric: 'dot', codes: 'int8', size: 'of many lengths' },
  { metric: 'dot', codes: 'int4', size: 'of lengths that are powers apart' },
  { metric: 'cosine', codes: 'int8', size: 'of one length' },
  { metric: 'euclidean', codes: 'int8', size: 'of one length' },
  { metric: 'dot', codes: 'int8', size: 'huge' },
  { metric: 'dot', codes: 'int8', size: 'tiny' },
]

describe.each(CASES)('by codes $codes of metric $metric, vectors $size', ({ metric, codes, size }) => {
  it('the missing mass is bounded from above, and nearer than by lengths', async () => {
    const { films, samples } = await filled(metric, codes, SIZES[size])
    const reach = Math.max(...samples.map(({ key }) => Math.hypot(...(key as number[]))))
    const own = (fraction: number) => ({ temperature: (reach * reach * fraction) / Math.sqrt(DIMENSION) })
    const settings = fc.oneof(
      fc.double({ min: -5, max: 1, noNaN: true }).map((power) => own(10 ** power)),
      fc
        .record({ power: fc.double({ min: -2, max: 5, noNaN: true }) })
        .map(({ power }) => ({ kernel: { kernel: 'rbf' as const, gamma: 10 ** power / reach / reach } })),
      fc.integer({ min: 1, max: 20 }).map((half) => ({
        kernel: {
          kernel: 'polynomial' as const,
          degree: 2 * half,
          gamma: 1 / reach / reach,
          coef0: half % 3,
        },
      })),
    )
    const place = fc.integer({ min: 0, max: COUNT - 1 })
    const property = fc.asyncProperty(
      fc.array(place, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(-1, 0.01, 1, 7),
      settings,
      fc.constantFrom(1, 10, 80),
      fc.boolean(),
      async (places, factor, given, k, filtered) => {
        const queries = places.map((at) => Array.from(samples[at]!.key, (x) => Math.fround(x * factor)))
        const options = { queries, k, ...given, ...(filtered && { filter: { odd: 1 } }) }
        const byCodes = await missing(films, samples, { ...options, bound: 'codes' })
        const byLengths = await films.attend({ ...options, bound: 'lengths' })
        for (const [i, { mass, lost }] of byCodes.entries()) {
          expect(mass).toBeGreaterThanOrEqual(atLeast(lost, 1e6))
          expect(mass).toBeLessThanOrEqual(Math.min(1, byLengths.missingMass[i]! * (1 + 1e-9)))
        }
      },
    )
    await fc.assert(property, { numRuns: 25 })
  })
})

describe('the bound by codes', () => {
  it('is the default where a graph has answered by a function of products', async () => {
    const { films, samples } = await filled('dot', 'int8', SIZES['of one length'])
    const queries = [samples[21]!.key as number[], samples[22]!.key as number[]]
    const settings = { queries, k: 20, temperature: 0.01 }
    const { missingMass } = await films.attend(settings)
    const [codes, lengths] = await Promise.all([
      missing(films, samples, { ...settings, bound: 'codes' }),
      films.attend({ ...settings, bound: 'lengths' }),
    ])
    for (const [i, { mass, lost }] of codes.entries()) {
      expect(Math.abs(missingMass[i]! - mass)).toBeLessThan(1e-9)
      expect(lengths.missingMass[i]!).toBeGreaterThan(0.99)
      expect(mass).toBeLessThan(lost + 0.5 * (1 - lost))
    }
  })

  it('counts records that have not been linked yet, and none that have gone', async () => {
    const { films, samples } = await filled('dot', 'int8', SIZES['of one length'])
    const fresh = vectors(150, SIZES['of one length'], 2)
    const queries = [fresh[7]!, samples[3]!.key as number[]]
    const settings = { queries, k: 5, temperature: 0.02, bound: 'codes' as const }
    const gone = new Set(Array.from({ length: 200 }, (_, i) => 11 * i))
    // Written and asked in one turn: the graph has not taken them in.
    const written = Promise.all([
      films.upsert(fresh.map((vector, i) => ({ id: COUNT + i, vector }))),
      films.delete([...gone]),
    ])
    await written
    const now = [
      ...samples.filter(({ id }) => !gone.has(Number(id))),
      ...fresh.map((vector, i) => ({ id: COUNT + i, key: vector, value: [0] })),
    ]
    for (let round = 0; round < 5; round++) {
      for (const { mass, lost } of await missing(films, now, settings)) {
        expect(mass).toBeGreaterThanOrEqual(atLeast(lost, 1))
        expect(mass).toBeLessThan(lost + 0.5 * (1 - lost))
      }
    }
  })

  it('counts the records that stay while others are replaced', async () => {
    const { films, samples } = await filled('dot', 'int8', SIZES['of one length'])
    const queries = [samples[21]!.key as number[]]
    const other = vectors(COUNT, SIZES['of one length'], 3)
    let writing = true
    const writer = (async () => {
      for (let i = 0; writing; i++) {
        const id = 1 + (i % 19)
        await films.upsert({ id, vector: i % 2 === 0 ? other[id]! : (samples[id]!.key as number[]) })
      }
    })()
    for (let round = 0; round < 30; round++) {
      const { missingMass, weights } = await films.attend({ queries, k: 10, temperature: 0.05 })
      // The few that are replaced take a part of the whole weight, but a small one.
      const stay = samples.filter(({ id }) => Number(id) > 19)
      const read = new Set(weights[0]!.map(({ id }) => id))
      const { weights: all } = attended(stay, queries[0]!, { temperature: 0.05 })
      const lost = stay.reduce((sum, { id }, i) => sum + (read.has(Number(id)) ? 0 : all[0]![i]!), 0)
      expect(missingMass[0]!).toBeGreaterThan(0.9 * lost)
    }
    writing = false
    await writer
  })

  it('is that of lengths where an engine has no codes, and of a kernel that is no function of products', async () => {
    for (const engine of ['hnswlib', 'flat'] as const) {
      const { films } = await openCollection<Metadata, number>({
        dimension: DIMENSION,
        metric: 'dot',
        index: { engine },
      })
      const stored = vectors(COUNT, SIZES['of one length'])
      await films.upsert(stored.map((vector, id) => ({ id, vector })))
      await untilBuilt(films)
      const settings = { queries: [stored[5]!], k: 5, temperature: 0.01 }
      const codes = await films.attend({ ...settings, bound: 'codes' })
      const lengths = await films.attend({ ...settings, bound: 'lengths' })
      expect(Math.abs(codes.missingMass[0]! - lengths.missingMass[0]!)).toBeLessThan(1e-9)
    }
    const { films, samples } = await filled('dot', 'int8', SIZES['of many lengths'])
    const settings = {
      queries: [samples[5]!.key as number[]],
      k: 5,
      kernel: { kernel: 'laplacian' as const },
    }
    for (const { mass, lost } of await missing(films, samples, { ...settings, bound: 'codes' })) {
      expect(mass).toBeGreaterThanOrEqual(atLeast(lost, 1))
    }
  })
})
