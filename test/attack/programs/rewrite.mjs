// Writes the same records again and again, and tells how large the file is: until it is told something, and so many rounds more;
// given { folder, rounds }.
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { open } from 'skalar'
import { recordOf } from '../lib/records.mjs'
import { input, tell } from '../lib/tell.mjs'

const { folder, rounds } = input
// Until they are on disk, pages of the flush before are kept, too.
const database = await open(folder, { threads: 1, durability: 'flushed' })
const collection = await database.collection('c')
let left = Number.POSITIVE_INFINITY
void once(process.stdin, 'data').then(() => {
  left = rounds
})
for (let round = 0; left > 0; round++, left--) {
  await collection.upsert(Array.from({ length: 500 }, (_, i) => recordOf(`rewritten${i}`, round, 'rewrite')))
  tell({ round, bytes: statSync(`${folder}/data.mdb`).size })
}
await database.close()
process.exit(0)
