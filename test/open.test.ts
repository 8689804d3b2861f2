import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { type OpenOptions, open } from '../src/index.ts'
import { openDatabase, temporaryFolder } from './helpers/database.ts'
import { expectRejection } from './helpers/errors.ts'

describe('open', () => {
  it('creates the folder, and those above it', async () => {
    const folder = join(temporaryFolder(), 'a', 'b')
    const db = await openDatabase(folder)
    expect(db.collections()).toEqual([])
    expect(existsSync(join(folder, 'data.mdb'))).toBe(true)
  })

  it('takes a folder with a dot in its name', async () => {
    const folder = join(temporaryFolder(), 'films.v2')
    await openDatabase(folder)
    expect(existsSync(join(folder, 'data.mdb'))).toBe(true)
  })

  it('takes a folder that exists and is empty', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'db'))
    expect((await openDatabase(join(folder, 'db'))).collections()).toEqual([])
  })

  it('finds what was written before', async () => {
    const folder = temporaryFolder()
    const before = await openDatabase(folder)
    const films = await before.collection('films', { dimension: 2 })
    await films.upsert({ id: 'a', vector: [3, 4], metadata: { year: 1999 } })
    await before.close()
    const after = await openDatabase(folder)
    expect((await after.collection('films')).get('a')).toEqual({ id: 'a', metadata: { year: 1999 } })
  })

  it('knows a folder by any of its names', async () => {
    const folder = temporaryFolder()
    const link = `${temporaryFolder()}/link`
    symlinkSync(folder, link)
    const direct = await openDatabase(folder, { threads: 3 })
    for (const name of [link, relative(process.cwd(), folder), `${folder}/.`]) {
      await openDatabase(name)
      // Whoever opens a folder that is open must agree on its options: so these are one database.
      await expectRejection(open(name, { threads: 4 }), 'BAD_OPTION', { path: 'options' })
    }
    await direct.collection('films', { dimension: 1 })
    expect((await openDatabase(link)).collections()).toEqual(['films'])
  })

  it('knows a folder that it makes by any of the names of those above it', async () => {
    const folder = temporaryFolder()
    const link = `${temporaryFolder()}/link`
    symlinkSync(folder, link)
    const linked = await openDatabase(join(link, 'a', 'b'), { threads: 3 })
    // Were it another database in memory, it would have threads of its own.
    await expectRejection(open(join(folder, 'a', 'b'), { threads: 4 }), 'BAD_OPTION', { path: 'options' })
    const direct = await openDatabase(join(folder, 'a', 'b'))
    const films = await direct.collection('films', { dimension: 1 })
    await films.upsert({ id: 'a', vector: [1] })
    expect((await linked.collection('films')).size).toBe(1)
  })

  it('takes a file: URL', async () => {
    const folder = join(temporaryFolder(), 'mit Leerzeichen ü')
    const url = pathToFileURL(folder)
    const db = await openDatabase(url)
    await db.collection('films', { dimension: 1 })
    expect((await openDatabase(folder)).collections()).toEqual(['films'])
    // Of another realm, or of a package.
    const { href, protocol } = url
    const other = runInNewContext('({ href, protocol })', { href, protocol }) as URL
    expect((await openDatabase(other)).collections()).toEqual(['films'])
  })

  it('is for reading only with immutable: true', async () => {
    const folder = temporaryFolder()
    const before = await open(folder)
    await before.collection('films', { dimension: 2 })
    await before.close()
    const db = await openDatabase(folder, { immutable: true })
    const films = await db.collection('films')
    expect(films.size).toBe(0)
    await expectRejection(db.drop('films'), 'READ_ONLY')
    // Who joins must mean the same.
    await expectRejection(open(folder, { readOnly: true }), 'BAD_OPTION', { path: 'options' })
    await expectRejection(open(folder), 'BAD_OPTION', { path: 'options' })
    expect((await openDatabase(folder, { immutable: true, readOnly: true })).collections()).toEqual(['films'])
    const missing = open(join(folder, 'missing'), { immutable: true })
    await expectRejection(missing, 'NOT_FOUND')
  })

  it('promises durability for each open of its own', async () => {
    const folder = temporaryFolder()
    for (const durability of ['commit', 'flushed', undefined] as const) {
      const db = await openDatabase(folder, { durability })
      const films = await db.collection<object, string>('films', { dimension: 1 })
      expect(await films.upsert({ id: `${durability}`, vector: [1] })).toEqual({ inserted: 1, updated: 0 })
      expect(await films.update(`${durability}`, {})).toBe(1)
      await db.transaction((tx) => tx.delete(films, 'nobody'))
    }
  })

  it.each([
    [{ durability: 'disk' }, 'options.durability'],
    [{ readOnly: 1 }, 'options.readOnly'],
    [{ immutable: 'yes' }, 'options.immutable'],
    [{ immutable: true, readOnly: false }, 'options.readOnly'],
    [{ threads: 0 }, 'options.threads'],
    [{ threads: 257 }, 'options.threads'],
    [{ threads: 1.5 }, 'options.threads'],
    [{ readonly: true }, 'options.readonly'],
    [{ maxElements: 5 }, 'options.maxElements'],
    [null, 'options'],
  ])('refuses the options %j', async (options, path) => {
    await expectRejection(open(temporaryFolder(), options as OpenOptions), 'BAD_OPTION', { path })
  })

  it.each([
    undefined,
    '',
    5,
    null,
    Buffer.from('/tmp/films'),
    'films\0',
    'films\ud800',
    '~',
    '~/films',
    'file:///films',
    's3://bucket/films',
    new URL('https://example.org/films'),
    new URL('file:///films%00'),
    new URL('file:///films%2fmore'),
  ])('refuses the path %j, and makes no folder', async (path) => {
    const before = readdirSync('.')
    const error = await expectRejection(open(path as string), 'BAD_OPTION', { path: 'path' })
    expect(error.message.length).toBeLessThan(300)
    expect(readdirSync('.')).toEqual(before)
  })

  it('takes names that only look like others', async () => {
    const folder = temporaryFolder()
    for (const name of ['~films', 'file:', 'C:', ':memory', '#', '%00']) {
      await (await open(join(folder, name))).close()
      expect(existsSync(join(folder, name, 'data.mdb'))).toBe(true)
    }
  })

  it('tells of a path that is too long', async () => {
    const folder = temporaryFolder()
    await expectRejection(open(join(folder, 'x'.repeat(300))), 'STORAGE')
    await expectRejection(open(join(folder, 'x/'.repeat(2_500))), 'STORAGE')
    const readers = [join(folder, 'x'.repeat(300)), join(folder, 'x/'.repeat(2_500))]
    for (const path of readers) await expectRejection(open(path, { readOnly: true }), 'STORAGE')
  })
})
