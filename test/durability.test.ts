import { randomBytes } from 'node:crypto'
import { closeSync, copyFileSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type Database, open } from '../src/index.ts'
import { bootId } from '../src/store/boot.ts'
import { readRecord, readSnapshot } from '../src/store/flush-record.ts'
import { claim } from '../src/store/recovery.ts'
import { openDatabase, temporaryFolder } from './helpers/database.ts'
import { expectRejection } from './helpers/errors.ts'

// The machine starts anew, or does not know when it did, where a test says so.
vi.mock(import('../src/store/boot.ts'), async (original) => ({ ...(await original()), bootId: vi.fn() }))

let failing = false

// The disk fails where a test says so.
vi.mock(import('node:fs'), async (original) => {
  const real = await original()
  const fdatasync = (file: number, done: (error: NodeJS.ErrnoException | null) => void) => {
    if (!failing) return real.fdatasync(file, done)
    done(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }))
  }
  return { ...real, fdatasync: fdatasync as typeof real.fdatasync }
})

function restart(): void {
  vi.mocked(bootId).mockReturnValue(randomBytes(16))
}

beforeEach(() => {
  failing = false
  restart()
})

const dataOf = (folder: string) => join(folder, 'data.mdb')

/** The last transaction, and the last of which it is on record that it was flushed. */
function transactionsOf(folder: string): { last: number; flushed: number | undefined } {
  const file = openSync(dataOf(folder), 'r')
  try {
    const [first, second] = [readSnapshot(file, 0), readSnapshot(file, 1)]
    const last = Math.max(first.transaction, second.transaction)
    return { last, flushed: readRecord(file)?.transaction }
  } finally {
    closeSync(file)
  }
}

/** The data file as a machine that stops now leaves it if it had written all. */
function copyOf(folder: string): string {
  const copy = join(temporaryFolder(), 'copy')
  mkdirSync(copy)
  copyFileSync(dataOf(folder), dataOf(copy))
  return copy
}

async function idsIn(folder: string, options = {}): Promise<unknown[]> {
  const db = await open(folder, options)
  try {
    return Array.from((await db.collection('films')).records(), ({ id }) => id)
  } finally {
    await db.close()
  }
}

const filmsOf = (db: Database) => db.collection<object, string>('films', { dimension: 1 })

describe("durability: 'flushed'", () => {
  const writes: [string, (db: Database) => Promise<unknown>][] = [
    ['upsert', async (db) => (await filmsOf(db)).upsert({ id: 'a', vector: [2] })],
    ['update', async (db) => (await filmsOf(db)).update('first', { changed: true })],
    ['delete', async (db) => (await filmsOf(db)).delete('first')],
    ['clear', async (db) => (await filmsOf(db)).clear()],
    ['collection', (db) => db.collection('more', { dimension: 1 })],
    ['drop', (db) => db.drop('films')],
    [
      'transaction',
      async (db) => {
        const films = await filmsOf(db)
        await db.transaction((tx) => tx.upsert(films, { id: 'a', vector: [2] }))
      },
    ],
  ]

  it.each(writes)('%s resolves once all that it wrote is on record', async (_, write) => {
    const folder = temporaryFolder()
    const db = await openDatabase(folder, { durability: 'flushed' })
    await (await filmsOf(db)).upsert({ id: 'first', vector: [1] })
    const { last: before } = transactionsOf(folder)
    await write(db)
    const { last, flushed } = transactionsOf(folder)
    expect(last).toBeGreaterThan(before)
    // What is purged after it is another matter.
    expect(flushed).toBeGreaterThan(before)
  })

  it('is each open’s own, and covers what others of the process have written before', async () => {
    const folder = temporaryFolder()
    const [quick, safe] = [await openDatabase(folder), await openDatabase(folder, { durability: 'flushed' })]
    await (await filmsOf(quick)).upsert({ id: 'quick', vector: [1] })
    await (await filmsOf(safe)).upsert({ id: 'safe', vector: [1] })
    const copy = copyOf(folder)
    restart()
    expect(await idsIn(copy)).toEqual(['quick', 'safe'])
  })
})

describe("durability: 'commit'", () => {
  it('is on record a moment later, and when the database is closed', async () => {
    const folder = temporaryFolder()
    const db = await open(folder)
    const films = await filmsOf(db)
    await films.upsert({ id: 'a', vector: [1] })
    await vi.waitFor(() => {
      const { last, flushed } = transactionsOf(folder)
      expect(flushed).toBe(last)
    }, 10_000)
    await films.upsert({ id: 'b', vector: [1] })
    await db.close()
    const { last, flushed } = transactionsOf(folder)
    expect(flushed).toBe(last)
  })

  it('survives whatever the process does; another boot goes back to what was flushed', async () => {
    const folder = temporaryFolder()
    const db = await openDatabase(folder)
    const safe = await filmsOf(await openDatabase(folder, { durability: 'flushed' }))
    await safe.upsert({ id: 'flushed', vector: [1] })
    const films = await filmsOf(db)
    await films.upsert({ id: 'late', vector: [1] })
    const [killed, cut, locked] = [copyOf(folder), copyOf(folder), copyOf(folder)]
    const { last, flushed } = transactionsOf(cut)
    expect(last).toBeGreaterThan(flushed!)
    expect(await idsIn(killed)).toEqual(['flushed', 'late'])
    restart()
    expect(await idsIn(cut)).toEqual(['flushed'])
    // From then on as if nothing had been.
    await (await filmsOf(await openDatabase(cut))).upsert({ id: 'after', vector: [1] })
    expect(await idsIn(cut)).toEqual(['after', 'flushed'])
    const refusal = await expectRejection(open(locked, { readOnly: true }), 'STORAGE')
    expect(refusal.message).toMatch(
      /was not closed before the machine stopped.*open it once without readOnly/,
    )
    expect(await idsIn(locked)).toEqual(['flushed'])
    expect(await idsIn(locked, { readOnly: true })).toEqual(['flushed'])
  })

  it('is not taken back while somebody has the database open, whatever number the boot has', async () => {
    const folder = temporaryFolder()
    const db = await openDatabase(folder)
    await (await filmsOf(db)).upsert({ id: 'a', vector: [1] })
    const { last, flushed } = transactionsOf(folder)
    expect(last).toBeGreaterThan(flushed!)
    restart()
    for (const readOnly of [false, true]) closeSync(await claim(dataOf(folder), readOnly))
    expect(transactionsOf(folder).last).toBeGreaterThanOrEqual(last)
    const copy = copyOf(folder)
    closeSync(await claim(dataOf(copy), false))
    expect(transactionsOf(copy).last).toBe(transactionsOf(copy).flushed)
  })

  it('needs neither record where nothing was lost, and one of them where something was', async () => {
    const folder = temporaryFolder()
    const db = await openDatabase(folder, { durability: 'flushed' })
    for (const id of ['a', 'b']) await (await filmsOf(db)).upsert({ id, vector: [1] })
    const copy = copyOf(folder)
    const whole = readFileSync(dataOf(copy))
    for (const place of [12_288, 28_672]) {
      const damaged = Buffer.from(whole)
      damaged[place + 50]! ^= 1
      writeFileSync(dataOf(copy), damaged)
      expect(await idsIn(copy)).toEqual(['a', 'b'])
    }
  })

  it('is flushed each time where the system does not tell when it started', async () => {
    const folder = temporaryFolder()
    const db = await openDatabase(folder, { durability: 'flushed' })
    await (await filmsOf(db)).upsert({ id: 'a', vector: [1] })
    const copy = copyOf(folder)
    vi.mocked(bootId).mockReturnValue(undefined)
    expect(await idsIn(copy)).toEqual(['a'])
    expect(transactionsOf(copy).flushed).toBeUndefined()
    await (await filmsOf(await openDatabase(copy))).upsert({ id: 'b', vector: [1] })
    expect(await idsIn(copy)).toEqual(['a', 'b'])
    restart()
    expect(await idsIn(copy)).toEqual(['a', 'b'])
  })
})

describe('a disk that fails to flush', () => {
  it('ends the writes of the process, and takes nothing that was flushed', async () => {
    const folder = temporaryFolder()
    const films = await filmsOf(await openDatabase(folder, { durability: 'flushed' }))
    await films.upsert({ id: 'a', vector: [1] })
    failing = true
    await expectRejection(films.upsert({ id: 'b', vector: [1] }), 'STORAGE')
    failing = false
    await expectRejection(films.upsert({ id: 'c', vector: [1] }), 'STORAGE', { committed: 0 })
    expect(films.size).toBe(2)
    const copy = copyOf(folder)
    restart()
    expect(await idsIn(copy)).toEqual(['a'])
  })
})
