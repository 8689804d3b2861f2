import { expectTypeOf, test } from 'vitest'
import type { Explanation, Id, Metadata } from '../../src/index.ts'
import { type Film, type Flat, films, numbered, untyped } from './film.ts'

const vector = [1, 2]
declare const buffer: Buffer

test('a query has id, score and metadata', async () => {
  const [match] = await films.query({ vector })
  expectTypeOf<Flat<NonNullable<typeof match>>>().toEqualTypeOf<{
    id: string
    score: number
    metadata: Film
  }>()
  expectTypeOf((await numbered.query({ id: 1 }))[0]!.id).toBeNumber()
  const [any] = await untyped.query({ vector })
  expectTypeOf<Flat<NonNullable<typeof any>>>().toEqualTypeOf<{ id: Id; score: number; metadata: Metadata }>()
  // @ts-expect-error: not asked for
  match!.vector
})

test('select narrows metadata', async () => {
  const [some] = await films.query({ vector, select: ['title', 'genres'] })
  expectTypeOf(some!.metadata).toEqualTypeOf<Pick<Film, 'title' | 'genres'>>()
  // @ts-expect-error: not selected
  some!.metadata.year
  const [none] = await films.query({ vector, select: [] })
  expectTypeOf(none!).toEqualTypeOf<{ id: string; score: number }>()
  // @ts-expect-error: nothing selected
  none!.metadata
  // @ts-expect-error: no such key
  films.query({ vector, select: ['director'] })
  // @ts-expect-error: keys of metadata, not paths
  films.query({ vector, select: ['studio.name'] })
})

test('includeVector adds the vector', async () => {
  const [match] = await films.query({ vector, includeVector: true, select: [] })
  expectTypeOf(match!).toExtend<{ id: string; score: number; vector: Float32Array }>()
  expectTypeOf(films.get('a', { includeVector: true })!.vector).toEqualTypeOf<Float32Array>()
  expectTypeOf(films.getMany(['a'], { includeVector: true })[0]!.vector).toEqualTypeOf<Float32Array>()
  for (const record of films.records({ includeVector: true }))
    expectTypeOf(record.vector).toEqualTypeOf<Float32Array>()
  // @ts-expect-error: not asked for
  films.get('a', { includeVector: false })!.vector
})

test('querySync and queryMany have the types of query', async () => {
  const [match] = films.querySync({ vector, select: ['year'], includeVector: true })
  expectTypeOf(match!.metadata).toEqualTypeOf<Pick<Film, 'year'>>()
  expectTypeOf(match!.vector).toEqualTypeOf<Float32Array>()
  const lists = await films.queryMany([{ vector }], { select: ['year'] })
  const [first] = lists[0]!
  expectTypeOf<Flat<NonNullable<typeof first>>>().toEqualTypeOf<{
    id: string
    score: number
    metadata: Pick<Film, 'year'>
  }>()
  expectTypeOf(films.explain({ vector })).resolves.toEqualTypeOf<Explanation>()
  films.explain({ vector, select: ['year'], includeVector: true })
})

test('a query is for a vector or an id, not for both or neither', () => {
  films.query({ id: 'a' })
  // @ts-expect-error: either
  films.query({ vector, id: 'a' })
  // @ts-expect-error: one of them
  films.query({ k: 3 })
  // @ts-expect-error: a string
  films.query({ id: 3 })
  // @ts-expect-error: bytes
  films.query({ vector: buffer })
  // @ts-expect-error: an array
  films.queryMany({ vector })
})

test('its settings are typed', () => {
  const signal = AbortSignal.timeout(1)
  films.query({ vector, k: 3, ef: 40, exact: true, threshold: 0.5, after: { id: 'a', score: 1 }, signal })
  films.query({ vector, k: undefined, filter: undefined, after: undefined, signal: undefined })
  // @ts-expect-error: a number
  films.query({ vector, k: '3' })
  // @ts-expect-error: id is a string
  films.query({ vector, after: { id: 1, score: 1 } })
  // @ts-expect-error: no option
  films.query({ vector, topK: 3 })
  // @ts-expect-error: for all of them, not for one
  films.queryMany([{ vector, signal }])
})

test('a match may be passed as after', async () => {
  const [last] = await films.query({ vector, includeVector: true })
  films.query({ vector, after: last })
})

test('records by id are there or undefined', () => {
  expectTypeOf(films.get('a')).toEqualTypeOf<{ id: string; metadata: Film } | undefined>()
  expectTypeOf(films.getMany(['a'])).toEqualTypeOf<({ id: string; metadata: Film } | undefined)[]>()
  expectTypeOf(films.has('a')).toBeBoolean()
  // @ts-expect-error: a string
  films.get(1)
  // @ts-expect-error: strings
  films.getMany([1])
  // @ts-expect-error: a number
  numbered.has('1')
})

test('a version can be asked for, and passed to update', () => {
  const record = films.get('a', { includeVersion: true })!
  expectTypeOf(record.version).toBeNumber()
  films.update('a', {}, { ifVersion: record.version })
  // @ts-expect-error: not asked for
  films.get('a')!.version
})

test('iterations are synchronous and asynchronous', async () => {
  for (const { id, metadata } of films.records({ after: 'a', limit: 5 })) {
    expectTypeOf(id).toBeString()
    expectTypeOf(metadata).toEqualTypeOf<Film>()
  }
  for await (const { id } of numbered.records({ after: 5 })) expectTypeOf(id).toBeNumber()
  // @ts-expect-error: a string
  films.records({ after: 5 })
  // @ts-expect-error: no option
  films.records({ offset: 5 })
})

test('a metric is a name, a kernel or a matrix', () => {
  films.query({ vector, metric: 'manhattan' })
  films.query({ vector, metric: { mahalanobis: [1, 0, 0, 1] } })
  films.query({ vector, metric: { mahalanobis: Float64Array.of(1, 0, 0, 1) } })
  films.queryMany([{ vector, metric: { mahalanobis: [vector, [0, 1]] } }])
  // @ts-expect-error: no matrix
  films.query({ vector, metric: { mahalanobis: 'identity' } })
  // @ts-expect-error: it has no name
  films.query({ vector, metric: 'mahalanobis' })
  // @ts-expect-error: its bytes are no numbers
  films.query({ vector, metric: { mahalanobis: buffer } })
})
