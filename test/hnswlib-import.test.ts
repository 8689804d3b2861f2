import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Collection, Id, ImportOptions, Metadata, MetricName } from '../src/index.ts'
import { idsOf, openCollection, temporaryFolder } from './helpers/database.ts'
import { expectRejection, rejectionOf } from './helpers/errors.ts'
import { HierarchicalNSW } from './helpers/graphs.ts'
import { generator, randomVectors } from './helpers/random.ts'

const DIMENSION = 12
const COUNT = 1_500
const vectors = randomVectors(generator(31), COUNT, DIMENSION)

/** An index file with labels 0, 10, 20, …; some points are marked as deleted. */
function indexFile(space: string, deleted: readonly number[] = []): string {
  const index = new HierarchicalNSW(space, DIMENSION)
  index.initIndex(COUNT, 8, 40)
  for (const [i, vector] of vectors.entries()) index.addPoint([...vector], 10 * i)
  for (const i of deleted) index.markDelete(10 * i)
  const path = join(temporaryFolder(), 'index.bin')
  index.writeIndexSync(path)
  return path
}

async function emptyCollection(metric: MetricName = 'dot'): Promise<Collection<Metadata, Id>> {
  const { films } = await openCollection({ dimension: DIMENSION, metric })
  return films
}

describe('collection.importHnswlib', () => {
  it.each(['l2', 'ip'])('takes vectors and labels of an index in space %s', async (space) => {
    const films = await emptyCollection()
    const path = indexFile(space)
    expect(await films.importHnswlib(path)).toEqual({ inserted: COUNT, updated: 0 })
    expect(films.size).toBe(COUNT)
    for (const [i, vector] of vectors.entries()) {
      const record = films.get(10 * i, { includeVector: true })!
      expect(record.metadata).toEqual({})
      for (const [j, value] of record.vector.entries()) expect(value).toBeCloseTo(vector[j]!, 5)
    }
    expect(await films.importHnswlib(path)).toEqual({ inserted: 0, updated: COUNT })
  })

  it('takes unit vectors from an index in space cosine, which keeps nothing else', async () => {
    const films = await emptyCollection('cosine')
    await films.importHnswlib(indexFile('cosine'))
    const { vector } = films.get(30, { includeVector: true })!
    expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
    expect((await films.query({ vector: vectors[3]!, k: 1 }))[0]).toMatchObject({ id: 30 })
  })

  it('comes into a collection whose engine is hnswlib', async () => {
    const index = { engine: 'hnswlib' } as const
    const { films } = await openCollection({ dimension: DIMENSION, metric: 'euclidean', index })
    await films.importHnswlib(indexFile('l2'))
    for (const i of [0, 7, 1_499]) {
      expect((await films.query({ vector: vectors[i]!, k: 1 }))[0]!.id).toBe(10 * i)
    }
  })

  it('leaves out points that are marked as deleted', async () => {
    const films = await emptyCollection()
    expect(await films.importHnswlib(indexFile('l2', [0, 3, 1_499]))).toMatchObject({ inserted: COUNT - 3 })
    expect(films.getMany([0, 30, 14_990])).toEqual([undefined, undefined, undefined])
  })

  it('imports an empty index', async () => {
    const path = join(temporaryFolder(), 'empty.bin')
    const index = new HierarchicalNSW('l2', DIMENSION)
    index.initIndex(10)
    index.writeIndexSync(path)
    const films = await emptyCollection()
    expect(await films.importHnswlib(path)).toEqual({ inserted: 0, updated: 0 })
  })

  const names = Array.from({ length: 10 * COUNT }, (_, label) => `film ${label}`)
  const mappings: [string, ImportOptions<Id>['ids']][] = [
    ['an array', names],
    ['a Map', new Map(names.entries())],
    ['a function', (label: number) => names[label]!],
  ]

  it.each(mappings)('names records by %s', async (_, ids) => {
    const films = await emptyCollection()
    const progress: number[] = []
    await films.importHnswlib(indexFile('l2'), { ids, onProgress: ({ done }) => progress.push(done) })
    expect(films.has('film 10')).toBe(true)
    expect(idsOf(films.records()).every((id) => typeof id === 'string')).toBe(true)
    expect(progress).toEqual([1_000, COUNT])
  })

  it.each([
    ['a name with a NUL', 'index\0.bin', 'BAD_OPTION'],
    ['a name that is too long', 'x'.repeat(5_000), 'STORAGE'],
    ['a name in a file', join(import.meta.filename, 'x'), 'STORAGE'],
    ['a folder', import.meta.dirname, 'STORAGE'],
  ] as const)('refuses %s', async (_, path, code) => {
    const films = await emptyCollection()
    await expectRejection(films.importHnswlib(path), code, { path: 'path' })
  })

  it('stops when its signal fires', async () => {
    const films = await emptyCollection()
    const controller = new AbortController()
    const importing = films.importHnswlib(indexFile('l2'), {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    })
    expect(await rejectionOf(importing)).toMatchObject({ name: 'AbortError' })
    expect(films.size).toBe(1_000)
  })

  const badIds: [string, unknown][] = [
    ['no id for a label', names.slice(0, 10)],
    ['one id for two labels', () => 'the same'],
    ['something else', 'film'],
  ]

  it.each(badIds)('refuses ids with %s', async (_, ids) => {
    const films = await emptyCollection()
    const path = { path: 'options.ids' }
    const error = await rejectionOf(films.importHnswlib(indexFile('l2'), { ids: ids as never }))
    expect(error).toMatchObject({ code: 'BAD_OPTION', ...path })
    expect(films.size).toBe(0)
  })

  it('refuses an id that is none', async () => {
    const films = await emptyCollection()
    const importing = films.importHnswlib(indexFile('l2'), { ids: () => '' })
    expect(await rejectionOf(importing)).toMatchObject({ code: 'BAD_ID', recordIndex: 0, committed: 0 })
  })

  it('refuses a file of another dimension', async () => {
    const { films } = await openCollection({ dimension: DIMENSION + 1 })
    await expectRejection(films.importHnswlib(indexFile('l2')), 'DIMENSION_MISMATCH', { path: 'path' })
  })

  it('tells that there is no file', async () => {
    const films = await emptyCollection()
    const path = join(temporaryFolder(), 'nothing')
    await expectRejection(films.importHnswlib(path), 'NOT_FOUND', { path: 'path' })
    await expectRejection(films.importHnswlib('' as string), 'BAD_OPTION', { path: 'path' })
    await expectRejection(films.importHnswlib(path, { id: [] } as never), 'BAD_OPTION', {
      path: 'options.id',
    })
  })

  it.each([0, 50, 96, 5_000, -1])(
    'refuses a file that was cut at byte %s, and writes nothing',
    async (at) => {
      const films = await emptyCollection()
      const path = indexFile('l2')
      const { length } = readFileSync(path)
      truncateSync(path, at < 0 ? length + at : at)
      await expectRejection(films.importHnswlib(path), 'CORRUPTED', { path: 'path' })
      expect(films.size).toBe(0)
    },
  )

  it.each([0, 16, 23, 24, 31, 32, 40, 64])('refuses a header with another byte %s', async (offset) => {
    const films = await emptyCollection()
    const path = indexFile('l2')
    const bytes = readFileSync(path)
    bytes[offset]! ^= 0x41
    writeFileSync(path, bytes)
    await expectRejection(films.importHnswlib(path), 'CORRUPTED', { path: 'path' })
    expect(films.size).toBe(0)
  })

  it('refuses a file of another kind', async () => {
    const films = await emptyCollection()
    const path = join(temporaryFolder(), 'text')
    writeFileSync(path, 'no index, but text. '.repeat(1_000))
    await expectRejection(films.importHnswlib(path), 'CORRUPTED', { path: 'path' })
  })

  it('refuses vectors that are not finite, telling which', async () => {
    const index = new HierarchicalNSW('l2', DIMENSION)
    index.initIndex(10)
    index.addPoint([...vectors[0]!], 0)
    index.addPoint([...vectors[1]!.subarray(1), Number.NaN], 1)
    const path = join(temporaryFolder(), 'index.bin')
    index.writeIndexSync(path)
    const films = await emptyCollection()
    const error = await rejectionOf(films.importHnswlib(path))
    expect(error).toMatchObject({ code: 'BAD_VECTOR', recordIndex: 1, id: 1 })
  })
})
