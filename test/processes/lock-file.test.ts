import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { open } from '../../src/index.ts'
import { temporaryFolder } from './child.ts'

/*
 * What LMDB does to its locks when a folder is opened or closed (`native/store/lock_file.h`). Whoever opens one while others
 * commit sets the number of the last commit back, for all. The attack `openers` does so at the moment that matters; here it is done by hand, in another process, which LMDB's locks are not of.
 */

const SET_BACK = `
  const fs = require('node:fs')
  const file = fs.openSync(process.argv[1], 'r+')
  const number = Buffer.alloc(8)
  fs.readSync(file, number, 0, 8, 8)
  number.writeBigUInt64LE(number.readBigUInt64LE() - BigInt(process.argv[2]))
  fs.writeSync(file, number, 0, 8, 8)
`
const OPEN = `
  import { open } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
  await (await open(process.argv[1], { readOnly: process.argv[2] === 'readOnly' })).close()
`

const OPEN_OFTEN = `
  import { open } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
  for (let i = 0; i < 1500; i++) {
    await (await open(process.argv[1], { threads: 1 })).close()
    await new Promise(setImmediate)
  }
`

function run(...args: string[]): void {
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
}

async function opened() {
  const folder = join(temporaryFolder(), 'data')
  const database = await open(folder)
  const collection = await database.collection<object, string>('c', { dimension: 2, metric: 'dot' })
  for (const id of ['a', 'b', 'c']) await collection.upsert({ id, vector: [1, 1] })
  const setBack = (by: number) => run('-e', SET_BACK, join(folder, 'lock.mdb'), String(by))
  return { folder, database, collection, setBack }
}

it.each([1, 2])('a commit overwrites none of the last %i, whoever has set their number back', async (by) => {
  const { database, collection, setBack } = await opened()
  setBack(by)
  await collection.upsert({ id: 'd', vector: [1, 1] })
  expect(await collection.getMany(['a', 'b', 'c', 'd'])).not.toContain(undefined)
  await database.close()
})

it.each(['', 'readOnly'])('who opens a folder %s puts the number right for those who read', async (how) => {
  const { folder, database, collection, setBack } = await opened()
  setBack(1)
  expect(await collection.get('c')).toBeUndefined()
  run('--input-type=module', '-e', OPEN, folder, how)
  expect(await collection.get('c')).toBeDefined()
  await database.close()
})

it('processes that open and close a folder at once find its locks whole', { timeout: 120_000 }, async () => {
  const { folder, database } = await opened()
  await database.close()
  const openOften = () =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', OPEN_OFTEN, folder])
  const outputs = await Promise.all([openOften(), openOften(), openOften()])
  for (const { stdout, stderr } of outputs) expect(stdout + stderr).toBe('')
})
