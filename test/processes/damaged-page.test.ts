import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Metadata, open } from '../../src/index.ts'
import { Child, temporaryFolder } from './child.ts'

const PAGE = 16_384
const RECORDS = 1_000

/** In a meta page of LMDB, behind the page's header of 24 bytes. */
const META = { root: 24 + 64, transaction: 24 + 128 }

/** Where the page begins that lists the free pages: no reader needs it, and every writer does. */
function freeList(bytes: Buffer): number {
  const metas = [0, PAGE].map((start) => bytes.subarray(start, start + PAGE))
  const [first, second] = metas.map((meta) => meta.readBigUInt64LE(META.transaction)) as [bigint, bigint]
  const root = metas[first > second ? 0 : 1]!.readBigUInt64LE(META.root)
  expect(root).toBeLessThan(BigInt(bytes.length / PAGE))
  return Number(root) * PAGE
}

it('a write that LMDB fails in rejects with a code, and the process goes on', {
  timeout: 120_000,
}, async () => {
  const folder = join(temporaryFolder(), 'data')
  const database = await open(folder)
  const collection = await database.collection<Metadata, number>('c', { dimension: 2, metric: 'dot' })
  const ids = Array.from({ length: RECORDS }, (_, id) => id)
  await collection.upsert(ids.map((id) => ({ id, vector: [1, id] })))
  await collection.update(ids, { changed: true })
  await database.close()
  const child = new Child('writes', folder)
  expect(await child.next()).toBe('open')
  // In place, once it is open: damage that is there before is told by `open`.
  const path = join(folder, 'data.mdb')
  const start = freeList(readFileSync(path))
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(PAGE), 0, PAGE, start)
  closeSync(file)

  child.send('go on')
  const { codes, ...rest } = await child.next<{ codes: Record<string, string> }>()
  expect(rest).toEqual({ ids: RECORDS, found: 3 })
  expect(new Set(Object.values(codes))).toEqual(new Set(['STORAGE']))
  expect(await child.end()).toMatchObject({ code: 0, signal: null })
})
