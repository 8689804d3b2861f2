import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { open } from '../../src/index.ts'
import { Child, temporaryFolder } from './child.ts'

const RECORDS = 1_000
const ROUNDS = 40
const MIB = 2 ** 20

it('a process that was killed while it read does not let the file grow', { timeout: 240_000 }, async () => {
  const folder = join(temporaryFolder(), 'data')
  const database = await open(folder)
  const collection = await database.collection<{ round: number }, number>('c', {
    dimension: 2,
    metric: 'dot',
    index: { engine: 'flat' },
  })
  const ids = Array.from({ length: RECORDS }, (_, id) => id)
  await collection.upsert(ids.map((id) => ({ id, vector: [1, id], metadata: { round: 0 } })))
  let round = 0
  /** The size of the file after as many rounds. */
  const rewrite = async (rounds: number) => {
    for (let i = 0; i < rounds; i++) {
      await collection.update(ids, { round: ++round }, { vector: [1, round] })
    }
    return statSync(join(folder, 'data.mdb')).size
  }

  const before = await rewrite(ROUNDS)
  const holder = new Child('holder', folder)
  expect(await holder.next()).toBe(0)
  const held = await rewrite(ROUNDS)
  // Its pages could not be used again: otherwise this test shows nothing.
  expect(held - before).toBeGreaterThan(4 * MIB)
  holder.kill()
  await holder.end()
  const after = await rewrite(ROUNDS)
  const last = await rewrite(2 * ROUNDS)
  expect(after - held).toBeLessThan((held - before) / 2)
  expect(last - after).toBeLessThan(2 * MIB)
  await database.close()
})
