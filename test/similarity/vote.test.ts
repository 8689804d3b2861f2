import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Collection, MetricName } from '../../src/index.ts'
import { openCollection } from '../helpers/database.ts'
import { expectRejection } from '../helpers/errors.ts'

type Film = { genre?: string; about?: { stars: number } }
type Films = Collection<Film, number>

const DIMENSION = 3

async function openFilms(metric: MetricName): Promise<Films> {
  const { films } = await openCollection<Film, number>({ dimension: DIMENSION, metric })
  return films
}

interface Sample {
  readonly vector: number[]
  readonly genre: string | undefined
  readonly stars: number
}

const component = fc.integer({ min: -40, max: 40 }).map((n) => n / 8)
const vector = fc
  .array(component, { minLength: DIMENSION, maxLength: DIMENSION })
  .filter((values) => values.some((value) => value !== 0))
const sample: fc.Arbitrary<Sample> = fc.record({
  vector,
  genre: fc.constantFrom('drama', 'comedy', 'western', undefined),
  stars: fc.integer({ min: 1, max: 5 }),
})

async function fill(films: Films, samples: readonly Sample[]): Promise<void> {
  await films.clear()
  await films.upsert(
    samples.map(({ vector, genre, stars }, id) => ({
      id,
      vector,
      metadata: { ...(genre && { genre }), about: { stars } },
    })),
  )
}

const length = (v: readonly number[]) => Math.hypot(...v)
const apart = (a: readonly number[], b: readonly number[]) => length(a.map((x, i) => x - b[i]!))

/** By the formulas: the weight of each sample that is labelled and among the k nearest. */
function textbook(samples: readonly Sample[], weightOf: (sample: Sample) => number) {
  const sums = new Map<string, number>()
  let total = 0
  for (const each of samples) {
    const weight = weightOf(each)
    total += weight
    sums.set(each.genre!, (sums.get(each.genre!) ?? 0) + weight)
  }
  return new Map(Array.from(sums, ([label, sum]) => [label, sum / total]))
}

describe.each(['cosine', 'euclidean'] as const)('a vote in a collection of metric %s', (metric) => {
  it('is weighted as the textbook has it', async () => {
    const films = await openFilms(metric)
    const distanceOf = (a: readonly number[], b: readonly number[]) =>
      metric === 'euclidean'
        ? apart(a, b)
        : apart(
            a.map((x) => x / length(a)),
            b.map((x) => x / length(b)),
          )
    await fc.assert(
      fc.asyncProperty(
        fc.array(sample, { minLength: 1, maxLength: 30 }),
        vector,
        fc.integer({ min: 1, max: 12 }),
        async (samples, q, k) => {
          fc.pre(samples.some(({ genre }) => genre !== undefined))
          await fill(films, samples)
          const labelled = samples
            .map((each, id) => ({ ...each, id, distance: distanceOf(each.vector, q) }))
            .filter(({ genre }) => genre !== undefined)
            .sort((a, b) => a.distance - b.distance)
          // Which of two at the same distance is the k-th is not said.
          const edge = labelled[k - 1]?.distance
          fc.pre(edge === undefined || labelled[k] === undefined || labelled[k]!.distance - edge > 1e-6)
          fc.pre(labelled[0]!.distance > 1e-3)
          const expected = textbook(
            labelled.slice(0, k),
            (each) => 1 / (each as (typeof labelled)[number]).distance,
          )
          const { label, probabilities } = await films.classify({ vector: q, field: 'genre', k })
          expect(probabilities.length).toBe(expected.size)
          for (const { label, probability } of probabilities)
            expect(probability).toBeCloseTo(expected.get(label)!, 6)
          expect(label).toBe(probabilities[0]!.label)
          const sorted = probabilities.toSorted((a, b) => b.probability - a.probability)
          expect(probabilities).toEqual(sorted)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('is weighted by a kernel, of all records or of the nearest', async () => {
    const films = await openFilms(metric)
    await fc.assert(
      fc.asyncProperty(fc.array(sample, { minLength: 1, maxLength: 30 }), vector, async (samples, q) => {
        await fill(films, samples)
        const kernel = (each: Sample) => Math.exp(-0.5 * apart(each.vector, q) ** 2)
        const total = samples.reduce((sum, each) => sum + kernel(each), 0)
        const mean = samples.reduce((sum, each) => sum + kernel(each) * each.stars, 0) / total
        const { value } = await films.regress({
          vector: q,
          field: 'about.stars',
          kernel: { kernel: 'rbf', gamma: 0.5 },
        })
        expect(value).toBeCloseTo(mean, 9)
        const one = await films.regress({ vector: q, field: 'about.stars', kernel: 'laplacian', k: 1 })
        expect(Number.isInteger(one.value)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })
})

describe('classify', () => {
  it('gives an equal vector all of the vote, and leaves the record that is asked about out', async () => {
    const films = await openFilms('euclidean')
    await fill(films, [
      { vector: [1, 0, 0], genre: 'drama', stars: 1 },
      { vector: [1, 0, 0], genre: 'drama', stars: 2 },
      { vector: [2, 0, 0], genre: 'comedy', stars: 3 },
    ])
    const { label, probabilities } = await films.classify({ vector: [1, 0, 0], field: 'genre' })
    expect(label).toBe('drama')
    expect(probabilities).toEqual([
      { label: 'drama', probability: 1 },
      { label: 'comedy', probability: 0 },
    ])
    const own = await films.classify({ id: 2, field: 'genre', weights: 'uniform' })
    expect(own.probabilities).toEqual([{ label: 'drama', probability: 1 }])
  })

  it('finds k that have the field, however many have not', async () => {
    const films = await openFilms('cosine')
    await fill(
      films,
      Array.from({ length: 300 }, (_, i) => ({
        vector: [1, i / 1000, 0],
        genre: i < 280 ? undefined : i % 2 === 0 ? 'drama' : 'comedy',
        stars: 1,
      })),
    )
    const { probabilities } = await films.classify({
      vector: [1, 0, 0],
      field: 'genre',
      k: 10,
      weights: 'uniform',
    })
    expect(probabilities).toEqual([
      { label: 'drama', probability: 0.5 },
      { label: 'comedy', probability: 0.5 },
    ])
  })

  it('lets the nearest decide where a kernel has no digits left', async () => {
    const films = await openFilms('euclidean')
    await fill(films, [
      { vector: [1, 0, 0], genre: 'drama', stars: 1 },
      { vector: [-3, 0, 0], genre: 'comedy', stars: 2 },
    ])
    const query = { vector: [5000, 0, 0], kernel: { kernel: 'rbf', gamma: 3 } } as const
    expect((await films.classify({ ...query, field: 'genre' })).label).toBe('drama')
    expect((await films.regress({ ...query, field: 'about.stars' })).value).toBe(1)
  })

  it('comes to an end where the first records are written while it looks', async () => {
    for (let round = 0; round < 20; round++) {
      const films = await openFilms('cosine')
      let written = false
      const writing = films.upsert([1, 2, 3].map((id) => ({ id, vector: [id, 1, 0] })))
      void writing.then(() => {
        written = true
      })
      const labels: Promise<unknown>[] = []
      while (!written) {
        const label = films.classify({ vector: [1, 0, 0], field: 'genre' })
        labels.push(expectRejection(label, 'NOT_FOUND', { path: 'options.field' }))
        await new Promise(setImmediate)
      }
      await Promise.all(labels)
    }
  })

  it('refuses what it cannot do', async () => {
    const films = await openFilms('dot')
    const vector = [1, 0, 0]
    await expectRejection(films.classify({ vector, field: 'genre' }), 'NOT_FOUND', { path: 'options.field' })
    await fill(films, [{ vector, genre: undefined, stars: 1 }])
    await expectRejection(films.classify({ vector, field: 'genre' }), 'NOT_FOUND', { path: 'options.field' })
    const refused = async (options: object, path: string) =>
      expectRejection(films.classify({ vector, field: 'genre', ...options }), 'BAD_OPTION', { path })
    await refused({ field: 'a..b' }, 'options.field')
    await refused({ field: undefined }, 'options.field')
    await refused({ k: 0 }, 'options.k')
    await refused({ weights: 'distance' }, 'options.weights')
    await refused({ weights: 'uniform', kernel: 'rbf' }, 'options.weights')
    await refused({ kernel: 'linear' }, 'options.kernel')
    await refused({ kernel: { kernel: 'polynomial', degree: 3 } }, 'options.kernel')
    await refused({ kernel: { kernel: 'rbf', gamma: -1 } }, 'options.kernel.gamma')
    await refused({ kernel: 7 }, 'options.kernel')
  })
})
