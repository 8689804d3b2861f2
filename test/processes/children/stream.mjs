// Writes batches without end, and tells of each once it is committed: node stream.mjs <folder> <first batch>
// Batch b has 25 new records, replaces the record "last", and removes the first record of batch b − 5. The news go out
// by a synchronous write, so that what was told was committed, and as much as could be was told.
import { writeSync } from 'node:fs'
import { open } from 'skalar'

const STDOUT = 1
const SIZE = 25

const [folder, first] = process.argv.slice(2)
const database = await open(folder)
const collection = await database.collection('c')

for (let batch = Number(first); ; batch++) {
  const records = Array.from({ length: SIZE }, (_, i) => ({
    id: `${batch}:${i}`,
    vector: [batch, i, 1],
    metadata: { batch, [`shape${batch % 7}`]: i },
  }))
  await database.transaction((tx) => {
    tx.upsert(collection, records)
    tx.upsert(collection, { id: 'last', vector: [0, 0, batch], metadata: { batch } })
    tx.delete(collection, `${batch - 5}:0`)
  })
  writeSync(STDOUT, `${batch}\n`)
}
