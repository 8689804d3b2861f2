import { beforeEach, describe, expect, it } from 'vitest'
import { type Collection, type Database, type Id, type Metadata, open, SkalarError } from '../src/index.ts'
import { encodeId } from '../src/store/keys.ts'
import { temporaryFolder } from './helpers/database.ts'
import { expectRejection, expectThrow } from './helpers/errors.ts'
import { editRaw, type RawDatabase } from './helpers/raw.ts'

const DIMENSION = 4
const RECORDS = 40

const vectorOf = (i: number) => [1, i, i * i, -i]

/** Every call that reads or writes, each on its own: what fails is told by its code, and nothing else is thrown. */
const CALLS: Record<string, (films: Collection<Metadata, Id>, db: Database) => unknown> = {
  size: (films) => films.size,
  get: (films) => films.get(7, { includeVector: true, includeVersion: true }),
  getMany: (films) => films.getMany([1, 7, 'a'], { includeVector: true }),
  has: (films) => films.has(7),
  count: (films) => films.count({ filter: { year: { $gt: 0 } } }),
  records: (films) => [...films.records({ includeVector: true })],
  query: (films) => films.query({ vector: vectorOf(7), k: RECORDS }),
  'query by id': (films) => films.query({ id: 7, k: RECORDS, includeVector: true }),
  'query with a filter': (films) => films.query({ vector: vectorOf(7), filter: { year: { $gt: 0 } } }),
  querySync: (films) => films.querySync({ vector: vectorOf(7), k: RECORDS }),
  queryMany: (films) => films.queryMany([{ id: 7 }, { vector: vectorOf(1) }]),
  explain: (films) => films.explain({ vector: vectorOf(7) }),
  stats: (films) => films.stats(),
  update: (films) => films.update(7, { seen: true }),
  'update with a vector': (films) => films.update(7, { seen: true }, { vector: vectorOf(3) }),
  'update by filter': (films) => films.update({ filter: { year: 7 } }, { seen: true }),
  upsert: (films) =>
    films.upsert([7, 99].map((id) => ({ id, vector: vectorOf(id), metadata: { year: id } }))),
  transaction: (films, db) =>
    db.transaction((tx) => [tx.get(films, 7), tx.has(films, 7), tx.delete(films, 8)]),
  delete: (films) => films.delete(7),
  collections: (_, db) => db.collections(),
  'another collection': (_, db) => db.collection('other', { dimension: 2 }),
  clear: (films) => films.clear(),
  drop: (_, db) => db.drop('films'),
}

/** The codes that the calls fail with. Anything else that is thrown fails the test. */
async function codesOf(folder: string): Promise<string[]> {
  const codes: string[] = []
  const attempt = async <T>(name: string, call: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof SkalarError)) throw new Error(`${name} threw ${String(error)}`, { cause: error })
      codes.push(error.code)
      return undefined
    }
  }
  const db = await open(folder)
  try {
    const films = await attempt('collection', () => db.collection<Metadata, Id>('films'))
    for (const [name, call] of Object.entries(CALLS)) {
      if (films !== undefined) await attempt(name, () => call(films, db))
    }
  } finally {
    await db.close()
  }
  return codes
}

const shorter = (row: Buffer) => row.subarray(0, row.length - 3)
const longer = (row: Buffer) => Buffer.concat([row, Buffer.alloc(3)])
const withByte = (row: Buffer, offset: number, byte: number) => {
  const changed = Buffer.from(row)
  changed[offset] = byte
  return changed
}
const json = (value: unknown) => Buffer.from(JSON.stringify(value))

type Edit = (raw: RawDatabase) => void
const state =
  (change: (row: Buffer) => Buffer): Edit =>
  (raw) => {
    const rows = raw.rows('state')
    rows.put([1, 0, 0], change(rows.get([1, 0, 0])))
  }
/** Of the record 7. */
const record =
  (change: (row: Buffer) => Buffer): Edit =>
  (raw) => {
    const rows = raw.rows('records')
    rows.put([1, 0, 7], change(rows.get([1, 0, 7])))
  }
const vector =
  (change: (row: Buffer) => Buffer): Edit =>
  (raw) => {
    const rows = raw.rows('vectors')
    rows.put([1, 0, 7], change(rows.get([1, 0, 7])))
  }
const entry =
  (key: string, value: Buffer): Edit =>
  (raw) =>
    raw.catalogue().put(key, value)
const definition =
  (change: object): Edit =>
  (raw) => {
    const found = JSON.parse(raw.catalogue().get('collection:films').toString())
    raw.catalogue().put('collection:films', json({ ...found, ...change }))
  }
const idKey = [1, encodeId(7)] as const

const DAMAGES: [string, Edit][] = [
  ['a state row that is cut off', state(shorter)],
  ['a state row that is empty', state(() => Buffer.alloc(0))],
  ['a state row that is too long', state(longer)],
  ['a state row of another layout', state((row) => withByte(row, 40, 7))],
  ['a record row that is empty', record(() => Buffer.alloc(0))],
  ['a record row without an id', record((row) => row.subarray(0, 20))],
  ['a record row of another layout', record((row) => withByte(row, 0, 9))],
  ['a record row of more spaces', record((row) => withByte(row, 1, 2))],
  ['a record row whose id is longer than it', record((row) => withByte(row, 3, 0xff))],
  ['a record row whose id is of no kind', record((row) => withByte(row, 20, 9))],
  ['a record row whose metadata is cut off', record(shorter)],
  ['a record row that is gone', (raw) => raw.rows('records').remove([1, 0, 7])],
  ['a vector row that is cut off', vector(shorter)],
  ['a vector row that is empty', vector(() => Buffer.alloc(0))],
  ['a vector row that is too long', vector(longer)],
  ['an id that leads to a row of another size', (raw) => raw.ids().put(idKey, Buffer.alloc(3))],
  ['an id that leads to an empty row', (raw) => raw.ids().put(idKey, Buffer.alloc(0))],
  ['an id that leads nowhere', (raw) => raw.ids().put(idKey, Buffer.from([1, 2, 3, 4]))],
  ['an id of no kind', (raw) => raw.ids().put([1, Buffer.from([7, 1])], Buffer.from([7, 0, 0, 0]))],
  ['freed numbers that are cut off', (raw) => raw.rows('free').put([1, 0, 0], Buffer.alloc(100))],
  ['freed numbers that are too long', (raw) => raw.rows('free').put([1, 0, 0], Buffer.alloc(2_000))],
  ['a definition that is no JSON', entry('collection:films', Buffer.from('{"identity":'))],
  ['a definition that is null', entry('collection:films', json(null))],
  ['a definition without a dimension', definition({ dimension: undefined })],
  ['a definition of a negative dimension', definition({ dimension: -4 })],
  ['a definition of an unknown metric', definition({ metric: 'angle' })],
  ['a definition without an index', definition({ index: undefined })],
  ['a definition of an unknown engine', definition({ index: { engine: 'new' } })],
  ['a definition whose identity is text', definition({ identity: '1' })],
  ['a next number that is text', entry('next', json('2'))],
  ['a next number that is no JSON', entry('next', Buffer.from('2,'))],
]

describe('of a database with', () => {
  let folder: string

  beforeEach(async () => {
    folder = temporaryFolder()
    const db = await open(folder)
    const films = await db.collection<Metadata, Id>('films', { dimension: DIMENSION, metric: 'dot' })
    const records = Array.from({ length: RECORDS }, (_, id) => {
      return { id, vector: vectorOf(id), metadata: { year: id, text: 'some text' } }
    })
    await films.upsert(records)
    await films.delete([0, 1])
    await films.upsert({ id: 'a', vector: vectorOf(0) })
    await db.close()
  })

  it('nothing wrong no call fails', async () => {
    expect(await codesOf(folder)).toEqual([])
  })

  it.each(DAMAGES)('%s, calls fail with CORRUPTED or answer', async (_, edit) => {
    await editRaw(folder, edit)
    const codes = await codesOf(folder)
    expect(codes).toContain('CORRUPTED')
    expect(new Set(codes)).toEqual(new Set(['CORRUPTED']))
  })

  it('an index in the catalogue that is no index, it is built again', async () => {
    await editRaw(
      folder,
      entry('index:1:0', json({ kind: 'hnsw', name: '../../../etc/passwd', crc: 1, position: 1 })),
    )
    expect(await codesOf(folder)).toEqual([])
  })

  it.each([13, 0])(
    'a log row of %i bytes, whoever has still to read it fails with CORRUPTED',
    async (bytes) => {
      const db = await open(folder)
      const films = await db.collection('films')
      await editRaw(folder, (raw) => {
        const rows = raw.rows('state')
        const row = Buffer.from(rows.get([1, 0, 0]))
        const position = row.readUInt32LE(8) + 1
        row.writeUInt32LE(position, 8)
        rows.put([1, 0, 0], row)
        raw.rows('log').put([1, 0, position], Buffer.alloc(bytes))
      })
      await expectRejection(films.query({ vector: vectorOf(7) }), 'CORRUPTED')
      expectThrow(() => films.querySync({ vector: vectorOf(7) }), 'CORRUPTED')
      await db.close()
    },
  )
})
