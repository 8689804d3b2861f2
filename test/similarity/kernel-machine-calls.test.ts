import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TrainOptions, TrainProgress } from '../../src/index.ts'
import { expectRejection, rejectionOf } from '../helpers/errors.ts'
import { DIMENSION, type Film, openFilms, points } from './machine-films.ts'

describe('train', () => {
  it('reports every phase to its end', async () => {
    const films = await openFilms()
    await films.upsert(points(100, ['a', 'b']))
    const seen: TrainProgress[] = []
    await films.train({ field: 'genre', folds: 3, onProgress: (progress) => void seen.push(progress) })
    const ends = seen.filter(({ done, total }) => done === total)
    expect(ends).toEqual([
      { phase: 'read', done: 100, total: 100 },
      { phase: 'kernel', done: 10_000, total: 10_000 },
      { phase: 'train', done: 1, total: 1 },
      { phase: 'validate', done: 3, total: 3 },
    ])
  })

  it('stops when its signal fires, or its progress throws, in any phase', async () => {
    const films = await openFilms()
    await films.upsert(points(600, ['a', 'b'], 3))
    const train = (options: object) => films.train({ field: 'genre', C: 1e6, ...options })
    for (const phase of ['read', 'kernel', 'train', 'validate']) {
      const reason = new Error(`stopped in ${phase}`)
      const controller = new AbortController()
      const at = (act: () => void) => ({
        onProgress: (progress: TrainProgress) => {
          if (progress.phase === phase) act()
        },
      })
      const aborted = train({ signal: controller.signal, ...at(() => controller.abort(reason)) })
      expect(await rejectionOf(aborted)).toBe(reason)
      const thrown = train(
        at(() => {
          throw reason
        }),
      )
      expect(await rejectionOf(thrown)).toBe(reason)
    }
    expect(await rejectionOf(train({ signal: AbortSignal.abort('early') }))).toBe('early')
    // A line that errors cost all but everything does not come to rest within minutes.
    const late = AbortSignal.timeout(300)
    const endless = train({ signal: late, C: 1e12, kernel: 'linear', sample: 600 })
    expect(await rejectionOf(endless)).toMatchObject({ name: 'TimeoutError' })
  })

  it('loads libsvm on its thread alone', async () => {
    const films = await openFilms()
    await films.upsert(points(40, ['a', 'b']))
    await films.train({ field: 'genre' })
    const loaded = Object.keys(createRequire(import.meta.url).cache)
    expect(loaded.filter((path) => path.includes('libsvm'))).toEqual([])
  })

  it('leaves the event loop free', async () => {
    const films = await openFilms()
    await films.upsert(points(1000, ['a', 'b'], 2))
    const begin = performance.eventLoopUtilization()
    await films.train({ field: 'genre' })
    const { active, idle } = performance.eventLoopUtilization(begin)
    expect(active + idle).toBeGreaterThan(100)
    expect(active / (active + idle)).toBeLessThan(0.5)
  })

  it('refuses what it cannot learn from, and says what to do', async () => {
    const films = await openFilms()
    const refused = async (options: object, path: string, message: RegExp) => {
      const error = await expectRejection(films.train(options as never), 'BAD_OPTION', { path })
      expect(error.message).toMatch(message)
    }
    await expectRejection(films.train({ field: 'genre' }), 'NOT_FOUND', { path: 'options.field' })
    await films.upsert(points(20, ['a']))
    await expectRejection(films.train({ field: 'about.stars' }), 'NOT_FOUND', { path: 'options.field' })
    await refused({ field: 'genre' }, 'options.field', /all 20 records .* "a": there must be two labels/)
    await films.upsert(points(3, ['b']).map((record) => ({ ...record, id: 100 + record.id })))
    await refused({ field: 'genre' }, 'options.folds', /only 3 of the records are "b": set it to 3, or leave/)
    await refused({ field: 'genre', folds: 3, sample: 5 }, 'options.sample', /at least 6/)
    expect((await films.train({ field: 'genre', folds: 3 })).records).toBe(23)
    await films.upsert({ id: 500, vector: [1, 1, 1], metadata: { genre: 'c' } })
    await refused({ field: 'genre', folds: 2 }, 'options.folds', /only 1 of the records is "c": leave that/)
    await films.upsert(
      points(
        600,
        Array.from({ length: 300 }, (_, i) => i),
      ),
    )
    await refused({ field: 'genre', folds: 2 }, 'options.field', /more than 256/)
    const polynomial = { kernel: 'polynomial', degree: 900, gamma: 9 }
    const filter = { genre: { $lt: 2 } }
    await refused({ field: 'genre', folds: 2, filter, kernel: polynomial }, 'options.kernel', /float64/)
  })

  it('refuses options that it does not know before any work begins', async () => {
    const films = await openFilms()
    const refused = (options: object, path: string) =>
      expectRejection(films.train(options as never), 'BAD_OPTION', { path })
    await refused({}, 'options.field')
    await refused({ field: '' }, 'options.field')
    await refused({ field: 'genre', c: 1 }, 'options.c')
    for (const C of [0, -1, Number.NaN, Infinity, '1']) await refused({ field: 'genre', C }, 'options.C')
    for (const folds of [1, 0, 2.5, 1e9]) await refused({ field: 'genre', folds }, 'options.folds')
    for (const sample of [3, 8001, 1.5]) await refused({ field: 'genre', sample }, 'options.sample')
    await refused({ field: 'genre', seed: 0.5 }, 'options.seed')
    await refused({ field: 'genre', kernel: 'gauss' }, 'options.kernel.kernel')
    await refused({ field: 'genre', kernel: {} }, 'options.kernel')
    await refused({ field: 'genre', kernel: 7 }, 'options.kernel')
    await refused({ field: 'genre', kernel: { kernel: 'rbf', gamma: 0 } }, 'options.kernel.gamma')
    await refused({ field: 'genre', kernel: { kernel: 'linear', gamma: 1 } }, 'options.kernel.gamma')
    await refused({ field: 'genre', signal: {} }, 'options.signal')
    await refused({ field: 'genre', onProgress: 5 }, 'options.onProgress')
    await expectRejection(films.train({ field: 'genre', filter: { $no: 1 } as never }), 'BAD_FILTER', {
      path: 'options.filter.$no',
    })
  })

  it('copies its options before it returns', async () => {
    const films = await openFilms()
    await films.upsert(points(60, ['a', 'b']))
    const kernel = { kernel: 'rbf' as const, gamma: 2 }
    const options: TrainOptions<Film, number, 'genre'> = { field: 'genre', kernel }
    const training = films.train(options)
    kernel.gamma = -1
    options.C = -1
    expect((await training).kernel).toEqual({ kernel: 'rbf', gamma: 2 })
  })
})

describe('classify of a machine', () => {
  it('gives each vector of many what it gives it alone', async () => {
    const films = await openFilms()
    await films.upsert(points(60, ['a', 'b', 'c'], 1))
    const machine = await films.train({ field: 'genre' })
    const vector = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), {
      minLength: DIMENSION,
      maxLength: DIMENSION,
    })
    const property = fc.asyncProperty(fc.array(vector, { minLength: 1, maxLength: 20 }), async (vectors) => {
      const all = await machine.classify(vectors)
      for (const [i, each] of vectors.entries()) expect(await machine.classify(each)).toEqual(all[i])
    })
    await fc.assert(property, { numRuns: 30 })
    const many = Array.from({ length: 2500 }, (_, i) => [i / 1000, 1, 1])
    const all = await machine.classify(many)
    expect(all).toHaveLength(2500)
    expect(all[2400]).toEqual(await machine.classify(many[2400]!))
  })

  it('refuses what is no vector of its dimension, and stops by its signal', async () => {
    const films = await openFilms()
    await films.upsert(points(40, ['a', 'b']))
    const machine = await films.train({ field: 'genre', kernel: { kernel: 'polynomial', degree: 40 } })
    const refused = (vector: unknown, code: 'BAD_VECTOR' | 'DIMENSION_MISMATCH', path: string) =>
      expectRejection(machine.classify(vector as never), code, { path })
    await refused([1, 2], 'DIMENSION_MISMATCH', 'vector')
    await refused([1, 2, 3, 4, 5, 6], 'DIMENSION_MISMATCH', 'vector')
    await refused([[1, 2, 3], [1]], 'DIMENSION_MISMATCH', 'vectors[1]')
    await refused([1, Number.NaN, 1], 'BAD_VECTOR', 'vector[1]')
    await refused(
      [
        [1, 2, 3],
        [1, Infinity, 1],
      ],
      'BAD_VECTOR',
      'vectors[1][1]',
    )
    await refused(
      [
        [1, 2, 3],
        [1e200, 1, 1],
      ],
      'BAD_VECTOR',
      'vectors[1]',
    )
    await refused([1e200, 1, 1], 'BAD_VECTOR', 'vector')
    await refused('abc', 'BAD_VECTOR', 'vector')
    await expectRejection(machine.classify([1, 2, 3], { k: 1 } as never), 'BAD_OPTION', { path: 'options.k' })
    expect(await rejectionOf(machine.classify([1, 2, 3], { signal: AbortSignal.abort('no') }))).toBe('no')
    const controller = new AbortController()
    const many = Array.from({ length: 100_000 }, () => [1, 2, 3])
    const classified = machine.classify(many, { signal: controller.signal })
    setTimeout(() => controller.abort('enough'))
    expect(await rejectionOf(classified)).toBe('enough')
  })

  it('copies its vectors before it returns', async () => {
    const films = await openFilms()
    await films.upsert(points(40, ['a', 'b']))
    const machine = await films.train({ field: 'genre' })
    const vector = Float64Array.of(2, 0, 0)
    const expected = await machine.classify([...vector])
    const classified = machine.classify(vector)
    vector.fill(-5)
    expect(await classified).toEqual(expected)
  })
})
