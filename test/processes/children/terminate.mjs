// Terminates threads with reads and writes under way, and goes on: node terminate.mjs <folder>
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { open } from 'skalar'

const DIMENSION = 64
const vector = (n) => Float32Array.from({ length: DIMENSION }, (_, i) => Math.sin(n + i))
const record = (id) => ({ id, vector: vector(id), metadata: { id } })

if (isMainThread) {
  const folder = process.argv[2]
  const database = await open(folder, { threads: 2 })
  const collection = await database.collection('c', { dimension: DIMENSION, metric: 'euclidean' })
  await collection.upsert(Array.from({ length: 5000 }, (_, id) => record(id)))
  for (let round = 1; round <= 6; round++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { folder, first: round * 10_000 } })
    for (let written = 0; written < round * 2; written++) await once(worker, 'message')
    await worker.terminate()
    await collection.upsert(record(-round))
    const [match] = await collection.query({ vector: vector(-round), k: 1 })
    assert.equal(match.id, -round)
    assert.equal(collection.querySync({ vector: vector(7), k: 1 })[0].id, 7)
    const all = await collection.query({ vector: vector(0), k: 100_000, select: [] })
    assert.deepEqual(
      all.map(({ id }) => id).sort((a, b) => a - b),
      [...collection.records()].map(({ id }) => id),
    )
  }
  await database.close()
  process.disconnect()
} else {
  const { folder, first } = workerData
  const database = await open(folder, { threads: 2 })
  const collection = await database.collection('c')
  const read = async () => {
    for (;;) await collection.query({ vector: vector(Math.random()), k: 100 })
  }
  const write = async (from) => {
    for (let id = from; ; id += 50) {
      await collection.upsert(Array.from({ length: 50 }, (_, i) => record(id + i)))
      parentPort.postMessage(id)
    }
  }
  await Promise.all([read(), read(), read(), write(first), write(first + 5000)])
}
