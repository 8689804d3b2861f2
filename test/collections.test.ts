import { expect, it } from 'vitest'
import { openDatabase, temporaryFolder } from './helpers/database.ts'

it('collections() names all collections in order', async () => {
  const db = await openDatabase()
  expect(db.collections()).toEqual([])
  const names = ['b', 'a', 'ü', 'Z', '10', '9']
  for (const name of names) await db.collection(name, { dimension: 1 })
  expect(db.collections()).toEqual(['10', '9', 'Z', 'a', 'b', 'ü'])
})

it('collections() follows creations and drops, also through other opens of the folder', async () => {
  const folder = temporaryFolder()
  const db = await openDatabase(folder)
  const other = await openDatabase(folder)
  await db.collection('films', { dimension: 1 })
  await other.collection('books', { dimension: 1 })
  expect(db.collections()).toEqual(['books', 'films'])
  await other.drop('films')
  expect(db.collections()).toEqual(['books'])
  await db.close()
  await other.close()
  expect((await openDatabase(folder)).collections()).toEqual(['books'])
})

it('collections() is without gaps in order of UTF-8, for names beyond U+FFFF too', async () => {
  const db = await openDatabase()
  for (const name of ['😀', '\uffff', 'a']) await db.collection(name, { dimension: 1 })
  expect(db.collections()).toEqual(['a', '\uffff', '😀'])
})
