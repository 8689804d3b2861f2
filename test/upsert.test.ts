import { describe, expect, it } from 'vitest'
import { type RecordInput, SkalarError } from '../src/index.ts'
import { idsOf, openCollection } from './helpers/database.ts'
import { expectRejection, rejectionOf } from './helpers/errors.ts'

type Loose = RecordInput<Record<string, unknown>, string | number>

const record = (id: string | number, vector: Loose['vector'] = [1, 2], metadata = {}): Loose => ({
  id,
  vector,
  metadata,
})
const many = (count: number) => Array.from({ length: count }, (_, i) => record(i))

describe('upsert', () => {
  it('inserts one record or an array, and tells inserted from updated', async () => {
    const { films } = await openCollection()
    expect(await films.upsert(record('a'))).toEqual({ inserted: 1, updated: 0 })
    expect(await films.upsert([record('a'), record('b'), record('c')])).toEqual({ inserted: 2, updated: 1 })
    expect(await films.upsert([])).toEqual({ inserted: 0, updated: 0 })
    expect(idsOf(films.records())).toEqual(['a', 'b', 'c'])
  })

  it('replaces the whole record', async () => {
    const { films } = await openCollection()
    await films.upsert(record('a', [1, 2], { title: 'A', year: 1999 }))
    await films.upsert({ id: 'a', vector: [3, 4] })
    expect(films.get('a', { includeVector: true })).toEqual({
      id: 'a',
      metadata: {},
      vector: Float32Array.of(3, 4),
    })
    expect(films.size).toBe(1)
  })

  it('takes the last of records with one id in a call', async () => {
    const { films } = await openCollection()
    const versions = [record('a', [1, 1], { n: 1 }), record('b'), record('a', [5, 5], { n: 2 })]
    expect(await films.upsert(versions)).toEqual({ inserted: 2, updated: 0 })
    expect(films.get('a', { includeVector: true })).toMatchObject({
      metadata: { n: 2 },
      vector: { 0: 5, 1: 5 },
    })
    expect(await films.upsert([record(-0), record(0, [7, 7])])).toEqual({ inserted: 1, updated: 0 })
    expect(films.get(0, { includeVector: true })!.vector).toEqual(Float32Array.of(7, 7))
  })

  it('takes any kind of numbers as a vector', async () => {
    const { films } = await openCollection()
    const vectors = [
      [1, 2],
      Float32Array.of(1, 2),
      Float64Array.of(1, 2),
      Int8Array.of(1, 2),
      Uint16Array.of(1, 2),
    ]
    await films.upsert(vectors.map((vector, id) => ({ id, vector })))
    for (const { vector } of films.records({ includeVector: true }))
      expect(vector).toEqual(Float32Array.of(1, 2))
  })

  it('copies vectors and metadata before the call returns', async () => {
    const { films } = await openCollection()
    const vector = Float32Array.of(3, 4)
    const metadata = { tags: ['x'], nested: { deep: 1 }, bytes: Uint8Array.of(1) }
    const input: Loose[] = [{ id: 'a', vector, metadata }]
    const call = films.upsert(input)
    vector.fill(0)
    metadata.tags.push('y')
    metadata.nested.deep = 2
    metadata.bytes[0] = 9
    input[0]!.id = 'changed'
    input.length = 0
    await call
    expect(films.get('a', { includeVector: true })).toEqual({
      id: 'a',
      vector: Float32Array.of(3, 4),
      metadata: { tags: ['x'], nested: { deep: 1 }, bytes: Uint8Array.of(1) },
    })
  })

  it('refuses Buffers, with the remedy', async () => {
    const { films } = await openCollection()
    const vector = Buffer.from([1, 2]) as unknown as Uint8Array & { readFloatLE?: never }
    const error = await expectRejection(films.upsert(record('a', vector)), 'BAD_VECTOR', {
      path: 'vector',
      recordIndex: 0,
      id: 'a',
      committed: 0,
    })
    expect(error.message).toMatch(/new Float32Array\(/)
  })

  it.each([
    ['BAD_VECTOR', { ...record('x'), vector: [1, Number.NaN] }, 'vector[1]'],
    ['BAD_VECTOR', { ...record('x'), vector: [1, '2'] }, 'vector[1]'],
    ['BAD_VECTOR', { ...record('x'), vector: Float64Array.of(1e39, 0) }, 'vector[0]'],
    ['BAD_VECTOR', { ...record('x'), vector: undefined }, 'vector'],
    ['DIMENSION_MISMATCH', { ...record('x'), vector: [1, 2, 3] }, 'vector'],
    ['BAD_METADATA', { ...record('x'), metadata: { a: { 'b.c': 1 } } }, 'metadata.a["b.c"]'],
    ['BAD_METADATA', { ...record('x'), metadata: [] }, 'metadata'],
    ['BAD_OPTION', { ...record('x'), payload: {} }, 'record.payload'],
  ] as const)('is all or nothing: %s', async (code, bad, path) => {
    const { films } = await openCollection()
    const records = [...many(1500), bad as unknown as Loose]
    await expectRejection(films.upsert(records), code, { path, recordIndex: 1500, id: 'x', committed: 0 })
    expect(films.size).toBe(0)
  })

  it('refuses records without a proper id, or that are none', async () => {
    const { films } = await openCollection()
    await expectRejection(films.upsert(record('')), 'BAD_ID', {
      path: 'id',
      recordIndex: 0,
      id: '',
      committed: 0,
    })
    await expectRejection(films.upsert({ vector: [1, 2] } as never), 'BAD_ID', {
      path: 'id',
      recordIndex: 0,
      committed: 0,
    })
    await expectRejection(films.upsert([record('a'), undefined as never]), 'BAD_RECORD', {
      recordIndex: 1,
      committed: 0,
    })
    await expectRejection(films.upsert(undefined as never), 'BAD_RECORD', { recordIndex: 0, committed: 0 })
    for (const nothing of [null, 'a', 5]) {
      const error = await rejectionOf(films.upsert(nothing as never))
      expect(error).toMatchObject({ name: 'SkalarError', committed: 0 })
    }
    expect(films.size).toBe(0)
  })

  it('writes an array of any size, in transactions that each are atomic', async () => {
    const { films } = await openCollection()
    const done: number[] = []
    const onProgress = (progress: { done: number }) => done.push(progress.done)
    expect(await films.upsert(many(2300), { onProgress })).toEqual({ inserted: 2300, updated: 0 })
    expect(done).toEqual([1000, 2000, 2300])
    expect(films.size).toBe(2300)
  })

  it('writes an array of up to 1,000 records and 4 MB in one transaction', async () => {
    const { films } = await openCollection()
    const commits = async (records: Loose[]) => {
      const done: number[] = []
      await films.upsert(records, { onProgress: (progress) => done.push(progress.done) })
      return done
    }
    expect(await commits(many(1000))).toEqual([1000])
    const large = (count: number) => {
      return Array.from({ length: count }, (_, i) => record(i, [1, 2], { text: 'z'.repeat(2 ** 20 - 100) }))
    }
    expect(await commits(large(4))).toEqual([4])
    expect(await commits(large(9))).toEqual([5, 9])
  })

  it('refuses what its mode refuses before anything is written, whatever the size of the array', async () => {
    const { films } = await openCollection()
    await films.upsert(record(2200, [9, 9]))
    await expectRejection(films.upsert(many(2300), { mode: 'insert' }), 'ID_EXISTS', {
      id: 2200,
      committed: 0,
    })
    expect(films.size).toBe(1)
    await films.upsert(many(2299))
    await expectRejection(films.upsert(many(2300), { mode: 'update' }), 'NOT_FOUND', {
      id: 2299,
      committed: 0,
    })
  })

  it('tells what was committed when a later transaction fails', async () => {
    const { films } = await openCollection()
    let other: Promise<unknown> | undefined
    // Another write comes between.
    const onProgress = () => {
      other ??= films.upsert(record(2200, [9, 9]))
    }
    await expectRejection(films.upsert(many(2300), { mode: 'insert', onProgress }), 'ID_EXISTS', {
      id: 2200,
      committed: 2000,
    })
    await other
    expect(films.size).toBe(2001)
    expect(films.get(2200, { includeVector: true })!.vector).toEqual(Float32Array.of(9, 9))
  })

  it('keeps the order of calls that are one transaction each', async () => {
    const { films } = await openCollection()
    const calls = [films.upsert(many(1000)), films.upsert(record(7, [7, 7])), films.delete(8)]
    calls.push(films.upsert(record(8, [8, 8])), films.update(7, { late: true }))
    await Promise.all(calls)
    expect(films.getMany([7, 8], { includeVector: true })).toEqual([
      { id: 7, vector: Float32Array.of(7, 7), metadata: { late: true } },
      { id: 8, vector: Float32Array.of(8, 8), metadata: {} },
    ])
  })

  it('bounds transactions of long vectors by their bytes', async () => {
    const { films } = await openCollection({ dimension: 65_535 })
    const done: number[] = []
    const vectors = Array.from({ length: 40 }, (_, id) => ({ id, vector: new Float32Array(65_535).fill(id) }))
    await films.upsert(vectors, { onProgress: (progress) => done.push(progress.done) })
    expect(done.length).toBeGreaterThan(1)
    expect(done.at(-1)).toBe(40)
    expect(films.get(39, { includeVector: true })!.vector[65_534]).toBeCloseTo(39, 4)
  })

  describe('with a mode', () => {
    it('insert refuses ids that exist, and then writes nothing', async () => {
      const { films } = await openCollection()
      expect(await films.upsert(record('a'), { mode: 'insert' })).toEqual({ inserted: 1, updated: 0 })
      const call = films.upsert([record('b'), record('a', [9, 9])], { mode: 'insert' })
      await expectRejection(call, 'ID_EXISTS', { id: 'a', committed: 0 })
      expect(idsOf(films.records())).toEqual(['a'])
      expect(films.get('a', { includeVector: true })!.vector).toEqual(Float32Array.of(1, 2))
      expect(await films.query({ vector: [1, 0], select: [] })).toMatchObject([{ id: 'a' }])
    })

    it('update refuses ids that do not exist, and then writes nothing', async () => {
      const { films } = await openCollection()
      await films.upsert(record('a'))
      const call = films.upsert([record('a', [9, 9]), record('b')], { mode: 'update' })
      await expectRejection(call, 'NOT_FOUND', { id: 'b', committed: 0 })
      expect(films.get('a', { includeVector: true })!.vector).toEqual(Float32Array.of(1, 2))
      expect(await films.upsert(record('a', [3, 3]), { mode: 'update' })).toEqual({ inserted: 0, updated: 1 })
    })
  })

  it.each([
    [{ mode: 'replace' }, 'options.mode'],
    [{ batchSize: 0 }, 'options.batchSize'],
    [{ batchSize: 1001 }, 'options.batchSize'],
    [{ onInvalid: 'ignore' }, 'options.onInvalid'],
    [{ onProgress: true }, 'options.onProgress'],
    [{ signal: {} }, 'options.signal'],
    [{ wait: true }, 'options.wait'],
  ])('refuses the options %j', async (options, path) => {
    const { films } = await openCollection()
    await expectRejection(films.upsert(record('a'), options as never), 'BAD_OPTION', { path })
    expect(films.size).toBe(0)
  })

  it('fails with an error of its own class', async () => {
    const { films } = await openCollection()
    const error = await rejectionOf(films.upsert(record('')))
    expect(error).toBeInstanceOf(SkalarError)
    expect(error).toBeInstanceOf(Error)
    expect((error as Error).stack).toMatch(/^SkalarError: id is an empty string.*\n\s+at /)
  })
})
