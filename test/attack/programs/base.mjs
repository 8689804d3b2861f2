// Makes a database with a collection `c` of 2,500 records and its saved graph, then more that differs from the graph; given
// { folder, older }: a copy of the folder as it was before the last changes goes there.
import { cpSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { open } from 'skalar'
import { DIMENSION, recordOf } from '../lib/records.mjs'
import { input } from '../lib/tell.mjs'
import { BASE, BASE_OWNER } from '../lib/verify.mjs'

const records = (from, to) =>
  Array.from({ length: to - from }, (_, i) => recordOf(from + i, from + i, BASE_OWNER))

async function change(action) {
  const database = await open(input.folder)
  const collection = await database.collection('c', { dimension: DIMENSION })
  await action(collection)
  while ((await collection.stats()).pending > 0) await sleep(10)
  await database.close()
}

await change((collection) => collection.upsert(records(0, BASE - 100)))
if (input.older !== undefined) cpSync(input.folder, input.older, { recursive: true })
await change((collection) => collection.upsert(records(BASE - 100, BASE)))
