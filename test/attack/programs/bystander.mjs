// Writes, several records at once, until it is told to stop, and then looks whether all of it is there; given { folder, name }.
import { once } from 'node:events'
import { open } from 'skalar'
import { DIMENSION, faultOf, recordOf } from '../lib/records.mjs'
import { input, Outcomes, tell } from '../lib/tell.mjs'

const LANES = 3

const { folder, name } = input
const outcomes = new Outcomes()
const database = await open(folder, { threads: 1 })
const collection = await database.collection('c', { dimension: DIMENSION })
const acknowledged = []
let going = true
const lanes = Array.from({ length: LANES }, (_, i) => write(`${name}:${i}`))
tell({ ready: true })
await once(process.stdin, 'data')
going = false
await Promise.all(lanes)

for (const id of acknowledged) {
  const record = collection.get(id, { includeVector: true })
  outcomes.check(record === undefined ? 'lost: acknowledged' : faultOf(record), id)
}
await outcomes.try(() => database.close(), 'close')
outcomes.tell()
process.exit(0)

async function write(lane) {
  for (let i = 0; going; i++) {
    const id = `${lane}:${i}`
    const done = await outcomes.try(() => collection.upsert(recordOf(id, i, name)), 'write')
    if (done !== undefined) acknowledged.push(id)
  }
}
