// Reads a record and never ends the turn in which it did, so that LMDB keeps what it has seen: node holder.mjs <folder>
import { open } from 'skalar'

const database = await open(process.argv[2], { threads: 1 })
const collection = await database.collection('c')
for (const { id } of collection.records()) {
  process.send(id)
  for (;;);
}
