import { describe, expect, it } from 'vitest'
import { type KernelMetric, kernelMachineFromBytes } from '../../src/index.ts'
import { decodeMachine } from '../../src/similarity/kernel-machine/machine-bytes.ts'
import { generator } from '../helpers/random.ts'
import { DIMENSION, openFilms, points } from './machine-films.ts'
import { textbook } from './machines.ts'

const ENGINES = ['hnsw', 'flat'] as const

const KERNELS: readonly KernelMetric[] = [
  { kernel: 'linear' },
  { kernel: 'polynomial', degree: 2, gamma: 0.5 },
  { kernel: 'rbf', gamma: 0.4 },
  { kernel: 'laplacian', gamma: 0.4 },
  { kernel: 'sigmoid', gamma: 0.05, coef0: 0 },
]

describe.each(ENGINES)('a machine that %s’s collection has trained', (engine) => {
  it.each(KERNELS)('solves the dual problem, to libsvm’s tolerance: %o', async (kernel) => {
    const films = await openFilms(engine)
    const records = points(90, ['drama', 'comedy', 'western'], 1)
    await films.upsert(records)
    for (const C of [0.3, 5]) {
      const machine = await films.train({ field: 'genre', kernel, C })
      const parts = decodeMachine(machine.toBytes())
      const count = parts.ends.at(-1)!
      const places = new Map(
        Array.from({ length: count }, (_, s) => [
          String(parts.supports.subarray(s * DIMENSION, (s + 1) * DIMENSION)),
          s,
        ]),
      )
      const sums = [0, 0, 0]
      for (const { vector, metadata } of records) {
        const own = parts.labels.indexOf(metadata.genre)
        const s = places.get(String(vector))
        let pair = 0
        for (const [i, j] of [
          [0, 1],
          [0, 2],
          [1, 2],
        ] as const) {
          const { value } = textbook(parts, vector)[pair]!
          const other = own === i ? j : i
          if (own === i || own === j) {
            const weight = s === undefined ? 0 : parts.weights[(other < own ? other : other - 1) * count + s]!
            // αy ≥ 0, α ≤ C; outside of the margin without α, on it with some, within it with C.
            const y = own === i ? 1 : -1
            const alpha = y * weight
            expect(alpha).toBeGreaterThanOrEqual(0)
            expect(alpha).toBeLessThanOrEqual(C)
            if (alpha < C) expect(y * value).toBeGreaterThan(1 - 2e-3)
            if (alpha > 0) expect(y * value).toBeLessThan(1 + 2e-3)
            sums[pair]! += weight
          }
          pair++
        }
      }
      for (const sum of sums) expect(Math.abs(sum)).toBeLessThan(1e-9)
    }
  })

  it('tells labels apart that lie apart, and says how well it does', async () => {
    const films = await openFilms(engine)
    await films.upsert(points(120, ['drama', 'comedy', 'western']))
    const machine = await films.train({ field: 'genre' })
    expect(machine.kernel).toEqual({ kernel: 'rbf', gamma: 1 / DIMENSION })
    expect([...machine.labels].sort()).toEqual(['comedy', 'drama', 'western'])
    expect(machine).toMatchObject({ C: 1, dimension: DIMENSION, records: 120, sample: 120 })
    const others = points(300, ['drama', 'comedy', 'western'], 0.7, 2)
    const found = await machine.classify(others.map(({ vector }) => vector))
    const right = found.filter(({ label }, i) => label === others[i]!.metadata.genre).length / 300
    expect(right).toBeGreaterThan(0.9)
    expect(Math.abs(machine.accuracy - right)).toBeLessThan(0.1)
    for (const { label, probabilities } of found) {
      expect(label).toBe(probabilities[0]!.label)
      const numbers = probabilities.map(({ probability }) => probability)
      expect(numbers).toEqual(numbers.toSorted((a, b) => b - a))
      expect(numbers.reduce((sum, p) => sum + p)).toBeCloseTo(1, 12)
      expect(new Set(probabilities.map((each) => each.label)).size).toBe(3)
    }
    expect(await machine.classify(others[7]!.vector)).toEqual(found[7])
    expect(await machine.classify([...others[7]!.vector])).toEqual(found[7])
    expect(await machine.classify([])).toEqual([])
  })

  it('learns nothing of labels that mean nothing', async () => {
    const films = await openFilms(engine)
    const random = generator(5)
    const records = points(200, ['drama'], 1).map((record) => ({
      ...record,
      metadata: { genre: random() < 0.5 },
    }))
    await films.upsert(records)
    const machine = await films.train({ field: 'genre', C: 100 })
    expect(machine.accuracy).toBeGreaterThan(0.3)
    expect(machine.accuracy).toBeLessThan(0.7)
  })
})

describe('train', () => {
  it('gives the same machine for the same records and seed, whatever was written before', async () => {
    const records = points(100, ['a', 'b', 'c'], 1)
    const [films, others] = [await openFilms(), await openFilms('hnsw')]
    await films.upsert(records)
    await others.upsert(points(30, ['x', 'y']))
    await others.delete([1, 2, 3])
    await others.upsert(records.toReversed())
    const options = { field: 'genre', sample: 60, seed: 3 } as const
    const machine = (await films.train(options)).toBytes()
    expect((await films.train(options)).toBytes()).toEqual(machine)
    expect((await others.train(options)).toBytes()).toEqual(machine)
    expect((await films.train({ ...options, seed: 4 })).toBytes()).not.toEqual(machine)
  })

  it('takes a sample of each label in proportion, but enough of each for every fold', async () => {
    const films = await openFilms()
    const genres = [...Array(80).fill('drama'), ...Array(18).fill('comedy'), 'western', 'western'] as string[]
    await films.upsert(points(400, genres))
    const machine = await films.train({ field: 'genre', sample: 50, folds: 4 })
    expect(machine).toMatchObject({ records: 400, sample: 50 })
    expect(machine.labels).toHaveLength(3)
  })

  it('tells labels of all types apart, at paths and through filters', async () => {
    const films = await openFilms()
    await films.upsert(points(120, [1, '1', true, 1n]))
    await films.upsert([{ id: 1000, vector: [1, 1, 1], metadata: { genre: 'late', year: 3000 } }])
    await films.upsert([{ id: 1001, vector: [1, 1, 1], metadata: { year: 2000 } }])
    const machine = await films.train({ field: 'genre', filter: { year: { $lt: 3000 } } })
    expect(new Set(machine.labels)).toEqual(new Set([1, '1', true, 1n]))
    expect(machine.records).toBe(120)
    const back = kernelMachineFromBytes(machine.toBytes())
    expect(back.labels).toEqual(machine.labels)

    const stars = points(40, ['x', 'y']).map(({ id, vector, metadata }) => ({
      id: id + 2000,
      vector,
      metadata: { about: { stars: metadata.genre === 'x' ? 1 : 5 } },
    }))
    await films.upsert(stars)
    expect(new Set((await films.train({ field: 'about.stars' })).labels)).toEqual(new Set([1, 5]))
  })

  it('is whole in its bytes', async () => {
    const films = await openFilms()
    await films.upsert(points(80, ['drama', 'comedy', 'western', 'news'], 1))
    const given = points(20, ['drama']).map(({ vector }) => vector)
    for (const kernel of KERNELS) {
      const machine = await films.train({ field: 'genre', kernel, C: 3, sample: 60 })
      const back = kernelMachineFromBytes<string>(machine.toBytes())
      expect({ ...back }).toEqual({ ...machine })
      expect(await back.classify(given)).toEqual(await machine.classify(given))
      expect(back.toBytes()).toEqual(machine.toBytes())
    }
  })

  it('keeps what is written meanwhile out of a record that it has read', async () => {
    const films = await openFilms()
    await films.upsert(points(400, ['a', 'b']))
    let writes: Promise<unknown> = Promise.resolve()
    const machine = await films.train({
      field: 'genre',
      onProgress: ({ phase, done, total }) => {
        if (phase === 'read' && done === total)
          writes = films.update(
            Array.from({ length: 100 }, (_, i) => i),
            { genre: 'c' },
          )
      },
    })
    await writes
    expect(machine.records).toBe(400)
    expect(machine.labels.length).toBeGreaterThanOrEqual(2)
  })
})
