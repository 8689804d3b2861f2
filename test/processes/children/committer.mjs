// Commits when told to by a file, and tells by a file that it has: node committer.mjs <folder> <signals>
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { open } from 'skalar'

const [folder, signals] = process.argv.slice(2)
const database = await open(folder)
const collection = await database.collection('c')

const steps = [
  () => collection.upsert({ id: 'x', vector: [2, 0], metadata: { step: 0 } }),
  () => collection.upsert({ id: 'x', vector: [3, 0], metadata: { step: 1 } }),
  () => collection.update('x', { step: 2 }),
  () => collection.delete('x'),
  () => collection.upsert({ id: 'y', vector: [4, 0] }),
  () => collection.clear(),
  () => collection.upsert({ id: 'z', vector: [5, 0] }),
]
for (const [i, step] of steps.entries()) {
  while (!existsSync(join(signals, `go${i}`))) await setTimeout(1)
  await step()
  writeFileSync(join(signals, `done${i}`), '')
}
await database.close()
process.disconnect()
