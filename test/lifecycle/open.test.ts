import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { open as openLmdb } from 'lmdb'
import { describe, expect, it } from 'vitest'
import { open } from '../../src/index.ts'
import { runScript } from '../helpers/child.ts'
import { openDatabase, temporaryFolder } from '../helpers/database.ts'
import { expectRejection, expectThrow } from '../helpers/errors.ts'

describe('a folder that is opened twice', () => {
  it('is one database: what one handle writes the other sees at once', async () => {
    const folder = temporaryFolder()
    const [first, second] = await Promise.all([openDatabase(folder), openDatabase(folder)])
    expect(first).not.toBe(second)
    const mine = await first.collection('films', { dimension: 2 })
    const yours = await second.collection('films')
    await mine.upsert({ id: 'a', vector: [1, 2] })
    expect(yours.has('a')).toBe(true)
    expect(yours.querySync({ vector: [1, 2], select: [] })).toMatchObject([{ id: 'a' }])
    await first.transaction((tx) => tx.delete(yours, 'a'))
    expect(mine.size).toBe(0)
  })

  it('is closed when each of its opens is', async () => {
    const folder = temporaryFolder()
    const first = await openDatabase(folder, { threads: 1 })
    const second = await openDatabase(folder)
    const mine = await first.collection('films', { dimension: 2 })
    const yours = await second.collection<object, string>('films')
    await first.close()
    await first.close()
    expectThrow(() => mine.size, 'CLOSED')
    await yours.upsert({ id: 'a', vector: [1, 2] })
    expect(await yours.query({ vector: [1, 2] })).toHaveLength(1)
    // Still the same database, and its options bind whoever joins.
    await expectRejection(open(folder, { threads: 2 }), 'BAD_OPTION', { path: 'options' })
    await second.close()
    const third = await openDatabase(folder, { threads: 2 })
    expect((await third.collection('films')).size).toBe(1)
  })

  it('cannot be read-only and not', async () => {
    const folder = temporaryFolder()
    const db = await openDatabase(folder)
    await expectRejection(open(folder, { readOnly: true }), 'BAD_OPTION', { path: 'options' })
    // The refused one has left: this close is the last.
    await db.close()
    const reader = await openDatabase(folder, { readOnly: true })
    await expectRejection(open(folder), 'BAD_OPTION', { path: 'options' })
    expect(reader.collections()).toEqual([])
  })

  it('by two copies of the module is one database still', async () => {
    const script = new URL('../helpers/two-copies.mjs', import.meta.url)
    expect(await runScript(script, { folder: temporaryFolder() })).toEqual({
      copies: 2,
      refused: 'BAD_OPTION',
      seen: ['a'],
      closed: 'CLOSED',
      written: 2,
      reopened: 2,
    })
  })
})

describe('a folder that is opened again and again', () => {
  it('keeps everything', async () => {
    const folder = temporaryFolder()
    for (let round = 0; round < 5; round++) {
      const db = await open(folder)
      const films = await db.collection<{ round: number }, number>('films', { dimension: 1 })
      expect(films.size).toBe(round)
      await films.upsert({ id: round, vector: [round + 1], metadata: { round } })
      await db.close()
    }
    const films = await (await openDatabase(folder)).collection('films')
    expect(Array.from(films.records(), ({ metadata }) => metadata.round)).toEqual([0, 1, 2, 3, 4])
  })

  it('without waiting for the last close, does so too', async () => {
    const folder = temporaryFolder()
    const closes: Promise<void>[] = []
    for (let round = 0; round < 10; round++) {
      const db = await open(folder)
      const films = await db.collection<object, number>('films', { dimension: 1 })
      await films.upsert({ id: round, vector: [1] })
      closes.push(db.close())
    }
    await Promise.all(closes)
    expect((await (await openDatabase(folder)).collection('films')).size).toBe(10)
  })
})

describe('what is no database', () => {
  it('is refused when it is a file', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, 'text')
    await expectRejection(open(file), 'NOT_A_DATABASE')
    await expectRejection(open(file, { readOnly: true }), 'NOT_A_DATABASE')
    const error = await expectRejection(open(join(file, 'below')), 'STORAGE')
    expect(error.cause).toBeInstanceOf(Error)
  })

  it.each([false, true])(
    'is refused, and left alone, when another program made it with LMDB (readOnly: %s)',
    async (readOnly) => {
      const folder = temporaryFolder()
      const foreign = openLmdb({ path: folder })
      await foreign.put('key', 'value')
      await foreign.openDB({ name: 'table' }).put('other', 1)
      await foreign.close()
      await expectRejection(open(folder, { readOnly }), 'NOT_A_DATABASE')
      const again = openLmdb({ path: folder })
      expect(again.get('key')).toBe('value')
      expect([...again.getKeys()]).toEqual(['key', 'table'])
      await again.close()
    },
  )

  it.each([
    [false, 1],
    [true, 1],
    [false, 3],
    [true, 3],
  ])(
    'is refused when its format is of another version (readOnly: %s, version %s)',
    async (readOnly, version) => {
      const folder = temporaryFolder()
      await (await open(folder)).close()
      await writeFormat(folder, (format) => ({ ...format, version }))
      const error = await expectRejection(open(folder, { readOnly }), 'UNSUPPORTED_VERSION')
      expect(error.message).toMatch(new RegExp(`version ${version}`))
      await writeFormat(folder, (format) => ({ ...format, version: 2 }))
      expect((await openDatabase(folder, { readOnly })).collections()).toEqual([])
    },
  )

  it('is refused by readOnly, which creates nothing', async () => {
    const folder = temporaryFolder()
    await expectRejection(open(join(folder, 'missing'), { readOnly: true }), 'NOT_FOUND')
    mkdirSync(join(folder, 'empty'))
    await expectRejection(open(join(folder, 'empty'), { readOnly: true }), 'NOT_FOUND')
    expect(readdirSync(folder)).toEqual(['empty'])
    expect(readdirSync(join(folder, 'empty'))).toEqual([])
    expect((await openDatabase(join(folder, 'empty'))).collections()).toEqual([])
  })
})

async function writeFormat(folder: string, change: (format: object) => object): Promise<void> {
  const root = openLmdb({ path: folder })
  const catalogue = root.openDB<object, string>({ name: 'catalogue', encoding: 'json' })
  await catalogue.put('format', change(catalogue.get('format')!))
  await root.close()
}
