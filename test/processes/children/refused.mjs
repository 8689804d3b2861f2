// Does all kinds of things while the addon is refused memory (../refuse.cc), and each again when it is granted:
// node refused.mjs <folder>. Tells what came of each kind, and what it found in the end.
import { openSync, readSync, writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { open } from 'skalar'

const DIMENSION = 40
const RECORDS = 2_600
const [folder] = process.argv.slice(2)

const file = openSync(process.env.SKALAR_REFUSE, 'r+')
function order(granted, once) {
  writeSync(file, new BigInt64Array([BigInt(granted), once ? 1n : 0n, 0n]), 0, 24, 0)
}
function refusals() {
  const words = new BigInt64Array(3)
  readSync(file, words, 0, 24, 0)
  return Number(words[2])
}

const vector = (n) => Float32Array.from({ length: DIMENSION }, (_, i) => Math.sin(n * (i + 1) + 1))
const expected = new Map()
let next = 0
function fresh(count, ids = count) {
  return Array.from({ length: count }, () => {
    const n = next++
    return {
      id: n % 2 === 0 ? n % ids : `a rather long id that is a string ${n % ids}`,
      vector: vector(n),
      metadata: { n },
    }
  })
}

let database = await open(folder, { threads: 2 })
let collection = await database.collection('c', { dimension: DIMENSION })
const pending = []
const upsert = async (records) => {
  await collection.upsert(records)
  for (const { id, metadata } of records) expected.set(id, metadata.n)
}
await upsert(fresh(RECORDS))

async function settled() {
  while ((await collection.stats()).index.state === 'building') await setTimeout(5)
}
await settled()

const idOf = (n) => (n % 2 === 0 ? n : `a rather long id that is a string ${n}`)
const target = { vector: vector(1.5), k: 5 }
const kinds = {
  query: () => collection.query(target),
  synchronous: async () => collection.querySync({ ...target, select: [] }),
  many: () => collection.queryMany([target, { id: 0 }, { ...target, exact: true }], { k: 3 }),
  filtered: () => collection.query({ ...target, filter: { n: { $lt: 1_000 } } }),
  upsert: () => upsert(fresh(60, 3_000)),
  delete: async () => {
    const n = 300 + 2 * pending.length
    pending.push(n)
    await collection.delete([idOf(n), idOf(n + 1)])
    expected.delete(idOf(n))
    expected.delete(idOf(n + 1))
  },
  built: async () => {
    await upsert(fresh(60, 3_000))
    collection.querySync(target)
    await settled()
  },
  opened: async () => {
    await database.close()
    database = undefined
    database = await open(folder, { threads: 2 })
    collection = await database.collection('c')
    await collection.query(target)
    await settled()
  },
}
/** After a failure to open. */
async function reopen() {
  database ??= await open(folder, { threads: 2 })
  collection = await database.collection('c')
}

/** Every record is found, by its own vector, at distance 0. */
async function wrong() {
  const all = [...expected]
  const answers = await collection.queryMany(
    all.map(([, n]) => ({ vector: vector(n) })),
    { k: 1, exact: true },
  )
  return all.filter(([id, n], i) => answers[i][0].id !== id || answers[i][0].metadata.n !== n).length
}

const outcomes = {}
for (const [kind, act] of Object.entries(kinds)) {
  const outcome = { refused: 0, told: {} }
  outcomes[kind] = outcome
  for (let granted = 0, calm = 0; granted < 20_000 && calm < 4; granted += 1 + Math.floor(granted / 10)) {
    for (const once of [true, false]) {
      order(granted, once)
      const code = await act().then(
        () => 'ok',
        (error) => (error.name === 'SkalarError' ? error.code : String(error.stack)),
      )
      const refused = refusals()
      order(-1, false)
      outcome.told[code] = (outcome.told[code] ?? 0) + 1
      outcome.refused += refused
      calm = refused === 0 ? calm + 1 : 0
      await reopen()
      if (collection.querySync(target).length !== 5) outcome.told.short = 1
    }
  }
  outcome.wrong = await wrong()
}
await database.close()
database = undefined
await reopen()
await collection.query(target)
await settled()
const { index } = await collection.stats()
process.send({
  outcomes,
  size: collection.size,
  expected: expected.size,
  wrong: await wrong(),
  state: index.state,
})
await database.close()
process.disconnect()
