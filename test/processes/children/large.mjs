// Reads records of large metadata that another process has written, in one of several ways: node large.mjs <folder> <way>
import { createHash } from 'node:crypto'
import { open } from 'skalar'

const [folder, way] = process.argv.slice(2)
const database = await open(folder, { threads: 1 })
const collection = await database.collection('c')
const digest = (metadata) => createHash('sha256').update(JSON.stringify(metadata)).digest('hex')

const ways = {
  get: () => [...Array(4).keys()].map((id) => collection.get(id)),
  getMany: () => collection.getMany([0, 1, 2, 3]),
  records: () => [...collection.records()],
  filter: () => collection.query({ vector: [1, 0], k: 4, filter: { id: { $gte: 0 } } }),
  query: () => collection.query({ vector: [1, 0], k: 4 }),
  transaction: () => database.transaction((tx) => [0, 1, 2, 3].map((id) => tx.get(collection, id))),
  async update() {
    await collection.update([0, 1, 2, 3], { seen: true })
    await collection.update([0, 1, 2, 3], { seen: undefined })
    return collection.getMany([0, 1, 2, 3])
  },
}
const found = await ways[way]()
const sorted = found.toSorted((a, b) => a.id - b.id)
process.send(sorted.map(({ id, metadata }) => [id, digest(metadata)]))
await database.close()
process.disconnect()
