// Writes records of 1 MB, each in a transaction of its own: node large-writer.mjs <folder> <records>
import { open } from 'skalar'

const [folder, records] = process.argv.slice(2)
const database = await open(folder)
const collection = await database.collection('c')
const metadata = { text: 'z'.repeat(2 ** 20) }
for (let id = 1; id <= Number(records); id++) {
  await collection.upsert({ id, vector: new Float32Array(collection.dimension).fill(id), metadata })
}
await database.close()
