import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { open } from '../../src/index.ts'
import { Child, temporaryFolder } from './child.ts'

const MIB = 2 ** 20
const WAYS = ['get', 'getMany', 'records', 'filter', 'query', 'transaction', 'update']

/** On both sides of the 16 MiB from which on lmdb-js has another way of its own. */
const SIZES = [16 * MIB - 100, 16 * MIB, 40 * MIB, 100]

const digest = (metadata: object) => createHash('sha256').update(JSON.stringify(metadata)).digest('hex')

it('large metadata is read whole, in whichever way a process comes upon it first', {
  timeout: 240_000,
}, async () => {
  const folder = join(temporaryFolder(), 'data')
  const database = await open(folder)
  const collection = await database.collection<{ id: number; text: string }, number>('c', {
    dimension: 2,
    metric: 'dot',
  })
  const expected = SIZES.map((size, id) => {
    return { id, text: String.fromCharCode(97 + id).repeat(size) }
  })
  for (const metadata of expected) {
    await collection.upsert({ id: metadata.id, vector: [1, metadata.id], metadata })
    expect(collection.get(metadata.id)?.metadata).toEqual(metadata)
  }
  await database.close()
  for (const way of WAYS) {
    const child = new Child('large', folder, way)
    expect(await child.next(), way).toEqual(expected.map((metadata) => [metadata.id, digest(metadata)]))
    expect(await child.end(), way).toMatchObject({ code: 0, signal: null })
  }
})
