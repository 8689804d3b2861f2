// Writes until the disk is full, waits for room, and goes on: node fill.mjs <folder>
// It handles no rejection but those of its own calls: a stray one ends it.
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { open } from 'skalar'

const DIMENSION = 256
const SIZE = 200

const folder = process.argv[2]
const database = await open(folder, { threads: 2 })
const collection = await database.collection('c', { dimension: DIMENSION, metric: 'dot' })
const other = await database.collection('other', { dimension: 2 })

/** Its score for the first axis is its id. */
function record(id) {
  const vector = new Float32Array(DIMENSION).fill(0.01)
  vector[0] = id
  return { id, vector, metadata: { id } }
}

const committed = []

/** Several writes at once, as an application has them; returns the codes of those that fail. */
async function writeSome() {
  const first = 10_000 * (1 + Math.floor(committed.length / SIZE))
  const ids = Array.from({ length: SIZE }, (_, i) => first + i)
  const halves = [ids.slice(0, SIZE / 2), ids.slice(SIZE / 2)]
  const outcomes = await Promise.allSettled([
    ...halves.map((half) => collection.upsert(half.map(record))),
    database.transaction((tx) => tx.upsert(other, { id: 'counter', vector: [1, 1], metadata: { first } })),
  ])
  for (const [i, half] of halves.entries()) if (outcomes[i].status === 'fulfilled') committed.push(...half)
  return outcomes
    .filter(({ status }) => status === 'rejected')
    .map(({ reason }) => reason.code ?? String(reason))
}

/** Everything committed is read and found, and nothing else. */
async function check(handle) {
  const ids = committed.toSorted((a, b) => a - b)
  assert.deepEqual(
    [...handle.records()].map(({ id, metadata }) => (metadata.id === id ? id : undefined)),
    ids,
  )
  assert.equal(handle.size, ids.length)
  const { vector } = record(1)
  const axis = vector.map((_, i) => (i === 0 ? 1 : 0))
  const matches = await handle.query({ vector: axis, k: ids.length + 1, select: [] })
  assert.deepEqual(
    matches.map(({ id }) => id),
    ids.toReversed(),
  )
  assert.deepEqual(handle.querySync({ vector: axis, k: ids.length + 1, select: [] }), matches)
}

let codes = []
while (codes.length === 0) codes = await writeSome()
await check(collection)
for (let i = 0; i < 5; i++) codes.push(...(await writeSome()))
await check(collection)
process.send({ codes, committed: committed.length })

await once(process, 'message')
const before = committed.length
const later = [await writeSome(), await writeSome(), await writeSome()].flat()
await check(collection)
assert.equal(committed.length, before + 3 * SIZE)
await database.close()

const again = await open(folder)
await check(await again.collection('c'))
await again.close()
process.send({ codes: later, committed: committed.length })
process.disconnect()
