// Opens a database, and when it is told to goes on: tries every kind of write, reads in between, and tells the codes of what failed:
// node writes.mjs <folder>
import { once } from 'node:events'
import { open } from 'skalar'

const database = await open(process.argv[2], { threads: 1 })
const collection = await database.collection('c')
const record = (id) => ({ id, vector: [1, id], metadata: { text: 'x'.repeat(100) } })
const writes = {
  upsert: () => collection.upsert([1, 5_000].map(record)),
  update: () => collection.update([2, 3], { changed: true }),
  vector: () => collection.update(2, { changed: true }, { vector: [3, 4] }),
  delete: () => collection.delete([4, 5]),
  transaction: () => database.transaction((tx) => tx.upsert(collection, record(6_000))),
  create: () => database.collection('another', { dimension: 2 }),
  clear: () => collection.clear(),
  drop: () => database.drop('c'),
}
process.send('open')
await once(process, 'message')
const codes = {}
for (const [name, write] of Object.entries(writes)) {
  await write().then(
    () => {
      codes[name] = 'done'
    },
    (error) => {
      codes[name] = error.code ?? String(error)
    },
  )
}
const ids = [...collection.records()].map(({ id }) => id)
process.send({ codes, ids: ids.length, found: (await collection.query({ vector: [1, 1], k: 3 })).length })
await database.close()
process.disconnect()
