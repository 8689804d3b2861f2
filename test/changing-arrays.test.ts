import { describe, expect, it } from 'vitest'
import type { VectorInput } from '../src/index.ts'
import { idsOf, openCollection } from './helpers/database.ts'
import { expectRejection, expectThrow } from './helpers/errors.ts'

/** An array that tells `length` of itself when it is first asked, and more than there is room for from then on. */
function growing<T>(items: readonly T[], length: number): { array: T[]; asked: () => number } {
  let asked = 0
  const array = new Proxy([...items], {
    get(target, key, receiver) {
      if (key !== 'length') return Reflect.get(target, key, receiver)
      return asked++ === 0 ? length : items.length
    },
  })
  return { array, asked: () => asked }
}

async function two() {
  const { db, films } = await openCollection()
  await films.upsert([
    { id: 'a', vector: [1, 2], metadata: { n: 1, m: 1 } },
    { id: 'b', vector: [3, 4], metadata: { n: 2, m: 2 } },
  ])
  return { db, films }
}

describe('a vector that changes while it is read', () => {
  it('is asked for its length once, and reaches into no other record', async () => {
    const { films } = await openCollection()
    const { array, asked } = growing([5, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7], 2)
    await films.upsert([
      { id: 'a', vector: [1, 2] },
      { id: 'b', vector: [3, 4] },
      // In the place of the first, beside the second.
      { id: 'a', vector: array },
    ])
    expect(asked()).toBe(1)
    const read = (id: string) => films.get(id, { includeVector: true })!.vector
    expect([read('a'), read('b')]).toEqual([Float32Array.of(5, 6), Float32Array.of(3, 4)])
  })

  it('reaches into no other query', async () => {
    const { films } = await two()
    const { array, asked } = growing([1, 0, 9, 9, 9, 9], 2)
    const query = () => films.queryMany([{ vector: [0, 1] }, { vector: array }, { vector: [0, 1] }])
    const scores = (await query()).map(([best]) => Math.round(best!.score))
    expect(scores).toEqual([4, 3, 4])
    expect(asked()).toBe(1)
    const updated = growing([8, 9, 9, 9], 2)
    await films.update('a', {}, { vector: updated.array })
    expect(updated.asked()).toBe(1)
    expect(films.get('a', { includeVector: true })!.vector).toEqual(Float32Array.of(8, 9))
  })

  it('is taken by its true length, whatever its class says', async () => {
    const { films } = await two()
    class Short extends Float32Array {
      override get length() {
        return 2
      }
    }
    const vector = new Short([9, 9, 9, 9, 9, 9, 9, 9])
    const records = [
      { id: 'a', vector: [1, 2] },
      { id: 'b', vector: [3, 4] },
      { id: 'a', vector },
    ]
    await expectRejection(films.upsert(records), 'DIMENSION_MISMATCH', {
      path: 'vector',
      recordIndex: 2,
      id: 'a',
      committed: 0,
    })
    expectThrow(() => films.querySync({ vector }), 'DIMENSION_MISMATCH', { path: 'query.vector' })
  })

  it('is refused when it only looks like a typed array', async () => {
    const { films } = await two()
    const imitations: unknown[] = [
      new Proxy(Float32Array.of(1, 2), {}),
      Object.create(Float32Array.prototype),
      Object.create(Uint8Array.prototype),
      Object.setPrototypeOf([1, 2].entries(), Float64Array.prototype),
    ]
    for (const vector of imitations as VectorInput[]) {
      const where = { path: 'vector', recordIndex: 0, id: 'c', committed: 0 }
      await expectRejection(films.upsert({ id: 'c', vector }), 'BAD_VECTOR', where)
      expectThrow(() => films.querySync({ vector }), 'BAD_VECTOR', { path: 'query.vector' })
    }
  })
})

describe('an array that changes while it is read', () => {
  it('of records is taken as long as it was', async () => {
    const { db, films } = await openCollection()
    const records: { id: string; vector: number[] }[] = []
    const pushing = {
      get id() {
        records.push({ id: 'pushed', vector: [1, 1] })
        return 'a'
      },
      vector: [1, 2],
    }
    records.push(pushing)
    expect(await films.upsert(records)).toEqual({ inserted: 1, updated: 0 })
    expect(await db.transaction((tx) => tx.upsert(films, records.slice(0, 1)))).toEqual({
      inserted: 0,
      updated: 1,
    })
    const { array, asked } = growing([{ id: 'b', vector: [1, 1] }, pushing, pushing], 1)
    await films.upsert(array)
    expect(asked()).toBe(1)
    const again = growing([{ id: 'c', vector: [1, 1] }, pushing, pushing], 1)
    await db.transaction((tx) => tx.upsert(films, again.array))
    expect(again.asked()).toBe(1)
    expect(idsOf(films.records())).toEqual(['a', 'b', 'c'])
  })

  it('of ids is taken as long as it was', async () => {
    const { db, films } = await two()
    const calls = [
      (ids: string[]) => films.update(ids, { n: 7 }),
      (ids: string[]) => films.getMany(ids),
      (ids: string[]) => db.transaction((tx) => tx.update(films, ids, { n: 7 })),
      (ids: string[]) => films.delete(ids),
    ]
    for (const call of calls) {
      const { array, asked } = growing(['a', 'b', 'b'], 1)
      await call(array)
      expect(asked()).toBe(1)
    }
    expect(films.getMany(['a', 'b']).map((record) => record?.metadata.n)).toEqual([undefined, 2])
  })

  it('of queries or of keys to select is taken as long as it was', async () => {
    const { films } = await two()
    const { array, asked } = growing([{ vector: [1, 0] }, { vector: [0, 1] }, { vector: [0, 1] }], 1)
    expect(await films.queryMany(array)).toHaveLength(1)
    expect(asked()).toBe(1)
    const select = growing(['n', 'm', 'm'], 1)
    const [best] = await films.query({ vector: [1, 0], k: 1, select: select.array })
    expect(best!.metadata).toEqual({ n: 2 })
    expect(select.asked()).toBe(1)
  })

  it('of operands or filters is taken as long as it was', async () => {
    const { films } = await two()
    const operands = growing([1, 2, 2], 1)
    expect(await films.count({ filter: { n: { $in: operands.array } } })).toBe(1)
    expect(operands.asked()).toBe(1)
    const branches = growing([{ n: 1 }, { n: 2 }, { n: 2 }], 1)
    expect(await films.count({ filter: { $or: branches.array } })).toBe(1)
    expect(branches.asked()).toBe(1)
  })

  it('may not have holes in place of ids', async () => {
    const { db, films } = await two()
    const holes = new Array<string>(3)
    await expectRejection(films.delete(holes), 'BAD_ID', { path: 'ids[0]' })
    await expectRejection(films.update(holes, {}), 'BAD_ID', { path: 'ids[0]' })
    expectThrow(() => films.getMany(holes), 'BAD_ID', { path: 'ids[0]' })
    await expectRejection(
      db.transaction((tx) => tx.delete(films, holes)),
      'BAD_ID',
      { path: 'ids[0]' },
    )
  })
})

describe('an array in metadata that grows with each question', () => {
  /** Of ones without end; but it tells how long it has been so far. */
  function endless(length: number): number[] {
    let told = length
    return new Proxy([1, 1, 1], {
      get(target, key, receiver) {
        if (key === 'length') return told++
        return typeof key === 'string' && /^\d+$/.test(key) ? 1 : Reflect.get(target, key, receiver)
      },
    })
  }

  it('is taken by the length it has when it is written', async () => {
    const { films } = await openCollection()
    await films.upsert({ id: 'a', vector: [1, 2], metadata: { tags: endless(3) } })
    await films.upsert({ id: 'b', vector: [1, 2], metadata: { tags: endless(3), none: -0 } })
    await films.update('a', { more: endless(2), map: new Map([['x', endless(1)]]) })
    const metadata = { ...films.get('a')!.metadata, ...films.get('b')!.metadata }
    for (const value of [metadata.tags, metadata.more]) {
      expect(value).toEqual(Array.from(value as number[], () => 1))
      expect((value as number[]).length).toBeLessThan(20)
    }
  })
})
