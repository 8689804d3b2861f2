import { expectTypeOf, test } from 'vitest'
import type {
  Collection,
  CollectionMetricName,
  EngineName,
  Id,
  Metadata,
  MetricName,
} from '../../src/index.ts'
import { db, type Film, films } from './film.ts'

test('a collection has string ids and free metadata unless told otherwise', () => {
  expectTypeOf(db.collection('films')).resolves.toEqualTypeOf<Collection<Metadata, string>>()
  expectTypeOf(db.collection<Film>('films')).resolves.toEqualTypeOf<Collection<Film, string>>()
  expectTypeOf(db.collection<Film, number>('films')).resolves.toEqualTypeOf<Collection<Film, number>>()
  expectTypeOf(db.collection<Film, Id>('films')).resolves.toEqualTypeOf<Collection<Film, string | number>>()
})

test('its options are numbers and names, none of them required', () => {
  db.collection<Film>('films', {})
  db.collection<Film>('films', { dimension: 3, metric: 'dot', index: { engine: 'flat' } })
  db.collection<Film>('films', {
    dimension: undefined,
    metric: undefined,
    fields: undefined,
    index: undefined,
  })
  db.collection<Film>('films', { metric: { mahalanobis: [[1, 0], Float32Array.of(0, 1)] } })
  db.collection<Film>('films', { metric: films.metric })
  // @ts-expect-error: a matrix
  db.collection<Film>('films', { metric: { mahalanobis: 'identity' } })
  // @ts-expect-error: needs a matrix
  db.collection<Film>('films', { dimension: 3, metric: 'mahalanobis' })
  // @ts-expect-error: no metric of a collection
  db.collection<Film>('films', { dimension: 3, metric: { kernel: 'rbf' } })
  // @ts-expect-error: a number
  db.collection<Film>('films', { dimension: '3' })
  // @ts-expect-error: no name of a metric
  db.collection<Film>('films', { dimension: 3, metric: 'l2' })
  // @ts-expect-error: no name of an engine
  db.collection<Film>('films', { dimension: 3, index: { engine: 'annoy' } })
  // @ts-expect-error: no option
  db.collection<Film>('films', { dim: 3 })
})

test('its fields are paths of the metadata with their types', () => {
  db.collection<Film>('films', {
    fields: {
      title: 'string',
      year: 'number',
      genres: 'string[]',
      seen: 'date',
      colour: 'boolean',
      'studio.name': 'string',
      'studio.address.city': 'string',
      'cast.name': 'string',
    },
  })
  // @ts-expect-error: year is a number
  db.collection<Film>('films', { fields: { year: 'string' } })
  // @ts-expect-error: genres holds many
  db.collection<Film>('films', { fields: { genres: 'string' } })
  // @ts-expect-error: title holds one
  db.collection<Film>('films', { fields: { title: 'string[]' } })
  // @ts-expect-error: no such path
  db.collection<Film>('films', { fields: { director: 'string' } })
  // @ts-expect-error: no such path
  db.collection<Film>('films', { fields: { 'studio.adress.city': 'string' } })
  // @ts-expect-error: bytes have no index
  db.collection<Film>('films', { fields: { thumbnail: 'string' } })
  // @ts-expect-error: an object has no index
  db.collection<Film>('films', { fields: { studio: 'string' } })
  db.collection('films', { fields: { anything: 'number', 'at.all': 'date[]' } })
  // @ts-expect-error: no type of a field
  db.collection('films', { fields: { anything: 'integer' } })
})

test('its properties are read-only', () => {
  expectTypeOf(films.name).toBeString()
  expectTypeOf(films.dimension).toBeNumber()
  expectTypeOf(films.size).toBeNumber()
  expectTypeOf(films.metric).toEqualTypeOf<MetricName | { mahalanobis: Float64Array }>()
  expectTypeOf(films.stats()).resolves.toHaveProperty('metric').toEqualTypeOf<CollectionMetricName>()
  expectTypeOf(films.stats()).resolves.toHaveProperty('engine').toEqualTypeOf<EngineName>()
  // @ts-expect-error: read-only
  films.size = 3
  // @ts-expect-error: read-only
  films.name = 'x'
})

test('a database is disposable, and lists and drops collections', () => {
  expectTypeOf(db.collections()).toEqualTypeOf<string[]>()
  expectTypeOf(db.drop('films')).resolves.toBeBoolean()
  expectTypeOf(db.close()).resolves.toBeVoid()
  expectTypeOf(db).toExtend<AsyncDisposable>()
})
