// Writes until the disk is full, then closes when it is told to, and opens again: node full-close.mjs <folder> <durability>
import { once } from 'node:events'
import { open } from 'skalar'

const [folder, durability] = process.argv.slice(2)
const options = { threads: 2, durability }
const told = (promise) =>
  promise.then(
    () => 'done',
    (error) => error.code ?? String(error),
  )

const database = await open(folder, options)
const collection = await database.collection('c', { dimension: 256, metric: 'dot' })
const record = (id) => ({ id, vector: new Float32Array(256).fill(1 + id), metadata: { id } })

let next = 0
const committed = []
/** Several writes at once: those that succeed must not wait for ever for the others. */
async function write() {
  const parts = Array.from({ length: 4 }, () => Array.from({ length: 50 }, () => next++))
  return Promise.all(
    parts.map(async (ids) => {
      const outcome = await told(collection.upsert(ids.map(record)))
      if (outcome === 'done') committed.push(...ids)
      return outcome
    }),
  )
}

const outcomes = []
while (!outcomes.includes('DISK_FULL')) outcomes.push(...(await write()))
process.send([...new Set(outcomes)].sort())
await once(process, 'message')
process.send(await told(database.close()))

const again = await open(folder, options)
const found = [...(await again.collection('c')).records()].map(({ id }) => id)
process.send({
  found: found.length,
  same: JSON.stringify(found) === JSON.stringify(committed.toSorted((a, b) => a - b)),
})
process.send(await told(again.close()))
process.disconnect()
