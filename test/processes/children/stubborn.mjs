// Writes and reads a collection whatever happens: node stubborn.mjs <folder> <dimension>
// Answers each message with how often what has happened since the last one.
import { setImmediate } from 'node:timers/promises'
import { open } from 'skalar'

const [folder, dimension] = process.argv.slice(2)
const vector = new Float32Array(Number(dimension)).fill(1)
const database = await open(folder, { threads: 2 })
const collection = await database.collection('c')

let outcomes = {}
const count = (name) => {
  outcomes[name] = (outcomes[name] ?? 0) + 1
}

async function repeat(name, action) {
  for (let i = 0; ; i++) {
    try {
      await action(i)
      count(name)
    } catch (error) {
      count(error.code ?? String(error))
      await setImmediate()
    }
  }
}

const record = (i) => ({ id: `stubborn${i % 300}`, vector, metadata: { i } })
repeat('written', (i) => collection.upsert([record(2 * i), record(2 * i + 1)]))
repeat('transactions', (i) => database.transaction((tx) => tx.upsert(collection, record(i))))
repeat('read', () => collection.query({ vector, k: 5, filter: { i: { $gte: 0 } } }))
process.on('message', () => {
  process.send(outcomes)
  outcomes = {}
})
process.send('ready')
