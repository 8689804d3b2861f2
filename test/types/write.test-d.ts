import { expectTypeOf, test } from 'vitest'
import type { UpsertResult } from '../../src/index.ts'
import { db, type Film, films, numbered, untyped } from './film.ts'

declare const metadata: Film
declare const vector: Float32Array
declare const buffer: Buffer

test('upsert takes a record, an array, an iterable or an async iterable', () => {
  const record = { id: 'a', vector, metadata }
  expectTypeOf(films.upsert(record)).resolves.toEqualTypeOf<UpsertResult>()
  films.upsert([record])
  films.upsert(new Set([record]))
  films.upsert(
    (async function* () {
      yield record
    })(),
  )
  // @ts-expect-error: an iterable of something else
  films.upsert(['a'])
  untyped.upsert({ id: 'a', vector })
  untyped.upsert({ id: 1, vector, metadata: { anything: [new Date(), 1n] } })
})

test('upsert takes ids of the type of the collection', () => {
  numbered.upsert({ id: 1, vector, metadata })
  // @ts-expect-error: a number
  numbered.upsert({ id: '1', vector, metadata })
  // @ts-expect-error: a string
  films.upsert({ id: 1, vector, metadata })
  // @ts-expect-error: required
  films.upsert({ vector, metadata })
})

test('upsert takes vectors of numbers, and no Buffer', () => {
  films.upsert({ id: 'a', vector: [1, 2], metadata })
  films.upsert({ id: 'a', vector: Float64Array.of(1), metadata })
  films.upsert({ id: 'a', vector: Int8Array.of(1), metadata })
  films.upsert({ id: 'a', vector: [1, 2] as const, metadata })
  // @ts-expect-error: bytes
  films.upsert({ id: 'a', vector: buffer, metadata })
  // @ts-expect-error: no numbers
  films.upsert({ id: 'a', vector: ['1'], metadata })
  // @ts-expect-error: no numbers
  films.upsert({ id: 'a', vector: BigInt64Array.of(1n), metadata })
  // @ts-expect-error: required
  films.upsert({ id: 'a', metadata })
})

test('upsert takes metadata of the type of the collection, optional where all of it is', async () => {
  // @ts-expect-error: required
  films.upsert({ id: 'a', vector })
  // @ts-expect-error: year is missing
  films.upsert({ id: 'a', vector, metadata: { title: 'A' } })
  // @ts-expect-error: misspelled
  films.upsert({ id: 'a', vector, payload: metadata })
  // @ts-expect-error: a number
  films.upsert({ id: 'a', vector, metadata: { ...metadata, year: '1999' } })
  const notes = await db.collection<{ text?: string }>('notes')
  notes.upsert({ id: 'a', vector })
  notes.upsert({ id: 'a', vector, metadata: {} })
})

test('upsert takes options', () => {
  const record = { id: 'a', vector, metadata }
  const signal = AbortSignal.timeout(1)
  films.upsert(record, {
    mode: 'insert',
    batchSize: 5,
    onInvalid: 'skip',
    signal,
    onProgress: ({ done }) => done + 1,
  })
  films.upsert(record, { onInvalid: (error, invalid) => [error.message, invalid] })
  // @ts-expect-error: no mode
  films.upsert(record, { mode: 'replace' })
  // @ts-expect-error: no option
  films.upsert(record, { wait: true })
})

test('update takes a patch that keeps what is required', () => {
  expectTypeOf(films.update('a', { year: 2000 })).resolves.toBeNumber()
  films.update(['a', 'b'], { title: 'B', seen: undefined, rating: null })
  films.update({ filter: { year: 1999 } }, { genres: [] }, { vector, ifVersion: 3 })
  films.update('a', {})
  // @ts-expect-error: required, so it cannot be removed
  films.update('a', { year: undefined })
  // @ts-expect-error: a number
  films.update('a', { year: '2000' })
  // @ts-expect-error: no such key
  films.update('a', { director: 'x' })
  // @ts-expect-error: keys of metadata, not paths
  films.update('a', { 'studio.name': 'x' })
  // @ts-expect-error: bytes
  films.update('a', {}, { vector: buffer })
  // @ts-expect-error: a string
  films.update(1, {})
  // @ts-expect-error: no such path
  films.update({ filter: { director: 'x' } }, {})
  untyped.update(1, { anything: undefined })
})

test('delete takes ids or a filter', () => {
  expectTypeOf(films.delete('a')).resolves.toBeNumber()
  films.delete(['a'] as readonly string[])
  films.delete({ filter: { $id: { $in: ['a'] } } })
  numbered.delete(1)
  // @ts-expect-error: a number
  numbered.delete('1')
  // @ts-expect-error: no target
  films.delete({ where: { year: 1 } })
  // @ts-expect-error: required
  films.delete()
})

test('a transaction takes records, patches and ids of each collection', () => {
  const done = db.transaction((tx) => {
    expectTypeOf(tx.upsert(films, { id: 'a', vector, metadata })).toEqualTypeOf<UpsertResult>()
    expectTypeOf(tx.update(numbered, [1, 2], { year: 3 })).toBeNumber()
    expectTypeOf(tx.get(films, 'a')).toEqualTypeOf<{ id: string; metadata: Film } | undefined>()
    // @ts-expect-error: a string
    tx.delete(films, 1)
    // @ts-expect-error: required, so it cannot be removed
    tx.update(films, 'a', { year: undefined })
    // @ts-expect-error: metadata is required
    tx.upsert(films, { id: 'a', vector })
    return 'done'
  })
  expectTypeOf(done).resolves.toEqualTypeOf<string>()
})
