import assert from 'node:assert/strict'
import { createContext, runInContext, runInThisContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import type { Filter, Metadata } from '../src/index.ts'
import { idsOf, openCollection } from './helpers/database.ts'
import { expectRejection } from './helpers/errors.ts'

/** A realm with classes of its own, as a test runner gives to each test file. */
const realm = createContext({})

/** A value that the other realm makes. */
function foreign<T>(source: string): T {
  return runInContext(`(${source})`, realm) as T
}

/** Sources of values, for both realms. */
const VALUES: Readonly<Record<string, string>> = {
  'a plain object': '{ a: 1, b: { c: "d" } }',
  'an object without a prototype': 'Object.assign(Object.create(null), { a: 1 })',
  'an array': '[1, [2, "b"], { c: 3 }]',
  'a Date': 'new Date(12345)',
  'a Map': 'new Map([["a", 1], [2, new Map([[3, new Date(4)]])]])',
  'a Set': 'new Set([1, "b", [2]])',
  'an ArrayBuffer': 'new Uint8Array([1, 2, 3]).buffer',
  'a DataView': 'new DataView(new Uint8Array([1, 2, 3]).buffer, 1)',
  'an Int8Array': 'new Int8Array([1, -2])',
  'a Uint8Array': 'new Uint8Array([1, 2, 3]).subarray(1)',
  'a Uint8ClampedArray': 'new Uint8ClampedArray([1, 2])',
  'an Int16Array': 'new Int16Array([1, -2])',
  'a Uint16Array': 'new Uint16Array([1, 2])',
  'an Int32Array': 'new Int32Array([1, -2])',
  'a Uint32Array': 'new Uint32Array([1, 2])',
  'a Float32Array': 'new Float32Array([1.5, -2])',
  'a Float64Array': 'new Float64Array([1.5, -2])',
  'a BigInt64Array': 'new BigInt64Array([1n, -2n])',
  'a BigUint64Array': 'new BigUint64Array([1n, 2n])',
  'all of them':
    '{ list: [new Map([["k", new Set([new Date(1)])]]), -0, "\\uFEFFa"], view: new Float64Array([1]) }',
}

/** The same value made here. */
function ours(source: string): unknown {
  return runInThisContext(`(${source})`)
}

describe('of another realm', () => {
  for (const [name, source] of Object.entries(VALUES)) {
    it(`${name} in metadata comes back as ours`, async () => {
      const { films } = await openCollection()
      const given = foreign<unknown>(`{ value: ${source}, deep: [{ value: ${source} }] }`) as Metadata
      await films.upsert({ id: 1, vector: [1, 2], metadata: given })
      await films.upsert({ id: 2, vector: [1, 2] })
      await films.update(2, given)
      const expected = ours(`{ value: ${source}, deep: [{ value: ${source} }] }`) as Metadata
      const plain = name === 'an object without a prototype' ? { ...(expected.value as object) } : undefined
      const wanted = plain === undefined ? expected : { value: plain, deep: [{ value: plain }] }
      assert.deepStrictEqual(films.get(1)?.metadata, wanted)
      assert.deepStrictEqual(films.get(2)?.metadata, wanted)
    })
  }

  it('a record, its vector, options and ids are taken', async () => {
    const { films } = await openCollection()
    await films.upsert(
      foreign<never>('[{ id: "a", vector: [1, 2], metadata: { n: 1 } }, { id: "b", vector: [3, 4] }]'),
      foreign('{ mode: "insert" }'),
    )
    await films.upsert(
      foreign<never>('(function* () { yield { id: "c", vector: new Float32Array([5, 6]) } })()'),
    )
    await films.upsert(foreign<never>('{ id: "d", vector: new Float64Array([7, 8]) }'))
    expect(
      films.getMany(
        foreign<string[]>('["d", "c"]'),
        foreign<{ includeVector: true }>('{ includeVector: true }'),
      ),
    ).toMatchObject([{ vector: Float32Array.of(7, 8) }, { vector: Float32Array.of(5, 6) }])
    const [top] = await films.query(foreign<{ vector: number[] }>('{ vector: [1, 0], k: 1, select: [] }'))
    const after = foreign<(text: string) => unknown>('(text) => JSON.parse(text)')(JSON.stringify(top))
    const question = {
      ...foreign<object>('{ vector: new Float32Array([1, 0]), k: 2, select: ["n"] }'),
      after,
    } as never
    expect(idsOf(await films.query(question))).toEqual(['c', 'b'])
    expect(idsOf(films.querySync(question))).toEqual(['c', 'b'])
    const many = foreign<never>('[{ vector: new Float32Array([1, 0]) }, { vector: [0, 1] }, { id: "a" }]')
    expect((await films.queryMany(many, foreign<{ k: number }>('{ k: 1 }'))).map(idsOf)).toEqual([
      ['d'],
      ['d'],
      ['d'],
    ])
    expect(await films.delete(foreign<string[]>('["a", "b"]'))).toBe(2)
    expect(await films.delete(foreign<never>('{ filter: { $id: { $in: ["c", "x"] } } }'))).toBe(1)
  })

  it('operands of filters are compared with what is stored', async () => {
    const { films } = await openCollection()
    const make =
      '{ when: new Date(1000), code: new Uint8Array([1, 2]), wide: new Float64Array([1]), n: [1, 2] }'
    await films.upsert({ id: 1, vector: [1, 2], metadata: foreign<Metadata>(make) })
    await films.upsert({ id: 2, vector: [1, 2], metadata: ours(make) as Metadata })
    for (const filter of [
      '{ when: new Date(1000) }',
      '{ when: { $gt: new Date(999), $lte: new Date(1000) } }',
      '{ when: { $in: [new Date(1000), new Date(5)] } }',
      '{ code: new Uint8Array([1, 2]) }',
      '{ code: { $in: [new Uint8Array([9]), new Uint8Array([1, 2])] }, wide: new Float64Array([1]) }',
      '{ $and: [{ n: { $all: [1, 2] } }, { $not: { code: new Int8Array([1, 2]) } }] }',
    ]) {
      expect(await films.count({ filter: foreign<Filter<Metadata, number>>(filter) })).toBe(2)
      expect(await films.count({ filter: ours(filter) as Filter<Metadata, number> })).toBe(2)
    }
  })

  for (const source of [
    'new (class extends Map {})()',
    'new (class Map extends globalThis.Map {})()',
    'new (class extends Date {})()',
    'new (class extends Array {})()',
    'new (class Float32Array extends globalThis.Float32Array {})(2)',
    'new (class Film {})()',
    'Object.create({ a: 1 })',
    'Object.create(Date.prototype)',
    'Object.setPrototypeOf(new Map(), { constructor: Map })',
    '/x/',
    'new Error("x")',
    'Promise.resolve()',
    'new SharedArrayBuffer(2)',
    'new Number(1)',
    '() => {}',
  ]) {
    it(`${source} is refused as metadata, as it is of ours`, async () => {
      const { films } = await openCollection()
      for (const value of [foreign<unknown>(source), ours(source)]) {
        await expectRejection(films.upsert({ id: 1, vector: [1, 2], metadata: { value } }), 'BAD_METADATA', {
          path: 'metadata.value',
          recordIndex: 0,
          id: 1,
          committed: 0,
        })
      }
    })
  }

  it('BigInt arrays, DataViews and Buffers are refused as vectors', async () => {
    const { films } = await openCollection()
    for (const source of [
      'new BigInt64Array(2)',
      'new DataView(new ArrayBuffer(2))',
      'Promise.resolve([1, 2])',
    ]) {
      await expectRejection(films.query({ vector: foreign<never>(source) }), 'BAD_VECTOR', {
        path: 'query.vector',
      })
    }
  })

  it('what structuredClone makes is taken', async () => {
    const { films } = await openCollection()
    const metadata = structuredClone(ours(VALUES['all of them']!)) as Metadata
    await films.upsert(structuredClone({ id: 1, vector: Float32Array.of(1, 2), metadata }))
    assert.deepStrictEqual(films.get(1)?.metadata, metadata)
  })
})
