import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { open as openLmdb } from 'lmdb'
import { describe, expect, it } from 'vitest'
import { open } from '../../src/index.ts'
import { emptyDataFile } from '../../src/store/data-file.ts'
import { temporaryFolder } from './child.ts'
import { openElsewhere, openEverywhere } from './opener.ts'

const PAGE = 16_384

/** A folder with a database of one collection. */
async function database(records = 300): Promise<string> {
  const folder = join(temporaryFolder(), 'db')
  const db = await open(folder)
  const films = await db.collection('films', { dimension: 2 })
  const ids = Array.from({ length: records }, (_, i) => i)
  await films.upsert(ids.map((i) => ({ id: `f${i}`, vector: [1, i], metadata: { text: 'x'.repeat(1_000) } })))
  await db.close()
  return folder
}

/** Each is opened with and without `readOnly`, in processes that LMDB would end. */
function refusals(folder: string): (string | undefined)[] {
  return [false, true].map((readOnly) => openElsewhere(folder, { readOnly }).code)
}

describe('a data.mdb that LMDB would not open', () => {
  it.each([
    ['one byte', Buffer.of(1)],
    ['text', Buffer.from('text '.repeat(20_000))],
    ['zeros', Buffer.alloc(100_000)],
    ['an SQLite database', Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(40_000)])],
    ['a LMDB file of another version', changed((bytes) => bytes.writeUInt32LE(1, 28))],
    ['a LMDB file with other pages', changed((bytes) => bytes.writeUInt32LE(4_096, 48))],
    ['an encrypted LMDB file', changed((bytes) => bytes.writeUInt16LE(0x2008, 52))],
  ])('is no database when it is %s', (_, bytes) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'data.mdb'), bytes)
    expect(refusals(folder)).toEqual(['NOT_A_DATABASE', 'NOT_A_DATABASE'])
    expect(readFileSync(join(folder, 'data.mdb')).equals(bytes)).toBe(true)
    expect(readdirSync(folder)).toEqual(['data.mdb'])
  })

  it('is no database when it is a folder', () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'data.mdb'))
    expect(refusals(folder)).toEqual(['NOT_A_DATABASE', 'NOT_A_DATABASE'])
  })

  it.each([
    ['a page size that cannot be', (bytes: Buffer) => bytes.writeUInt32LE(5, 48)],
    ['no second meta page', (bytes: Buffer) => bytes.fill(0, PAGE, PAGE + 200)],
    [
      'a root behind its last page',
      (bytes: Buffer) => everyMeta(bytes, (at) => bytes.writeUInt32LE(999, at + 136)),
    ],
    [
      'a last page far behind its end',
      (bytes: Buffer) => everyMeta(bytes, (at) => bytes.writeUIntLE(2 ** 40, at + 144, 6)),
    ],
    ['a root that is no page of a tree', (bytes: Buffer) => bytes.fill(0, 2 * PAGE)],
  ])('is corrupted when it has %s', async (_, change) => {
    const folder = await database()
    const bytes = readFileSync(join(folder, 'data.mdb'))
    change(bytes)
    writeFileSync(join(folder, 'data.mdb'), bytes)
    expect(refusals(folder)).toEqual(['CORRUPTED', 'CORRUPTED'])
  })

  it('is corrupted when it was cut off, wherever', async () => {
    const folder = await database()
    const data = join(folder, 'data.mdb')
    const { size } = statSync(data)
    copyFileSync(data, `${data}.whole`)
    for (const length of [size - 1, size - PAGE, size / 2, 3 * PAGE, 2 * PAGE, PAGE + 50, PAGE, 100]) {
      copyFileSync(`${data}.whole`, data)
      truncateSync(data, length)
      expect(openElsewhere(folder, { readOnly: length % 2 === 0 }), `${length} bytes`).toMatchObject({
        code: 'CORRUPTED',
        message: expect.stringMatching(/cut off.*restore/),
      })
    }
  })

  it('is opened though it is shorter than its last page, when the pages behind its end are free', async () => {
    const folder = join(temporaryFolder(), 'db')
    const db = await open(folder)
    const films = await db.collection('films', { dimension: 2 })
    await films.upsert({ id: 'stays', vector: [1, 0] })
    const metadata = { text: 'x'.repeat(7_000) }
    const ids = Array.from({ length: 60 }, (_, i) => `f${i}`)
    await db.transaction((tx) => {
      for (const id of ids) tx.upsert(films, { id, vector: [0, 1], metadata })
      for (const id of ids.toReversed()) tx.delete(films, id)
    })
    await db.close()
    const bytes = readFileSync(join(folder, 'data.mdb'))
    const lastPage = Math.max(bytes.readUInt32LE(144), bytes.readUInt32LE(PAGE + 144))
    expect(bytes.length).toBeLessThan(lastPage * PAGE)
    expect(openElsewhere(folder, { write: true })).toEqual({
      collections: ['films'],
      found: ['stays'],
      size: 2,
    })
  })
})

describe('a folder without its data.mdb', () => {
  it.each(['gone', 'empty'])('is no new database when the file is %s beside others of ours', async (how) => {
    const folder = await database()
    const data = join(folder, 'data.mdb')
    rmSync(data)
    if (how === 'empty') writeFileSync(data, '')
    expect(refusals(folder)).toEqual(['CORRUPTED', 'CORRUPTED'])
    rmSync(join(folder, 'commits'))
    mkdirSync(join(folder, 'index'))
    expect(refusals(folder)).toEqual(['CORRUPTED', 'CORRUPTED'])
    expect(readdirSync(folder)).not.toContain('commits')
  })

  it('is a new one when nothing but what LMDB begins with is there', () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'data.mdb'), '')
    writeFileSync(join(folder, 'lock.mdb'), '')
    expect(openElsewhere(folder, { readOnly: true }).code).toBe('NOT_FOUND')
    expect(openElsewhere(folder, { write: true }).size).toBe(1)
  })
})

describe('the other files', () => {
  it('refuse an open with a code when lock.mdb is a folder', async () => {
    const folder = await database()
    rmSync(join(folder, 'lock.mdb'))
    mkdirSync(join(folder, 'lock.mdb'))
    expect(refusals(folder)).toEqual(['STORAGE', 'STORAGE'])
  })

  it('are made again when lock.mdb is missing, empty or not of LMDB', async () => {
    const folder = await database()
    const lock = join(folder, 'lock.mdb')
    for (const spoil of [() => rmSync(lock), () => truncateSync(lock), () => appendFileSync(lock, 'text')]) {
      spoil()
      expect(openElsewhere(folder, { write: true }).size).toBe(301)
    }
    // No hole that a full disk could not fill.
    rmSync(lock)
    expect(openElsewhere(folder, { readOnly: true }).size).toBe(301)
    expect(statSync(lock).blocks * 512).toBeGreaterThanOrEqual(statSync(lock).size)
  })

  it('do not keep a reader out when commits is empty, cut off or a folder', async () => {
    const folder = await database()
    const commits = join(folder, 'commits')
    for (const spoil of [
      () => truncateSync(commits),
      () => truncateSync(commits, 8),
      () => replaceByFolder(commits),
    ]) {
      spoil()
      expect(openElsewhere(folder, { readOnly: true })).toEqual({
        collections: ['films'],
        size: 300,
        found: ['f0'],
      })
    }
    expect(openElsewhere(folder).code).toBe('STORAGE')
  })

  it('are not left over where none is made', async () => {
    const folder = await database()
    expect(readdirSync(folder).sort()).toEqual(['commits', 'data.mdb', 'lock.mdb'])
  })
})

describe('the first bytes of a database', () => {
  it('are those that LMDB writes', async () => {
    const folder = temporaryFolder()
    const root = openLmdb({ path: folder, noSubdir: false, pageSize: PAGE, maxDbs: 1_024, maxReaders: 2_048 })
    expect(readFileSync(join(folder, 'data.mdb')).equals(emptyDataFile())).toBe(true)
    await root.close()
  })

  it('come into being once when many processes make it at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const folder = join(temporaryFolder(), 'db')
      const opened = await openEverywhere(folder, 4, { write: true })
      expect(opened.map(({ code }) => code)).toEqual([undefined, undefined, undefined, undefined])
      expect(openElsewhere(folder)).toEqual({ collections: ['films'], size: 1, found: ['written'] })
    }
  })
})

// Linux only: elsewhere the limit is not looked at.
describe.skipIf(process.platform !== 'linux')('a process without open files to spare', () => {
  it.each([0, 1, 2, 3, 4])('is refused with a code when it has %i left', async (descriptors) => {
    const folder = await database()
    expect(openElsewhere(folder, { descriptors }).code).toBe('STORAGE')
    expect(openElsewhere(folder, { descriptors, readOnly: true }).code).toBe('STORAGE')
  })
})

describe.skipIf(process.getuid?.() !== 0)('a file that may not be written', () => {
  it('is a folder: a new database is refused with a code', () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o755)
    expect(openElsewhere(folder, {}, true)).toMatchObject({ code: 'STORAGE', cause: 'EACCES' })
    expect(openElsewhere(join(folder, 'below'), {}, true)).toMatchObject({ code: 'STORAGE', cause: 'EACCES' })
  })
})

function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = emptyDataFile()
  change(bytes)
  return bytes
}

function everyMeta(bytes: Buffer, change: (at: number) => void): void {
  for (const at of [0, PAGE / 2, PAGE]) change(at)
  expect(bytes.length).toBeGreaterThan(PAGE)
}

function replaceByFolder(file: string): void {
  rmSync(file)
  mkdirSync(file)
}
