import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { open } from '../../src/index.ts'
import { temporaryFolder } from './child.ts'
import { mayMount } from './mount.ts'
import { openElsewhere } from './opener.ts'

/** What opening a lock file would change: LMDB makes it longer, writes into it, and refuses a folder. */
function traceOf(path: string) {
  const { ino, size, mtimeMs } = statSync(path)
  return { ino, size, mtimeMs }
}

const RECORDS = { collections: ['films'], size: 2, found: ['a'] }

/** A folder that all may read, with a database that only its owner may write. */
async function database(): Promise<string> {
  const parent = temporaryFolder()
  chmodSync(parent, 0o755)
  const folder = join(parent, 'db')
  const db = await open(folder)
  const films = await db.collection('films', { dimension: 2 })
  await films.upsert([
    { id: 'a', vector: [1, 0] },
    { id: 'b', vector: [0, 1] },
  ])
  await db.close()
  chmodSync(folder, 0o755)
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o644)
  return folder
}

describe.skipIf(process.getuid?.() !== 0)('a user who may only read', () => {
  it('is refused with the remedy, rather than let read without locks', async () => {
    const folder = await database()
    expect(openElsewhere(folder, { readOnly: true }, true)).toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(/lock\.mdb.*write permission.*immutable: true/),
      cause: 'EACCES',
    })
    expect(openElsewhere(folder, {}, true)).toMatchObject({ code: 'STORAGE', cause: 'EACCES' })
    rmSync(join(folder, 'lock.mdb'))
    expect(openElsewhere(folder, { readOnly: true }, true)).toMatchObject({
      code: 'STORAGE',
      cause: 'EACCES',
    })
  })

  it('reads with permission to write lock.mdb, and cannot write', async () => {
    const folder = await database()
    chmodSync(join(folder, 'lock.mdb'), 0o666)
    expect(openElsewhere(folder, { readOnly: true }, true)).toEqual(RECORDS)
    expect(openElsewhere(folder, {}, true)).toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(/data\.mdb.*readOnly: true/),
    })
  })

  it('reads with immutable: true, with and without lock.mdb', async () => {
    const folder = await database()
    expect(openElsewhere(folder, { immutable: true }, true)).toEqual(RECORDS)
    expect(openElsewhere(folder, { immutable: true, readOnly: true }, true)).toEqual(RECORDS)
    expect(openElsewhere(folder, { immutable: true, write: true }, true).code).toBe('READ_ONLY')
    rmSync(join(folder, 'lock.mdb'))
    rmSync(join(folder, 'commits'))
    expect(openElsewhere(folder, { immutable: true }, true)).toEqual(RECORDS)
    expect(readdirSync(folder)).toEqual(['data.mdb'])
  })

  it('reads with immutable: true in a folder that it may write, or where only lock.mdb may be written', async () => {
    const folder = await database()
    chmodSync(join(folder, 'lock.mdb'), 0o666)
    const before = traceOf(join(folder, 'lock.mdb'))
    expect(openElsewhere(folder, { immutable: true }, true)).toEqual(RECORDS)
    expect(traceOf(join(folder, 'lock.mdb'))).toEqual(before)
    rmSync(join(folder, 'lock.mdb'))
    rmSync(join(folder, 'commits'))
    chmodSync(folder, 0o777)
    expect(openElsewhere(folder, { immutable: true }, true)).toEqual(RECORDS)
    expect(readdirSync(folder)).toEqual(['data.mdb'])
  })

  it('is refused with a code when the data may not be read', async () => {
    const folder = await database()
    chmodSync(join(folder, 'data.mdb'), 0o600)
    expect(openElsewhere(folder, { immutable: true }, true)).toMatchObject({
      code: 'STORAGE',
      cause: 'EACCES',
    })
    chmodSync(folder, 0o700)
    expect(openElsewhere(folder, { immutable: true }, true)).toMatchObject({
      code: 'STORAGE',
      cause: 'EACCES',
    })
  })
})

describe('a database that is opened with immutable: true', () => {
  it('has no lock file made or opened', async () => {
    const folder = await database()
    const lock = join(folder, 'lock.mdb')
    for (const state of ['there', 'missing', 'too short', 'a folder']) {
      if (state !== 'there') rmSync(lock, { recursive: true, force: true })
      if (state === 'too short') writeFileSync(lock, 'x')
      if (state === 'a folder') mkdirSync(lock)
      const before = state === 'missing' ? undefined : traceOf(lock)
      expect(openElsewhere(folder, { immutable: true }), state).toEqual(RECORDS)
      expect(existsSync(lock) ? traceOf(lock) : undefined, state).toEqual(before)
    }
  })

  it('is read while another process has it open, and that one can still write', async () => {
    const folder = await database()
    const db = await open(folder)
    expect(openElsewhere(folder, { immutable: true })).toEqual(RECORDS)
    await (await db.collection('films')).upsert({ id: 'c', vector: [1, 1] })
    await db.close()
    expect(openElsewhere(folder, { immutable: true })).toMatchObject({ size: 3 })
  })
})

describe.skipIf(!mayMount())('a read-only file system', () => {
  it('is opened with immutable: true only', async () => {
    const folder = await database()
    const mounted = join(temporaryFolder(), 'mounted')
    mkdirSync(mounted)
    execFileSync('mount', ['--bind', folder, mounted])
    onTestFinished(() => {
      execFileSync('umount', ['--lazy', mounted])
    })
    execFileSync('mount', ['-o', 'remount,bind,ro', mounted])
    expect(openElsewhere(mounted, { immutable: true })).toEqual(RECORDS)
    expect(openElsewhere(mounted, { readOnly: true })).toMatchObject({ code: 'STORAGE', cause: 'EROFS' })
    expect(openElsewhere(mounted)).toMatchObject({ code: 'STORAGE', cause: 'EROFS' })
    expect(openElsewhere(join(mounted, 'below')).code).toBe('STORAGE')
    rmSync(join(folder, 'lock.mdb'))
    expect(openElsewhere(mounted, { immutable: true })).toEqual(RECORDS)
    expect(openElsewhere(mounted, { readOnly: true })).toMatchObject({ code: 'STORAGE', cause: 'EROFS' })
  })
})
