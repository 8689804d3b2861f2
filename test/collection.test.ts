import { describe, expect, it } from 'vitest'
import type { CollectionOptions } from '../src/index.ts'
import { openDatabase } from './helpers/database.ts'
import { expectRejection } from './helpers/errors.ts'

describe('collection', () => {
  it('is created with its options', async () => {
    const db = await openDatabase()
    const films = await db.collection('films', {
      dimension: 3,
      metric: 'euclidean',
      fields: { year: 'number' },
    })
    expect(films).toMatchObject({ name: 'films', dimension: 3, metric: 'euclidean', size: 0 })
  })

  it('has metric cosine unless told otherwise', async () => {
    const db = await openDatabase()
    expect((await db.collection('films', { dimension: 3 })).metric).toBe('cosine')
  })

  it('is opened without options, or with some or all of those it has', async () => {
    const db = await openDatabase()
    const options = {
      dimension: 3,
      metric: 'dot',
      fields: { year: 'number', title: 'string' },
      index: { engine: 'flat' },
    } as const
    const films = await db.collection('films', options)
    await films.upsert({ id: 'a', vector: [1, 2, 3] })
    const reordered = { fields: { title: 'string', year: 'number' } } as const
    for (const same of [
      undefined,
      {},
      { dimension: 3 },
      { metric: 'dot' },
      { index: {} },
      options,
      reordered,
    ] as const) {
      const again = await db.collection('films', same)
      expect(again).toMatchObject({ dimension: 3, metric: 'dot', size: 1 })
    }
  })

  it('is created once by many who want it at once', async () => {
    const db = await openDatabase()
    const handles = await Promise.all(
      Array.from({ length: 10 }, () => db.collection('films', { dimension: 2 })),
    )
    await handles[0]!.upsert({ id: 'a', vector: [1, 2] })
    expect(handles.map(({ size }) => size)).toEqual(Array(10).fill(1))
    expect(db.collections()).toEqual(['films'])
  })

  it.each([
    [{ dimension: 4 }, 'options.dimension'],
    [{ metric: 'dot' }, 'options.metric'],
    [{ fields: {} }, 'options.fields'],
    [{ fields: { year: 'string' } }, 'options.fields'],
  ] as const)('is refused with other options than its own: %j', async (options, path) => {
    const db = await openDatabase()
    await db.collection('films', { dimension: 3, fields: { year: 'number' } })
    await expectRejection(db.collection('films', options), 'COLLECTION_MISMATCH', { path })
  })

  it('that does not exist is not created without a dimension', async () => {
    const db = await openDatabase()
    await expectRejection(db.collection('films'), 'NOT_FOUND')
    await expectRejection(db.collection('films', { metric: 'dot' }), 'NOT_FOUND')
    expect(db.collections()).toEqual([])
  })

  it.each([
    [{ dimension: 0 }, 'options.dimension'],
    [{ dimension: 65_536 }, 'options.dimension'],
    [{ dimension: '3' }, 'options.dimension'],
    [{ dimension: 3, metric: 'l2' }, 'options.metric'],
    [{ dimension: 3, index: { engine: 'annoy' } }, 'options.index.engine'],
    [{ dimension: 3, index: { trees: 4 } }, 'options.index.trees'],
    [{ dimension: 3, fields: { year: 'int' } }, 'options.fields.year'],
    [{ dimension: 3, fields: { 'a..b': 'string' } }, 'options.fields.a..b'],
    [{ dimension: 3, fields: { $id: 'string' } }, 'options.fields.$id'],
    [{ dimension: 3, fields: [] }, 'options.fields'],
    [{ dim: 3 }, 'options.dim'],
    ['films', 'options'],
  ])('is refused with the options %j', async (options, path) => {
    const db = await openDatabase()
    await expectRejection(db.collection('films', options as CollectionOptions<object>), 'BAD_OPTION', {
      path,
    })
    expect(db.collections()).toEqual([])
  })

  it.each(['', 'a\0b', 'a\nb', '\ud800', 'x'.repeat(256), 5, undefined])(
    'is refused with the name %j',
    async (name) => {
      const db = await openDatabase()
      await expectRejection(db.collection(name as string, { dimension: 3 }), 'BAD_OPTION', { path: 'name' })
    },
  )

  it('may have any other name, and the greatest dimension', async () => {
    const db = await openDatabase()
    for (const name of ['x'.repeat(255), 'purge:1', 'next', 'collection:x', '__proto__', '  ', 'ä/😀']) {
      const collection = await db.collection<object, string>(name, { dimension: 65_535 })
      await collection.upsert({ id: name.slice(0, 9), vector: new Float32Array(65_535).fill(1) })
      expect((await db.collection(name)).size).toBe(1)
    }
  })

  it('holds apart what other collections hold', async () => {
    const db = await openDatabase()
    const films = await db.collection('films', { dimension: 2 })
    const books = await db.collection('books', { dimension: 3 })
    await films.upsert({ id: 'a', vector: [1, 2], metadata: { kind: 'film' } })
    await books.upsert({ id: 'a', vector: [1, 2, 3], metadata: { kind: 'book' } })
    await books.upsert({ id: 'b', vector: [1, 2, 3] })
    expect([films.size, books.size]).toEqual([1, 2])
    expect(films.get('a')!.metadata).toEqual({ kind: 'film' })
    expect(await films.query({ vector: [1, 1] })).toHaveLength(1)
    await films.clear()
    expect(books.get('a')!.metadata).toEqual({ kind: 'book' })
  })
})
