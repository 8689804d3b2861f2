// Has a database open while its folder is played with; given { folder, name, seed }. Told to go on, it writes, reads, opens
// the folder once more, writes there as `<name> again`, and closes.
import { once } from 'node:events'
import { open } from 'skalar'
import { operation, perform } from '../lib/history.mjs'
import { DIMENSION, faultOf, matchesFault, vectorOf } from '../lib/records.mjs'
import { input, Outcomes, tell } from '../lib/tell.mjs'

const { folder, name, seed } = input
const outcomes = new Outcomes()

const database = await open(folder, { threads: 2 })
const collection = await database.collection('c', { dimension: DIMENSION })
const written = await write(database, collection, name, 0, 5)
tell({ ready: true })
await once(process.stdin, 'data')

await write(database, collection, name, written, 10)
await outcomes.try(() => read(collection), 'read')
const again = await outcomes.try(() => open(folder, { threads: 2 }), 'open again')
if (again !== undefined) {
  const other = await outcomes.try(() => again.collection('c', { dimension: DIMENSION }), 'collection again')
  if (other !== undefined) {
    await write(again, other, `${name} again`, 0, 5)
    await outcomes.try(() => read(other), 'read again')
  }
  await outcomes.try(() => again.close(), 'close again')
}
await outcomes.try(() => database.close(), 'close')
outcomes.tell()
process.exit(0)

/** Goes on with a writer's operations until one is refused: what comes behind it would not follow upon what is there. */
async function write(database, collection, writer, from, count) {
  for (let number = from; number < from + count; number++) {
    const done = await outcomes.try(async () => {
      await perform(database, collection, operation(seed, writer, number))
      return true
    }, 'write')
    if (!done) return number
    tell({ [`acknowledged ${writer}`]: number + 1 })
  }
  return from + count
}

async function read(collection) {
  const vector = vectorOf('query', 1)
  outcomes.check(matchesFault(await collection.query({ vector, k: 10 }), vector))
  outcomes.check(matchesFault(await collection.query({ vector, k: 10, filter: { group: 3 } }), vector))
  for (const record of collection.records({ includeVector: true })) outcomes.check(faultOf(record), record.id)
}
