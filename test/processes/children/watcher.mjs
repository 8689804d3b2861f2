// Reads without end, and answers each message with the number of reads so far: node watcher.mjs <folder>
import { open } from 'skalar'

const database = await open(process.argv[2], { readOnly: true, threads: 2 })
const collection = await database.collection('c')

let reads = 0
let last = 0
process.on('message', () => process.send(reads))
process.send('ready')
for (;;) {
  const latest = collection.get('last')?.metadata.batch ?? 0
  if (latest < last) throw new Error(`batch ${latest} after batch ${last}`)
  last = latest
  const [nearest] = await collection.query({ vector: [0, 0, 1], k: 1 })
  if (last > 0 && !(nearest.score >= last - 1)) throw new Error(`${nearest.score} after batch ${last}`)
  await collection.query({ vector: [1, 1, 0], k: 20, filter: { batch: { $gte: last - 3 } } })
  reads++
}
