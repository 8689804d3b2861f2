// Ends in one of several ways: node exit.mjs <folder> <way>
import { open } from 'skalar'

const DIMENSION = 128
const [folder, way] = process.argv.slice(2)
const database = await open(folder, { threads: 2 })
const collection = await database.collection('c', { dimension: DIMENSION })
const record = (id) => ({
  id,
  vector: Float32Array.from({ length: DIMENSION }, (_, i) => Math.sin(id * i + 1)),
})
await collection.upsert(Array.from({ length: 4000 }, (_, id) => record(id)))
const { vector } = record(1)

const query = () => collection.query({ vector, k: 1000 })
await query()
switch (way) {
  case 'exit with queries under way':
    for (let i = 0; i < 200; i++) query()
    setImmediate(() => process.exit(0))
    break
  case 'exit with writes under way':
    for (let i = 0; i < 200; i++) collection.upsert(record(i))
    setImmediate(() => process.exit(0))
    break
  case 'exit at once':
    collection.queryMany(Array.from({ length: 500 }, () => ({ vector })))
    process.exit(0)
    break
  case 'throw with queries under way':
    for (let i = 0; i < 200; i++) query()
    setImmediate(() => {
      throw new Error('on purpose')
    })
    break
  case 'nothing left to do':
    process.disconnect()
    break
  case 'queries left to do': {
    // Nothing but these queries keeps the process alive, and they must.
    process.exitCode = 3
    process.disconnect()
    Promise.all(Array.from({ length: 50 }, query)).then(() => {
      process.exitCode = 0
    })
    break
  }
  case 'closed':
    process.disconnect()
    await database.close()
    break
}
