// Makes more changes than the log keeps: node rewriter.mjs <folder> <records> <rounds>
import { open } from 'skalar'

const [folder, ...numbers] = process.argv.slice(2)
const [records, rounds] = numbers.map(Number)
const database = await open(folder)
const collection = await database.collection('c')
const ids = Array.from({ length: records }, (_, id) => id)
for (let round = 1; round <= rounds; round++) {
  await collection.upsert(ids.map((id) => ({ id, vector: [id, round], metadata: { round } })))
  await collection.delete(ids.filter((id) => id % 2 === round % 2))
}
await database.close()
