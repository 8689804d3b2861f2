// Lets a database grow fast, by several threads that also read what all of them write; given { folder, name, seed, workers,
// megabytes }: so much is written by each.
import { once } from 'node:events'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { open } from 'skalar'
import { randomFrom } from '../lib/random.mjs'
import { DIMENSION, faultOf, recordOf } from '../lib/records.mjs'
import { input, Outcomes } from '../lib/tell.mjs'

const { folder, name, seed, workers, megabytes } = input
const SIZE = 2 ** 17
const outcomes = new Outcomes()
const threads = isMainThread
  ? Array.from({ length: workers }, (_, i) => {
      const argv = [JSON.stringify({ ...input, name: `${name}.${i}`, seed: seed + i + 1 })]
      return new Worker(new URL(import.meta.url), { argv })
    })
  : []
const ends = threads.map((worker) => once(worker, 'message'))

const random = randomFrom(seed)
const database = await open(folder, { threads: 1 })
const collection = await database.collection('c', { dimension: DIMENSION })
for (let written = 0; written < megabytes * 2 ** 20; written += SIZE) {
  const id = `${name}:${written / SIZE}`
  const record = recordOf(id, 1, name)
  const writing = outcomes.try(() =>
    collection.upsert({ ...record, metadata: { ...record.metadata, filling: random.next() } }),
  )
  const filling = outcomes.try(() => database.transaction((tx) => tx.upsert(collection, fillingOf(id))))
  await Promise.all([writing, filling, outcomes.try(read)])
  outcomes.check(collection.has(`filling ${id}`) ? undefined : 'lost: a record just written')
}
await outcomes.try(() => database.close(), 'close')

if (isMainThread) {
  for (const [counts] of await Promise.all(ends)) {
    for (const [outcome, count] of Object.entries(counts))
      outcomes.counts[outcome] = (outcomes.counts[outcome] ?? 0) + count
  }
  outcomes.tell()
} else {
  parentPort.postMessage(outcomes.counts)
}

function fillingOf(id) {
  return { ...recordOf(`filling ${id}`, 1, name), metadata: { text: 'x'.repeat(SIZE) } }
}

function read() {
  for (const record of collection.records({ limit: 5, includeVector: true, after: `f${random.below(10)}` })) {
    const { filling, ...metadata } = record.metadata
    if (filling !== undefined) outcomes.check(faultOf({ ...record, metadata }))
    else outcomes.check(metadata.text.length === SIZE ? undefined : 'wrong: metadata')
  }
}
