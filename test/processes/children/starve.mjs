// Works with as many threads as it is granted: node starve.mjs <folder>
// Answers each message with what it has come to.
import { chmodSync, chownSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { open } from 'skalar'

const DIMENSION = 16
const NOBODY = 54_321
const [folder] = process.argv.slice(2)
const vector = (n) => Float32Array.from({ length: DIMENSION }, (_, i) => Math.sin(n * (i + 1) + 1))
const database = await open(folder, { threads: 4 })
const collection = await database.collection('c', { dimension: DIMENSION })

// Limits do not hold for root. What the library and lmdb-js load is loaded by now.
await collection.upsert({ id: 0, vector: vector(0) })
chmodSync(join(folder, '..'), 0o755)
for (const file of ['', ...readdirSync(folder)]) chownSync(join(folder, file), NOBODY, NOBODY)
process.setgid(NOBODY)
process.setuid(NOBODY)

const codeOf = (promise) =>
  promise.then(
    () => 'ok',
    (error) => error.code ?? String(error),
  )

async function settled() {
  for (;;) {
    const { index, pending } = await collection.stats()
    if (index.state === 'failed' || (index.state === 'ready' && pending === 0)) return index
    await setTimeout(10)
  }
}

const tasks = {
  async write() {
    await collection.upsert(Array.from({ length: 4000 }, (_, id) => ({ id, vector: vector(id) })))
  },
  async recover() {
    while ((await collection.stats()).index.state !== 'ready') await setTimeout(10)
  },
}
process.on('message', async (task) => {
  await tasks[task]()
  const { state, error } = await settled()
  process.send({
    state,
    error: error?.code,
    query: await codeOf(collection.query({ vector: vector(7), k: 3 })),
    synchronous: collection.querySync({ vector: vector(7), k: 1 })[0].id,
    size: collection.size,
  })
})
process.send('ready')
