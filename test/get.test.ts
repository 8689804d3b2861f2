import { describe, expect, it } from 'vitest'
import type { GetOptions } from '../src/index.ts'
import { openCollection } from './helpers/database.ts'
import { expectThrow } from './helpers/errors.ts'

const BAD_IDS = [
  '',
  'a\0',
  '\ud800',
  'x'.repeat(1025),
  1.5,
  2 ** 53,
  Number.NaN,
  null,
  undefined,
  1n,
  {},
  ['a'],
]

async function films() {
  const { films } = await openCollection()
  await films.upsert([
    { id: 'a', vector: [3, 4], metadata: { title: 'A', when: new Date(5) } },
    { id: 1, vector: [0, 0] },
    { id: '1', vector: [1, 1], metadata: { text: true } },
  ])
  return films
}

describe('get', () => {
  it('returns a record by id, or undefined', async () => {
    const collection = await films()
    expect(collection.get('a')).toEqual({ id: 'a', metadata: { title: 'A', when: new Date(5) } })
    expect(collection.get('b')).toBeUndefined()
  })

  it('tells 1 from "1", and −0 is 0', async () => {
    const collection = await films()
    expect(collection.get(1)).toEqual({ id: 1, metadata: {} })
    expect(collection.get('1')).toEqual({ id: '1', metadata: { text: true } })
    await collection.upsert({ id: -0, vector: [1, 0] })
    expect(Object.is(collection.get(0)!.id, 0)).toBe(true)
    expect(Object.is(collection.get(-0)!.id, 0)).toBe(true)
    expect(Array.from(collection.records(), ({ id }) => id)).toEqual([0, 1, '1', 'a'])
  })

  it('adds the vector when asked to: a copy', async () => {
    const collection = await films()
    const { vector } = collection.get('a', { includeVector: true })!
    expect(vector).toEqual(Float32Array.of(3, 4))
    vector.fill(0)
    expect(collection.get('a', { includeVector: true })!.vector).toEqual(Float32Array.of(3, 4))
    expect(collection.get(1, { includeVector: true })!.vector).toEqual(Float32Array.of(0, 0))
    expect(collection.get('a', { includeVector: false })).not.toHaveProperty('vector')
  })

  it('adds the version when asked to, which every change raises', async () => {
    const collection = await films()
    const version = () => collection.get('a', { includeVersion: true })!.version
    const versions = [version()]
    await collection.update('a', { year: 1 })
    versions.push(version())
    await collection.upsert({ id: 'a', vector: [1, 2] })
    versions.push(version())
    await collection.delete('a')
    await collection.upsert({ id: 'a', vector: [1, 2] })
    versions.push(version())
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))
    expect(versions).toHaveLength(4)
  })

  it('returns metadata of its own: changing it changes nothing stored', async () => {
    const collection = await films()
    collection.get('a')!.metadata.title = 'changed'
    expect(collection.get('a')!.metadata.title).toBe('A')
  })

  it.each(BAD_IDS)('refuses the id %o', async (id) => {
    const collection = await films()
    expectThrow(() => collection.get(id as string), 'BAD_ID', { path: 'id' })
    expectThrow(() => collection.has(id as string), 'BAD_ID', { path: 'id' })
    expectThrow(() => collection.getMany(['a', id as string]), 'BAD_ID', { path: 'ids[1]' })
  })

  it('refuses options it does not know', async () => {
    const collection = await films()
    const options = { includeVectors: true } as GetOptions<boolean, boolean>
    expectThrow(() => collection.get('a', options), 'BAD_OPTION', { path: 'options.includeVectors' })
    expectThrow(() => collection.getMany(['a'], options), 'BAD_OPTION', { path: 'options.includeVectors' })
    const wrong = { includeVector: 'yes' } as unknown as GetOptions<boolean, boolean>
    expectThrow(() => collection.get('a', wrong), 'BAD_OPTION', { path: 'options.includeVector' })
  })
})

describe('getMany', () => {
  it('returns records in the order of ids, undefined where there is none', async () => {
    const collection = await films()
    const records = collection.getMany(['1', 'nobody', 'a', 1, 'a'], { includeVector: true })
    expect(records.map((record) => record?.id)).toEqual(['1', undefined, 'a', 1, 'a'])
    expect(records[2]).toEqual(collection.get('a', { includeVector: true }))
    expect(collection.getMany([])).toEqual([])
  })

  it('refuses anything but an array', async () => {
    const collection = await films()
    for (const ids of ['a', undefined, new Set(['a'])]) {
      expectThrow(() => collection.getMany(ids as unknown as string[]), 'BAD_ID', { path: 'ids' })
    }
  })
})

describe('has and size', () => {
  it('follow every change at once', async () => {
    const { films: collection } = await openCollection()
    expect([collection.has('a'), collection.size]).toEqual([false, 0])
    await collection.upsert([
      { id: 'a', vector: [1, 2] },
      { id: 'b', vector: [1, 2] },
      { id: 'a', vector: [1, 2] },
    ])
    expect([collection.has('a'), collection.has('c'), collection.size]).toEqual([true, false, 2])
    await collection.upsert({ id: 'b', vector: [2, 2] })
    expect(collection.size).toBe(2)
    await collection.delete('a')
    expect([collection.has('a'), collection.has('b'), collection.size]).toEqual([false, true, 1])
    await collection.clear()
    expect([collection.has('b'), collection.size]).toEqual([false, 0])
  })
})
