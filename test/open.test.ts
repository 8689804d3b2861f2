import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
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
    [{ threads: 0 }, 'options.threads'],
    [{ threads: 257 }, 'options.threads'],
    [{ threads: 1.5 }, 'options.threads'],
    [{ readonly: true }, 'options.readonly'],
    [{ maxElements: 5 }, 'options.maxElements'],
    [null, 'options'],
  ])('refuses the options %j', async (options, path) => {
    await expectRejection(open(temporaryFolder(), options as OpenOptions), 'BAD_OPTION', { path })
  })

  it.each([undefined, '', 5, new URL('file:///x')])('refuses the path %s', async (path) => {
    await expectRejection(open(path as string), 'BAD_OPTION', { path: 'path' })
  })
})
