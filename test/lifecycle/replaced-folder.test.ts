import { cpSync, existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Database, open } from '../../src/index.ts'
import { openDatabase, temporaryFolder } from '../helpers/database.ts'
import { expectRejection, rejectionOf } from '../helpers/errors.ts'
import { untilBuilt } from '../helpers/graphs.ts'

/** A database that is open, with a record of its own. */
async function opened(folder: string, id: string) {
  const db = await openDatabase(folder)
  const films = await db.collection<object, string>('films', { dimension: 2 })
  await films.upsert({ id, vector: [1, 2], metadata: { id } })
  return { db, films }
}

async function idsIn(db: Database): Promise<unknown[]> {
  const films = await db.collection('films')
  return Array.from(films.records(), ({ id }) => id)
}

/** No write of any kind is acknowledged, and what was there is read as before. */
async function expectLeftAlone({ db, films }: Awaited<ReturnType<typeof opened>>, id: string): Promise<void> {
  const writes: (() => Promise<unknown>)[] = [
    () => films.upsert({ id: 'late', vector: [2, 1] }),
    () => films.update(id, { late: true }),
    () => films.delete(id),
    () => films.clear(),
    () => db.transaction((tx) => tx.delete(films, id)),
    () => db.collection('more', { dimension: 1 }),
    () => db.drop('films'),
  ]
  for (const write of writes) {
    expect(await rejectionOf(write())).toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(/removed or replaced.*open it again/),
    })
  }
  expect(films.get(id)).toEqual({ id, metadata: { id } })
  expect(await films.query({ vector: [1, 2] })).toMatchObject([{ id }])
}

describe('a folder that is removed while it is open', () => {
  it('is another database for whoever opens it next', async () => {
    const folder = join(temporaryFolder(), 'db')
    const old = await opened(folder, 'old')
    rmSync(folder, { recursive: true })
    await expectLeftAlone(old, 'old')
    await expectRejection(open(folder, { readOnly: true }), 'NOT_FOUND')
    const young = await opened(folder, 'young')
    expect(await idsIn(young.db)).toEqual(['young'])
    await expectLeftAlone(old, 'old')
    await old.db.close()
    // The old one leaves nothing behind, and takes nothing with it.
    expect(await idsIn(await openDatabase(folder))).toEqual(['young'])
    expect(await young.films.update('young', { again: true })).toBe(1)
  })

  it('is not made again by what is saved in the background', async () => {
    const folder = join(temporaryFolder(), 'db')
    const { db, films } = await opened(folder, 'old')
    const ids = Array.from({ length: 5_000 }, (_, i) => i)
    await films.upsert(ids.map((i) => ({ id: `f${i}`, vector: [Math.cos(i), Math.sin(i)] })))
    await untilBuilt(films)
    rmSync(folder, { recursive: true })
    await db.close()
    expect(existsSync(folder)).toBe(false)
  })

  it('again and again, is each time', async () => {
    const folder = join(temporaryFolder(), 'db')
    const all: Awaited<ReturnType<typeof opened>>[] = []
    for (const id of ['a', 'b', 'c', 'd']) {
      all.push(await opened(folder, id))
      expect(await idsIn(all.at(-1)!.db)).toEqual([id])
      rmSync(folder, { recursive: true })
    }
    for (const { db } of all) await db.close()
  })
})

describe('a folder that is replaced while it is open', () => {
  it('by another database, is that one for whoever opens it next', async () => {
    const parent = temporaryFolder()
    const [folder, other] = [join(parent, 'db'), join(parent, 'other')]
    await (await opened(other, 'other')).db.close()
    const old = await opened(folder, 'old')
    renameSync(folder, join(parent, 'moved'))
    renameSync(other, folder)
    await expectLeftAlone(old, 'old')
    const db = await openDatabase(folder)
    expect(await idsIn(db)).toEqual(['other'])
    // Under its new name the old one is what it was.
    expect(await idsIn(await openDatabase(join(parent, 'moved')))).toEqual(['old'])
  })

  it('is so too when only its data.mdb is', async () => {
    const parent = temporaryFolder()
    const [folder, copy] = [join(parent, 'db'), join(parent, 'copy')]
    await (await opened(folder, 'old')).db.close()
    cpSync(folder, copy, { recursive: true })
    const old = await opened(folder, 'old')
    await old.films.upsert({ id: 'newer', vector: [0, 1] })
    await old.films.delete('newer')
    renameSync(join(copy, 'data.mdb'), join(folder, 'data.mdb'))
    await expectLeftAlone(old, 'old')
    expect(await idsIn(await openDatabase(folder))).toEqual(['old'])
  })
})

describe('lock.mdb, removed while it is open', () => {
  it('ends writes through it, which others would not wait for', async () => {
    const folder = join(temporaryFolder(), 'db')
    const old = await opened(folder, 'old')
    rmSync(join(folder, 'lock.mdb'))
    await expectLeftAlone(old, 'old')
  })
})

describe('data.mdb, removed while it is open', () => {
  it('is no new database', async () => {
    const folder = join(temporaryFolder(), 'db')
    const old = await opened(folder, 'old')
    rmSync(join(folder, 'data.mdb'))
    await expectLeftAlone(old, 'old')
    await expectRejection(open(folder), 'CORRUPTED')
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  })
})
