import { describe, expect, it } from 'vitest'
import { openCollection } from './helpers/database.ts'
import { expectRejection, rejectionOf } from './helpers/errors.ts'

interface Film {
  title: string
  year: number
  note?: string
  cast?: { lead?: string | undefined; extra?: string }
}

async function films() {
  const { films } = await openCollection<Film, string>()
  await films.upsert([
    {
      id: 'a',
      vector: [1, 0],
      metadata: { title: 'A', year: 1990, note: 'x', cast: { lead: 'p', extra: 'q' } },
    },
    { id: 'b', vector: [2, 0], metadata: { title: 'B', year: 2000 } },
    { id: 'c', vector: [3, 0], metadata: { title: 'C', year: 2010 } },
  ])
  return films
}

function versionOf(collection: Awaited<ReturnType<typeof films>>, id: string): number {
  return collection.get(id, { includeVersion: true })!.version
}

describe('update', () => {
  it('merges a patch into metadata, one level deep', async () => {
    const collection = await films()
    expect(await collection.update('a', { year: 1991, cast: { lead: 'z' } })).toBe(1)
    expect(collection.get('a')!.metadata).toEqual({ title: 'A', year: 1991, note: 'x', cast: { lead: 'z' } })
  })

  it('removes keys that are set to undefined, and only these', async () => {
    const collection = await films()
    await collection.update('a', { note: undefined, cast: { lead: undefined } })
    const { metadata } = collection.get('a')!
    expect(Object.keys(metadata)).toEqual(['title', 'year', 'cast'])
    expect(metadata.cast).toEqual({ lead: undefined })
    await collection.update('b', { note: undefined })
    expect(collection.get('b')!.metadata).toEqual({ title: 'B', year: 2000 })
  })

  it('changes one record, several, or those that a filter matches, and counts them', async () => {
    const collection = await films()
    expect(await collection.update('nobody', { year: 1 })).toBe(0)
    expect(await collection.update(['a', 'b', 'b', 'nobody'], { note: 'two' })).toBe(2)
    expect(await collection.update({ filter: { year: { $gte: 2000 } } }, { note: 'late' })).toBe(2)
    expect(await collection.update({ filter: { year: 5 } }, { note: 'none' })).toBe(0)
    expect(await collection.update([], { note: 'none' })).toBe(0)
    expect(['a', 'b', 'c'].map((id) => collection.get(id)!.metadata.note)).toEqual(['two', 'late', 'late'])
    expect(collection.size).toBe(3)
  })

  it('changes many records, over many transactions', async () => {
    const { films: collection } = await openCollection<{ n: number; seen?: boolean }, number>()
    await collection.upsert(
      Array.from({ length: 1700 }, (_, n) => ({ id: n, vector: [n, 1], metadata: { n } })),
    )
    expect(await collection.update({ filter: { n: { $lt: 1600 } } }, { seen: true })).toBe(1600)
    expect(await collection.count({ filter: { seen: true } })).toBe(1600)
  })

  it('leaves the vector as it is, bit for bit, unless it is given another', async () => {
    const collection = await films()
    const before = collection.get('b', { includeVector: true })!.vector
    await collection.update('b', { year: 1 })
    expect(collection.get('b', { includeVector: true })!.vector).toEqual(before)
    const vector = Float32Array.of(0, 7)
    expect(await collection.update('b', {}, { vector })).toBe(1)
    expect(collection.get('b', { includeVector: true })).toEqual({
      id: 'b',
      metadata: { title: 'B', year: 1 },
      vector: Float32Array.of(0, 7),
    })
    expect(await collection.query({ vector: [0, 1], k: 1, select: [] })).toEqual([{ id: 'b', score: 7 }])
  })

  it('gives one vector to several records, and each remains itself', async () => {
    const collection = await films()
    expect(await collection.update(['a', 'c'], { note: 'moved' }, { vector: [0, 5] })).toBe(2)
    const matches = await collection.query({ vector: [0, 1], threshold: 1 })
    expect(matches.map(({ id, score, metadata }) => [id, score, metadata.title]).sort()).toEqual([
      ['a', 5, 'A'],
      ['c', 5, 'C'],
    ])
    expect(await collection.query({ id: 'a', k: 1, select: [] })).toEqual([{ id: 'c', score: 25 }])
  })

  it('copies patch and vector before the call returns', async () => {
    const collection = await films()
    const patch = { note: 'mine', cast: { lead: 'me' } }
    const vector = Float32Array.of(0, 3)
    const ids = ['a', 'b']
    const call = collection.update(ids, patch, { vector })
    patch.note = 'changed'
    patch.cast.lead = 'changed'
    vector.fill(9)
    ids[1] = 'c'
    expect(await call).toBe(2)
    expect(collection.get('a')!.metadata).toMatchObject({ note: 'mine', cast: { lead: 'me' } })
    expect(collection.get('b', { includeVector: true })!.vector).toEqual(Float32Array.of(0, 3))
    expect(collection.get('c')!.metadata.note).toBeUndefined()
  })

  it('copies a filter before the call returns', async () => {
    const collection = await films()
    const filter = { year: { $in: [1990] } }
    const call = collection.update({ filter }, { note: 'found' })
    filter.year.$in[0] = 2000
    expect(await call).toBe(1)
    expect(collection.get('a')!.metadata.note).toBe('found')
  })

  it('with ifVersion changes only what nobody else has changed', async () => {
    const collection = await films()
    const version = versionOf(collection, 'a')
    expect(await collection.update('a', { year: 1 }, { ifVersion: version })).toBe(1)
    const stale = collection.update('a', { year: 2 }, { ifVersion: version })
    const error = await expectRejection(stale, 'CONFLICT', { id: 'a', committed: 0 })
    expect(error.message).toContain(String(versionOf(collection, 'a')))
    expect(collection.get('a')!.metadata.year).toBe(1)
    expect(await collection.update('nobody', { year: 2 }, { ifVersion: version })).toBe(0)
  })

  it('with ifVersion lets one of two rivals win', async () => {
    const collection = await films()
    const ifVersion = versionOf(collection, 'a')
    const rivals = [1, 2, 3].map((year) => collection.update('a', { year }, { ifVersion }))
    const outcomes = await Promise.allSettled(rivals)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('with several ids and ifVersion changes all or none', async () => {
    const collection = await films()
    const ifVersion = versionOf(collection, 'a')
    await expectRejection(collection.update(['a', 'b'], { note: 'no' }, { ifVersion }), 'CONFLICT', {
      id: 'b',
      committed: 0,
    })
    expect(collection.get('a')!.metadata.note).toBe('x')
  })

  it('refuses patches, vectors, targets and options that are none', async () => {
    const collection = await films()
    const refused = (patch: unknown, options?: unknown, target: unknown = 'a') =>
      collection.update(target as string, patch as Film, options as object)
    await expectRejection(refused([]), 'BAD_METADATA', { path: 'patch' })
    await expectRejection(refused({ cast: { f: () => 1 } }), 'BAD_METADATA', { path: 'patch.cast.f' })
    await expectRejection(refused({ $set: { year: 1 } }), 'BAD_METADATA', { path: 'patch.$set' })
    await expectRejection(refused({}, { vector: [1] }), 'DIMENSION_MISMATCH', { path: 'options.vector' })
    await expectRejection(refused({}, { vector: [1, Number.NaN] }), 'BAD_VECTOR', {
      path: 'options.vector[1]',
    })
    await expectRejection(refused({}, { vector: Buffer.alloc(2) }), 'BAD_VECTOR', { path: 'options.vector' })
    await expectRejection(refused({}, { ifVersion: -1 }), 'BAD_OPTION', { path: 'options.ifVersion' })
    await expectRejection(refused({}, { upsert: true }), 'BAD_OPTION', { path: 'options.upsert' })
    await expectRejection(refused({}, {}, ['a', '']), 'BAD_ID', { path: 'ids[1]' })
    await expectRejection(refused({}, {}, { filter: {} }), 'BAD_FILTER', { path: 'filter' })
    expect(collection.get('a', { includeVector: true })!.vector).toEqual(Float32Array.of(1, 0))
  })

  it('refuses a zero vector where there is no angle without one', async () => {
    const { films: collection } = await openCollection({ metric: 'cosine' })
    await collection.upsert({ id: 'a', vector: [1, 2] })
    await expectRejection(collection.update('a', {}, { vector: [0, 0] }), 'BAD_VECTOR', {
      path: 'options.vector',
    })
  })

  it('stops at a signal, with its reason', async () => {
    const collection = await films()
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    expect(await rejectionOf(collection.update('a', { year: 1 }, { signal }))).toBe(reason)
    expect(collection.get('a')!.metadata.year).toBe(1990)
  })
})
