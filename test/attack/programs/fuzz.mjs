// Calls the whole public API with odd values; given { folder, seed, calls }.

import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { open, SkalarError } from 'skalar'
import { CALLS, oddly } from '../lib/odd-calls.mjs'
import { OnPurpose } from '../lib/odd-values.mjs'
import { randomFrom } from '../lib/random.mjs'
import { input, Outcomes, outcomeOf, tell } from '../lib/tell.mjs'

const { folder, seed, calls } = input
const random = randomFrom(seed)
const outcomes = new Outcomes()
// A relative path among odd values is to end in the folder of this round.
process.chdir(folder)
const path = `${folder}/data`
const database = await open(path, { threads: 2 })
const collection = await database.collection('fuzz', {
  dimension: 3,
  metric: random.pick(['cosine', 'dot', 'euclidean', { mahalanobis: [2, 1, 0, 1, 2, 0, 0, 0, 1] }]),
})
const safe = await database.collection('safe', { dimension: 3 })
await safe.upsert({ id: 'safe', vector: [1, 2, 3], metadata: { a: 1 } })
await collection.upsert(
  Array.from({ length: 3_000 }, (_, i) => ({ id: `r${i}`, vector: [i, 1, 2], metadata: { a: i % 5 } })),
)

const pending = []
for (let i = 0; i < calls; i++) {
  const name = random.pick(Object.keys(CALLS))
  const { args: argsOf, call } = CALLS[name]
  const args = oddly(argsOf(random), random)
  tell({ call: name, args: described(args) })
  const made = attempt(name, () => call({ database, collection, open, folder: path }, args), args)
  // Some calls are under way at once.
  if (random.chance(0.7)) await made
  else pending.push(made)
}
await Promise.all(pending)

tell({ call: 'afterwards', args: '' })
await outcomes.try(() => collection.upsert({ id: 'last', vector: [1, 1, 1] }), 'upsert afterwards')
outcomes.check(safe.get('safe')?.metadata.a === 1 ? undefined : 'lost: a record of another collection')
for (const record of collection.records({ includeVector: true })) {
  outcomes.check(
    record.vector.length === 3 && record.vector.every(Number.isFinite) ? undefined : 'wrong: vector',
  )
}
const matches = await collection.query({ vector: [1, 1, 1], k: 1e6, select: [] })
outcomes.check(
  matches.length === collection.size ? undefined : 'wrong: number of matches',
  () => `${matches.length}`,
)
await outcomes.try(() => database.close(), 'close')
outcomes.tell()

async function attempt(name, action, args) {
  try {
    const late = sleep(15_000, 'late', { ref: false })
    if ((await Promise.race([action(), late])) === 'late') outcomes.add(`${name}: hang`, described(args))
    else outcomes.add('ok')
  } catch (error) {
    const fault = callersOwn(error) ? 'ok' : outcomeOf(error)
    outcomes.add(
      error instanceof SkalarError ? 'refused' : fault === 'ok' ? 'ok' : `${name}: ${fault}`,
      `${described(args)}\n${error?.stack}`,
    )
  }
}

/** What the caller's own values threw, or the language at their sight. */
function callersOwn(error) {
  if (error instanceof OnPurpose || error === 1 || error?.name === 'TimeoutError') return true
  return /revoked|Iterator result .* is not an object/.test(String(error?.message))
}

function described(args) {
  try {
    return inspect(args, { depth: 3, maxArrayLength: 5, maxStringLength: 30, breakLength: Infinity }).slice(
      0,
      400,
    )
  } catch {
    return 'cannot be shown'
  }
}
