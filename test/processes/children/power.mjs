// Commits one change after another to two collections, each in one transaction; given a folder, a name for its records, how
// many changes, and a file into which it writes when which of them was flushed. Tells of each change.
import { openSync, writeSync } from 'node:fs'
import { open } from 'skalar'
import { changeOf, vectorOf } from '../power-model.mjs'

const [folder, name, count, marks] = process.argv.slice(2)
const file = openSync(marks, 'a')
const database = await open(folder)
const flushed = await open(folder, { durability: 'flushed' })
const collections = async (db) => [await db.collection('records'), await db.collection('heads')]
const [records, heads] = await collections(database)

for (let n = 1; n <= Number(count); n++) {
  const { puts, removals } = changeOf(name, n)
  const isFlushed = n % 25 === 0
  await (isFlushed ? flushed : database).transaction((tx) => {
    tx.upsert(
      records,
      puts.map((id) => ({ id, vector: vectorOf(id, n), metadata: { n } })),
    )
    tx.delete(records, removals)
    tx.upsert(heads, { id: name, vector: [n], metadata: { n } })
  })
  if (isFlushed) writeSync(file, JSON.stringify({ name, n }))
  process.send?.(n)
}
await flushed.close()
await database.close()
process.disconnect?.()
