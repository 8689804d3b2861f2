// Writes the same records again and again, and tells how large the file is; given { folder, rounds }.
import { statSync } from 'node:fs'
import { open } from 'skalar'
import { recordOf } from '../lib/records.mjs'
import { input, tell } from '../lib/tell.mjs'

const { folder, rounds } = input
const database = await open(folder, { threads: 1 })
const collection = await database.collection('c')
for (let round = 0; round < rounds; round++) {
  await collection.upsert(Array.from({ length: 500 }, (_, i) => recordOf(`rewritten${i}`, round, 'rewrite')))
  tell({ round, bytes: statSync(`${folder}/data.mdb`).size })
}
await database.close()
