import { describe, expect, it } from 'vitest'
import { sourceOf } from '../src/collection.ts'
import type { Transaction } from '../src/index.ts'
import { encodeState } from '../src/store/rows.ts'
import { idsOf, openCollection, openDatabase } from './helpers/database.ts'
import { expectRejection, expectThrow, rejectionOf } from './helpers/errors.ts'

async function two() {
  const db = await openDatabase()
  const films = await db.collection<{ n?: number }, string>('films', { dimension: 2, metric: 'dot' })
  const users = await db.collection<{ n?: number }, string>('users', { dimension: 1, metric: 'dot' })
  await films.upsert([
    { id: 'a', vector: [1, 0], metadata: { n: 1 } },
    { id: 'b', vector: [2, 0], metadata: { n: 2 } },
  ])
  await users.upsert({ id: 'u', vector: [1], metadata: { n: 1 } })
  return { db, films, users }
}

describe('transaction', () => {
  it('commits changes of several collections together, and resolves to what its function returns', async () => {
    const { db, films, users } = await two()
    const result = await db.transaction((tx) => {
      const upserted = tx.upsert(films, [
        { id: 'a', vector: [5, 0] },
        { id: 'c', vector: [3, 0] },
      ])
      const updated = tx.update(films, ['b', 'nobody'], { n: 7 })
      const deleted = tx.delete(users, ['u', 'nobody'])
      const one = tx.upsert(users, { id: 'v', vector: [4] })
      return { upserted, updated, deleted, one }
    })
    expect(result).toEqual({
      upserted: { inserted: 1, updated: 1 },
      updated: 1,
      deleted: 1,
      one: { inserted: 1, updated: 0 },
    })
    expect(await films.query({ vector: [1, 0] })).toEqual([
      { id: 'a', score: 5, metadata: {} },
      { id: 'c', score: 3, metadata: {} },
      { id: 'b', score: 2, metadata: { n: 7 } },
    ])
    expect(await users.query({ vector: [1], select: [] })).toEqual([{ id: 'v', score: 4 }])
  })

  it('sees its own changes before they are committed', async () => {
    const { db, films } = await two()
    await db.transaction((tx) => {
      tx.delete(films, 'a')
      expect(tx.has(films, 'a')).toBe(false)
      expect(tx.get(films, 'a')).toBeUndefined()
      tx.upsert(films, { id: 'c', vector: [1, 2], metadata: { n: 3 } })
      tx.update(films, 'c', { n: 4 }, { vector: [6, 8] })
      expect(tx.get(films, 'c', { includeVector: true })).toEqual({
        id: 'c',
        metadata: { n: 4 },
        vector: Float32Array.of(6, 8),
      })
      expect(tx.has(films, 'c')).toBe(true)
    })
    expect(idsOf(films.records())).toEqual(['b', 'c'])
  })

  it('writes nothing when its function throws, and rejects with that', async () => {
    const { db, films, users } = await two()
    const before = [
      await films.query({ vector: [1, 0], includeVector: true }),
      await users.query({ vector: [1] }),
    ]
    const failure = new Error('changed my mind')
    const call = db.transaction((tx) => {
      tx.upsert(films, { id: 'c', vector: [9, 9] })
      tx.delete(films, 'a')
      tx.update(users, 'u', { n: 100 }, { vector: [50] })
      throw failure
    })
    expect(await rejectionOf(call)).toBe(failure)
    const after = [
      await films.query({ vector: [1, 0], includeVector: true }),
      await users.query({ vector: [1] }),
    ]
    expect(after).toEqual(before)
    expect([films.size, films.has('c'), films.has('a')]).toEqual([2, false, true])
    // Slots and versions that the failed one took are free again.
    await films.upsert({ id: 'd', vector: [4, 0] })
    expect(idsOf(await films.query({ vector: [1, 0] }))).toEqual(['d', 'b', 'a'])
  })

  it('writes nothing when one of its steps is refused', async () => {
    const { db, films, users } = await two()
    const where = { recordIndex: 1, id: 'd', path: 'vector' }
    const call = db.transaction((tx) => {
      tx.delete(users, 'u')
      tx.upsert(films, [
        { id: 'c', vector: [9, 9] },
        { id: 'd', vector: [9] },
      ])
    })
    await expectRejection(call, 'DIMENSION_MISMATCH', where)
    expect([films.size, users.size]).toEqual([2, 1])
  })

  it('knows modes and versions', async () => {
    const { db, films } = await two()
    const insert = () =>
      db.transaction((tx) => tx.upsert(films, { id: 'a', vector: [1, 1] }, { mode: 'insert' }))
    await expectRejection(insert(), 'ID_EXISTS', { id: 'a' })
    const update = () =>
      db.transaction((tx) => tx.upsert(films, { id: 'z', vector: [1, 1] }, { mode: 'update' }))
    await expectRejection(update(), 'NOT_FOUND', { id: 'z' })
    const conflict = () => db.transaction((tx) => tx.update(films, 'a', {}, { ifVersion: 10_000 }))
    await expectRejection(conflict(), 'CONFLICT', { id: 'a' })
    const { version } = films.get('a', { includeVersion: true })!
    expect(await db.transaction((tx) => tx.update(films, 'a', { n: 9 }, { ifVersion: version }))).toBe(1)
  })

  it('changes nothing by a step that is refused, and commits the others where that is caught', async () => {
    const { db, films } = await two()
    const before = [...films.records({ includeVector: true })].map((record) => ({ ...record }))
    const { version } = films.get('a', { includeVersion: true })!
    const many = Array.from({ length: 2500 }, (_, i) => ({ id: `r${i}`, vector: [i, 1] }))
    const last = { id: 'b', vector: [9, 9] }
    await db.transaction((tx) => {
      // a is of that version, b is not.
      const conflict = () => tx.update(films, ['a', 'b'], { n: 9 }, { ifVersion: version, vector: [9, 9] })
      expectThrow(conflict, 'CONFLICT', { id: 'b' })
      expectThrow(() => tx.upsert(films, [...many, last], { mode: 'insert' }), 'ID_EXISTS', { id: 'b' })
      const missing = () => tx.upsert(films, [last, { id: 'z', vector: [1, 1] }], { mode: 'update' })
      expectThrow(missing, 'NOT_FOUND', { id: 'z' })
      const bad = () => tx.upsert(films, [last, { id: 'z', vector: [1] }])
      expectThrow(bad, 'DIMENSION_MISMATCH', { path: 'vector', recordIndex: 1, id: 'z' })
      expectThrow(() => tx.delete(films, ['a', '']), 'BAD_ID', { path: 'ids[1]' })
      expect(films.size).toBe(2)
      tx.upsert(films, { id: 'c', vector: [0, 1] })
    })
    expect([...films.records({ includeVector: true })]).toEqual([
      ...before,
      { id: 'c', metadata: {}, vector: Float32Array.of(0, 1) },
    ])
    expect(films.size).toBe(3)
    expect(idsOf(await films.query({ vector: [1, 0] }))).toEqual(['b', 'a', 'c'])
  })

  it('lets its collections tell what it has written', async () => {
    const { db, films } = await two()
    const tell = () => [films.size, idsOf(films.records()), films.has('c'), films.has('a')]
    const counts: Promise<number>[] = []
    const failure = new Error('never mind')
    const steps = (tx: Transaction) => {
      expect(tell()).toEqual([2, ['a', 'b'], false, true])
      tx.upsert(films, [
        { id: 'c', vector: [1, 1] },
        { id: 'd', vector: [1, 1] },
      ])
      expect(tell()).toEqual([4, ['a', 'b', 'c', 'd'], true, true])
      counts.push(films.count())
      tx.delete(films, ['a', 'd'])
      expect(tell()).toEqual([2, ['b', 'c'], true, false])
      tx.update(films, 'c', { n: 5 }, { vector: [0, 1] })
      expect(films.getMany(['c'])[0]!.metadata).toEqual({ n: 5 })
      counts.push(films.count())
    }
    const given = db.transaction((tx) => {
      steps(tx)
      throw failure
    })
    expect(await rejectionOf(given)).toBe(failure)
    expect(tell()).toEqual([2, ['a', 'b'], false, true])
    await db.transaction(steps)
    expect(tell()).toEqual([2, ['b', 'c'], true, false])
    expect(await Promise.all(counts)).toEqual([4, 2, 4, 2])
  })

  it('is not committed when a step fails amid writing, even where that is caught', async () => {
    const { db, films, users } = await two()
    const { environment, definition, replica } = sourceOf(films)
    const state = replica.state()
    const putState = (nextOrdinal: number) => {
      return environment.write(1, () => {
        environment.state.putSync([definition.identity, 0, 0], encodeState({ ...state, nextOrdinal }))
      })
    }
    // One number is left for a record: the second of two finds none.
    await putState(0xffff_fffe)
    const call = db.transaction((tx) => {
      tx.upsert(users, { id: 'v', vector: [2] })
      const records = [
        { id: 'x', vector: [1, 1] },
        { id: 'y', vector: [1, 1] },
      ]
      expectThrow(() => tx.upsert(films, records), 'FULL')
      // What came of it is half a step: nothing can be done with it, nor in another collection.
      expectThrow(() => tx.get(films, 'x'), 'FULL')
      expectThrow(() => tx.upsert(users, { id: 'w', vector: [2] }), 'FULL')
      return 'caught'
    })
    await expectRejection(call, 'FULL')
    expect([films.size, films.has('x'), users.size, users.has('v')]).toEqual([2, false, 1, false])
    await putState(state.nextOrdinal)
    await films.upsert({ id: 'x', vector: [5, 0] })
    expect(idsOf(await films.query({ vector: [1, 0] }))).toEqual(['x', 'b', 'a'])
  })

  it('may hold more records than a batch', async () => {
    const { db, films } = await two()
    const records = Array.from({ length: 2500 }, (_, i) => ({ id: `r${i}`, vector: [i, 1] }))
    expect(await db.transaction((tx) => tx.upsert(films, records))).toEqual({ inserted: 2500, updated: 0 })
    expect(films.size).toBe(2502)
    expect(
      await db.transaction((tx) =>
        tx.delete(
          films,
          records.map(({ id }) => id),
        ),
      ),
    ).toBe(2500)
    expect(await films.query({ vector: [1, 0], select: [] })).toHaveLength(2)
  })

  it('runs after those before it, one at a time', async () => {
    const { db, films } = await two()
    const add = () =>
      db.transaction((tx) => tx.update(films, 'a', { n: tx.get(films, 'a')!.metadata.n! + 1 }))
    await Promise.all(Array.from({ length: 50 }, add))
    expect(films.get('a')!.metadata.n).toBe(51)
  })

  it('refuses an async function, and writes nothing', async () => {
    const { db, films } = await two()
    const call = db.transaction(async (tx) => {
      tx.delete(films, 'a')
    })
    await expectRejection(call, 'TRANSACTION')
    expect(films.has('a')).toBe(true)
    const failing = db.transaction(async () => {
      throw new Error('must not be reported as unhandled')
    })
    await expectRejection(failing, 'TRANSACTION')
  })

  it('refuses every use of tx when it is over', async () => {
    const { db, films } = await two()
    const escaped: Transaction[] = []
    await db.transaction((tx) => escaped.push(tx))
    await rejectionOf(
      db.transaction((tx) => {
        escaped.push(tx)
        throw new Error('failed')
      }),
    )
    for (const tx of escaped) {
      expectThrow(() => tx.upsert(films, { id: 'c', vector: [1, 1] }), 'TRANSACTION')
      expectThrow(() => tx.update(films, 'a', {}), 'TRANSACTION')
      expectThrow(() => tx.delete(films, 'a'), 'TRANSACTION')
      expectThrow(() => tx.get(films, 'a'), 'TRANSACTION')
      expectThrow(() => tx.has(films, 'a'), 'TRANSACTION')
    }
    expect(films.size).toBe(2)
  })

  it('refuses queries within it, and goes on where they are caught', async () => {
    const { db, films } = await two()
    let pending: Promise<unknown> | undefined
    await db.transaction((tx) => {
      tx.upsert(films, { id: 'c', vector: [9, 0] })
      expectThrow(() => films.querySync({ vector: [1, 0] }), 'TRANSACTION')
      pending = rejectionOf(films.query({ vector: [1, 0] }))
    })
    expect(await pending).toMatchObject({ code: 'TRANSACTION' })
    expect(idsOf(films.querySync({ vector: [1, 0], k: 1 }))).toEqual(['c'])
  })

  it('lets other writes and transactions that are called within it follow after it', async () => {
    const { db, films } = await two()
    const later: Promise<unknown>[] = []
    await db.transaction((tx) => {
      later.push(films.upsert({ id: 'a', vector: [7, 7], metadata: { n: 100 } }))
      later.push(
        db.transaction((inner) => inner.update(films, 'a', { n: inner.get(films, 'a')!.metadata.n! + 1 })),
      )
      tx.update(films, 'a', { n: 50 })
    })
    await Promise.all(later)
    expect(films.get('a')!.metadata.n).toBe(101)
  })

  it('refuses filters, handles that are none, and functions that are none', async () => {
    const { db, films } = await two()
    const run = (action: (tx: Transaction) => unknown) => db.transaction(action)
    await expectRejection(
      run((tx) => tx.delete(films, { filter: { n: 1 } } as never)),
      'BAD_OPTION',
      { path: 'ids' },
    )
    await expectRejection(
      run((tx) => tx.delete({} as never, 'a')),
      'BAD_OPTION',
      { path: 'collection' },
    )
    await expectRejection(
      run((tx) => tx.get(films, '')),
      'BAD_ID',
      { path: 'id' },
    )
    await expectRejection(
      run((tx) => tx.upsert(films, [], { batchSize: 3 } as never)),
      'BAD_OPTION',
      {
        path: 'options.batchSize',
      },
    )
    await expectRejection(db.transaction(undefined as never), 'BAD_OPTION', { path: 'action' })
    await expectRejection(db.transaction('x' as never), 'BAD_OPTION', { path: 'action' })
    const { films: foreign } = await openCollection()
    await expectRejection(
      run((tx) => tx.has(foreign, 'a')),
      'BAD_OPTION',
    )
    expect(films.size).toBe(2)
  })

  it('takes copies: changing inputs within it changes nothing written', async () => {
    const { db, films } = await two()
    await db.transaction((tx) => {
      const record = { id: 'c', vector: Float32Array.of(3, 4), metadata: { n: 1 } }
      tx.upsert(films, record)
      record.vector.fill(0)
      record.metadata.n = 2
    })
    expect(films.get('c', { includeVector: true })).toEqual({
      id: 'c',
      metadata: { n: 1 },
      vector: Float32Array.of(3, 4),
    })
  })
})
