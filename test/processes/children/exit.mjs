// Ends in one of several ways: node exit.mjs <folder> <way>
import { isMainThread, Worker } from 'node:worker_threads'
import { open } from 'skalar'

const DIMENSION = 128
const [folder, way] = process.argv.slice(2)
const database = await open(folder, { threads: 2 })
const collection = await database.collection('c', { dimension: DIMENSION })
const record = (id) => ({
  id,
  vector: Float32Array.from({ length: DIMENSION }, (_, i) => Math.sin(id * i + 1)),
})
if (isMainThread) await collection.upsert(Array.from({ length: 4000 }, (_, id) => record(id)))
const { vector } = record(1)

/** Large and small writes, so that at any moment some are in each state that a write can be in. */
function writeOnAndOn() {
  const again = async (write) => {
    for (let i = 0; ; i = (i + 200) % 4000) await write(i)
  }
  again((i) => collection.upsert(Array.from({ length: 200 }, (_, j) => record(i + j))))
  for (let s = 0; s < 10; s++) again((i) => collection.upsert(record(i + s)))
}

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
  case 'exit amid writes of every kind':
    writeOnAndOn()
    setTimeout(() => process.exit(0), Math.random() * 60)
    break
  case 'throw amid writes of every kind':
    writeOnAndOn()
    setTimeout(() => {
      throw new Error('on purpose')
    }, Math.random() * 60)
    break
  case 'exit within a transaction':
    writeOnAndOn()
    database.transaction((tx) => {
      tx.upsert(collection, record(1))
      process.exit(0)
    })
    break
  case 'exit by a listener of an error, amid writes':
    writeOnAndOn()
    process.on('uncaughtException', () => process.exit(0))
    setTimeout(() => {
      throw new Error('on purpose')
    }, Math.random() * 60)
    break
  case 'another code by a later listener, amid writes':
    writeOnAndOn()
    process.on('exit', () => {
      process.exitCode = 0
    })
    setTimeout(() => process.exit(5), 20)
    break
  case 'exit while another thread writes':
    new Worker(new URL(import.meta.url), { argv: [folder, 'write on and on'] })
    setTimeout(() => process.exit(0), 300 + Math.random() * 60)
    break
  case 'write on and on':
    writeOnAndOn()
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
