// Opens a copy of the base that was damaged and uses it in every way; given { folder, seed, readOnly, sizes, derived, written }:
// `sizes`, how many records there may be; `derived`, whether what was damaged can be made again; `written`, whether an earlier use was acknowledged its writes.
import { open } from 'skalar'
import { randomFrom } from '../lib/random.mjs'
import { faultOf, matchesFault, nearestFault, nearestOf, recordOf, vectorOf } from '../lib/records.mjs'
import { input, Outcomes, tell } from '../lib/tell.mjs'
import { BASE_OWNER } from '../lib/verify.mjs'

const { folder, seed, readOnly, sizes, derived, written } = input
const outcomes = new Outcomes()
const random = randomFrom(seed)

const database = await outcomes.try(() => open(folder, { readOnly, threads: 2 }), 'open')
if (database !== undefined) {
  const collection = await outcomes.try(() => database.collection('c'), 'collection')
  if (collection !== undefined) await use(collection)
  await outcomes.try(() => database.close(), 'close')
}
outcomes.tell()

async function use(collection) {
  await outcomes.try(() => readAll(collection), 'records')
  await outcomes.try(() => readSome(collection), 'get')
  await outcomes.try(() => ask(collection), 'query')
  await outcomes.try(() => check(collection), 'verify')
  if (!readOnly) await outcomes.try(() => write(collection), 'write')
  await outcomes.try(() => collection.stats(), 'stats')
}

async function readAll(collection) {
  let count = 0
  for await (const record of collection.records({ includeVector: true })) {
    outcomes.check(faultOf(record), `${record.id}`)
    if (record.metadata.owner === BASE_OWNER) count++
  }
  outcomes.check(sizes.includes(count) ? undefined : 'lost: records', `${count}, not ${sizes}`)
}

function readSome(collection) {
  for (let i = 0; i < 200; i++) {
    const id = random.below(Math.min(...sizes))
    const record = collection.get(id, { includeVector: true })
    outcomes.check(record === undefined ? 'lost: a record' : faultOf(record), `${id}`)
  }
  if (written) outcomes.check(collection.has('written') ? undefined : 'lost: a record written before')
}

/** Damage of what is derived is nothing else; and what was found to be wrong so far is found by verify, too. */
async function check(collection) {
  const { counts } = outcomes
  const { ok, problems } = await collection.verify()
  const others = problems.filter(({ code }) => code !== 'DAMAGED_INDEX')
  if (derived) outcomes.check(others.length === 0 ? undefined : 'wrong: verify', () => JSON.stringify(others))
  const isSilent = ok && Object.keys(counts).some((outcome) => /^(lost|wrong)/.test(outcome))
  outcomes.check(isSilent ? 'silent: verify finds nothing' : undefined, () => JSON.stringify(counts))
}

async function ask(collection) {
  for (const options of [{ exact: true }, {}, { filter: { group: 3 } }]) {
    const vector = vectorOf('query', random.below(1_000))
    const matches = await collection.query({ vector, k: 10, ...options })
    outcomes.check(matchesFault(matches, vector), () => JSON.stringify(matches))
    if (options.exact) outcomes.check(exactFault(matches, vector), () => JSON.stringify(matches))
  }
}

/** What was written meanwhile stands among the matches, and is passed over. */
function exactFault(matches, vector) {
  const own = matches.filter(({ id }) => typeof id === 'number')
  const faults = sizes.map((size) => {
    const versions = Array.from({ length: size }, (_, id) => [id, id])
    return nearestFault(own, nearestOf(versions, vector, own.length))
  })
  if (own.length < 3) return 'wrong: number of matches'
  return faults.includes(undefined) ? undefined : faults[0]
}

async function write(collection) {
  await collection.upsert(Array.from({ length: 600 }, (_, i) => recordOf(`written${i}`, i, 'use')))
  await collection.update({ filter: { owner: 'use' } }, { note: 1 })
  await collection.delete(['written0', 'written1'])
  await collection.upsert(recordOf('written', 1, 'use'))
  tell({ written: true })
  outcomes.check(faultOf(collection.get('written5', { includeVector: true })))
}
