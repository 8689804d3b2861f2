// Terminates workers in the midst of what they do, and goes on; given { folder, seed, ms: [each], roles, closing }.
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, Worker } from 'node:worker_threads'
import { open } from 'skalar'
import { DIMENSION, matchesFault, recordOf, vectorOf } from '../lib/records.mjs'
import { ROLES } from '../lib/roles.mjs'
import { input, Outcomes } from '../lib/tell.mjs'

const { folder, seed, roles, ms, closing } = input
const database = await open(folder, { threads: 2 })
const collection = await database.collection('c', { dimension: DIMENSION })

if (isMainThread) {
  const outcomes = new Outcomes()
  for (const [round, delay] of ms.entries()) {
    const worker = new Worker(new URL(import.meta.url), {
      argv: [JSON.stringify({ ...input, roles: roles.map(([role]) => [role, `w${round}`]) })],
    })
    worker.on('error', (error) => outcomes.add('worker failed', error.stack))
    await new Promise((resolve) => worker.once('online', resolve))
    const going = outcomes.try(() => collection.upsert(recordOf(`main${round}`, round, 'main')), 'upsert')
    await sleep(delay)
    await worker.terminate()
    await going
    outcomes.check(collection.has(`main${round}`) ? undefined : 'lost: a record of the main thread')
    const vector = vectorOf('query', round)
    const matches = await outcomes.try(() => collection.query({ vector, k: 10 }), 'query')
    outcomes.check(matches && matchesFault(matches, vector))
  }
  await outcomes.try(() => database.close(), 'close')
  outcomes.tell()
} else {
  for (const [role, name] of roles) ROLES[role]({ database, collection, name, seed }).catch(() => {})
  if (closing) {
    await sleep(20)
    await database.close()
  }
}
