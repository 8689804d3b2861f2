// One process of several that write at once, and in it two threads:
// node crowd.mjs <folder> <first id> <last id> <last id of all>
// Each thread writes its half of the ids from first to last, and the ids below 100, which all write. The vector of id n
// is [n, 1], so that a score tells whose it is. Messages are answered with what this process sees.
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { open } from 'skalar'

const SHARED = 100

/** Checks that an answer pairs ids and scores that belong together; the rounding of vectors is far smaller. */
function check(matches) {
  for (const { id, score } of matches)
    if (Math.abs(score - id) > 0.01) throw new Error(`${id} has score ${score}`)
}

async function write(collection, first, last) {
  const record = (id) => ({ id, vector: [id, 1], metadata: { id } })
  const own = Array.from({ length: last - first }, (_, i) => first + i)
  const shared = Array.from({ length: SHARED }, (_, id) => id)
  for (let round = 0; round < 3; round++) {
    // Deleted ids leave numbers that the others take up.
    if (round > 0) await collection.delete(own.filter((id) => id % 3 !== round))
    for (let i = 0; i < own.length; i += 97) await collection.upsert(own.slice(i, i + 97).map(record))
    await Promise.all(shared.map((id) => collection.upsert(record(id))))
    await collection.upsert(shared.map(record))
  }
}

async function read(collection, greatest, going) {
  while (going()) {
    check(await collection.query({ vector: [1, 0], k: greatest, select: [] }))
    check(await collection.query({ vector: [1, 0], k: 50, filter: { id: { $lt: SHARED } } }))
    check(collection.querySync({ vector: [-1, 0], k: 20 }).map(({ id, score }) => ({ id, score: -score })))
  }
}

async function writeAndRead(collection, first, last, greatest) {
  let going = true
  const writing = write(collection, first, last).finally(() => {
    going = false
  })
  await Promise.all([writing, read(collection, greatest, () => going)])
}

if (isMainThread) {
  const [folder, ...numbers] = process.argv.slice(2)
  const [first, last, greatest] = numbers.map(Number)
  const middle = Math.floor((first + last) / 2)
  const database = await open(folder, { threads: 2 })
  const collection = await database.collection('c')
  process.send('ready')
  await once(process, 'message')
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { folder, first: middle, last, greatest },
  })
  const finished = once(worker, 'message')
  await Promise.all([writeAndRead(collection, first, middle, greatest), finished])
  process.on('message', async ({ write, find }) => {
    if (write !== undefined) process.send(await collection.upsert({ id: write, vector: [write, 1] }))
    else if (find !== undefined)
      process.send(await collection.query({ vector: [1, 0], k: 1, filter: { $id: find } }))
    else {
      const matches = await collection.query({ vector: [1, 0], k: greatest * 2, select: [] })
      process.send({ size: collection.size, records: [...collection.records()], matches })
    }
  })
  process.send('written')
} else {
  const { folder, first, last, greatest } = workerData
  const database = await open(folder, { threads: 1 })
  await writeAndRead(await database.collection('c'), first, last, greatest)
  await database.close()
  parentPort.postMessage('written')
}
