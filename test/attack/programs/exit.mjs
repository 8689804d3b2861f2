// Writes, reads and builds, and ends in some way in the midst of it; given { folder, seed, way, roles, ms }.
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { open } from 'skalar'
import { DIMENSION, recordOf } from '../lib/records.mjs'
import { ROLES } from '../lib/roles.mjs'
import { input, tell } from '../lib/tell.mjs'

const CODE = 7
const { folder, seed, way, roles, ms } = input
const database = await open(folder, { threads: 2 })
const collection = await database.collection('c', { dimension: DIMENSION })
for (const [i, role] of roles.entries()) {
  ROLES[role]({ database, collection, name: `w${i}`, seed }).catch((error) => {
    if (error.code !== 'CLOSED') tell({ outcome: 'role failed', detail: error.stack })
  })
}

const ways = {
  exit: () => process.exit(CODE),
  throw() {
    setImmediate(() => {
      throw new Error('on purpose')
    })
  },
  reject: () => void Promise.reject(new Error('on purpose')),
  signal() {
    process.on('SIGTERM', () => process.exit(CODE))
    process.kill(process.pid, 'SIGTERM')
  },
  'exit in a transaction': () =>
    database.transaction((tx) => {
      tx.upsert(collection, recordOf('never', 1, 'exit'))
      process.exit(CODE)
    }),
  'exit in a microtask of a transaction': () =>
    database.transaction(() => {
      queueMicrotask(() => process.exit(CODE))
    }),
  'exit right behind a write'() {
    collection.upsert(recordOf('perhaps', 1, 'exit'))
    process.exit(CODE)
  },
  'exit while closing'() {
    database.close()
    setTimeout(() => process.exit(CODE), ms % 10)
  },
  async close() {
    await database.close()
    process.exitCode = CODE
  },
  async 'exit of a worker'() {
    const worker = new Worker(new URL('exit.mjs', import.meta.url), {
      argv: [JSON.stringify({ ...input, way: 'exit', roles: ['reader', 'builder'] })],
    })
    await new Promise((resolve) => worker.on('exit', resolve))
    process.exit(CODE)
  },
}
await sleep(ms)
tell({ ending: true })
await ways[way]()
