// Does all there is to do where something is short; given { folder, seed, operations, readOnly, descriptors }. What fails with a code is
// over with; what was acknowledged is told.
import { closeSync, openSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { open } from 'skalar'
import { operation, perform } from '../lib/history.mjs'
import { DIMENSION, faultOf, matchesFault, recordOf, vectorOf } from '../lib/records.mjs'
import { input, Outcomes, tell } from '../lib/tell.mjs'

const { folder, seed, operations, readOnly, descriptors } = input
const outcomes = new Outcomes()
// Node's own threads are there before anything of ours is asked for.
await Promise.all(Array.from({ length: 4 }, () => stat('.')))
if (descriptors !== undefined) takeDescriptors(descriptors)
tell({ started: true })

const database = await outcomes.try(() => open(folder, { threads: 4, readOnly }), 'open')
if (database !== undefined) {
  const collection = await outcomes.try(
    () => database.collection('c', readOnly ? undefined : { dimension: DIMENSION }),
    'collection',
  )
  if (collection !== undefined) await use(collection)
  tell({ call: 'close' })
  await outcomes.try(() => database.close(), 'close')
}
outcomes.tell()

async function use(collection) {
  for (let number = 0; number < operations; number++) {
    tell({ call: `operation ${number}` })
    const done = await outcomes.try(async () => {
      await perform(database, collection, operation(seed, 'w0', number))
      return true
    }, 'operation')
    if (!done) break
    tell({ 'acknowledged w0': number + 1 })
  }
  tell({ call: 'reads' })
  for (let i = 0; i < (readOnly ? 15 : 1); i++) await outcomes.try(() => read(collection), 'read')
  tell({ call: 'many writes' })
  if (readOnly) return
  const many = Array.from({ length: 10 }, (_, i) => {
    const records = Array.from({ length: 300 }, (_, j) => recordOf(`more${300 * i + j}`, i, 'more'))
    return outcomes.try(() => collection.upsert(records), 'many writes')
  })
  await Promise.all(many)
  await outcomes.try(() => read(collection), 'read')
}

async function read(collection) {
  for (let i = 0; i < 5; i++) {
    const vector = vectorOf('query', i)
    outcomes.check(matchesFault(await collection.query({ vector, k: 10, filter: { group: i } }), vector))
    outcomes.check(matchesFault(await collection.query({ vector, k: 10 }), vector))
    outcomes.check(matchesFault(collection.querySync({ vector, k: 10 }), vector))
  }
  for (const record of collection.records({ includeVector: true })) outcomes.check(faultOf(record), record.id)
}

/** Node itself needs many to load modules; of what it may have then, only so many are left. */
function takeDescriptors(left) {
  const taken = []
  try {
    for (;;) taken.push(openSync('/dev/null'))
  } catch {
    for (const descriptor of taken.slice(0, left)) closeSync(descriptor)
  }
}
