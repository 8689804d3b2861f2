import { operation, stateAfter } from './history.mjs'
import {
  DIMENSION,
  faultOf,
  matchesFault,
  metadataOf,
  nearestFault,
  nearestOf,
  vectorOf,
} from './records.mjs'

/** Records that `programs/base.mjs` makes: enough for a graph. */
export const BASE = 2_500
export const BASE_OWNER = 'base'

/**
 * Holds a collection against what writers were told of: `writers` is name → operations acknowledged. The one that was under
 * way may be there as a whole, or not at all; where it may be `torn`, record by record. The records of the base are all there.
 */
export async function verify(collection, { seed, writers, base = BASE, torn = false }, outcomes) {
  const byOwner = new Map()
  for (const record of collection.records({ includeVector: true })) {
    outcomes.check(faultOf(record), `${record.id}`)
    const { owner } = record.metadata
    byOwner.set(owner, [...(byOwner.get(owner) ?? []), record])
  }
  const found = new Map([...byOwner].map(([owner, records]) => [owner, stateOf(records)]))
  outcomes.check(found.get(BASE_OWNER)?.size === base || base === 0 ? undefined : 'lost: records of the base')
  for (const [writer, count] of Object.entries(writers)) {
    const state = found.get(writer) ?? new Map()
    const before = stateAfter(seed, writer, count)
    const after = stateAfter(seed, writer, count + 1)
    const whole = torn
      ? isBetween(state, before, after)
      : [before, after].some((one) => isBetween(state, one, one))
    outcomes.check(whole ? undefined : 'lost: acknowledged or half there', () =>
      difference(state, { seed, writer, count }),
    )
  }
  const all = [...byOwner.values()].flat()
  outcomes.check(
    collection.size === all.length ? undefined : 'wrong: size',
    `${collection.size}, not ${all.length}`,
  )
  await verifyQueries(collection, all, outcomes)
  await verifyRows(collection, torn, outcomes)
}

/** Rows, log, index files and graph agree; a thread that was ended amid a transaction may have left it to the next write. */
async function verifyRows(collection, torn, outcomes) {
  const verification = await outcomes.try(() => collection.verify(), 'verify')
  const problems = verification?.problems.filter(({ code }) => !(torn && code === 'UNFINISHED')) ?? []
  outcomes.check(problems.length === 0 ? undefined : `wrong: verify finds ${problems[0].code}`, () =>
    JSON.stringify(problems),
  )
}

function stateOf(records) {
  return new Map(records.map(({ id, metadata: { version, note } }) => [id, { version, note }]))
}

const same = (a, b) => a?.version === b?.version && a?.note === b?.note

/** Whether each record is as in one of two states. */
function isBetween(state, before, after) {
  const ids = new Set([...state.keys(), ...before.keys(), ...after.keys()])
  return [...ids].every((id) => same(state.get(id), before.get(id)) || same(state.get(id), after.get(id)))
}

/** How far a state is from the one after `count` operations, and from the one after any number of them that is nearest. */
function difference(state, { seed, writer, count }) {
  const unlike = (number) => {
    const expected = stateAfter(seed, writer, number)
    const ids = new Set([...state.keys(), ...expected.keys()])
    return [...ids].filter((id) => !same(state.get(id), expected.get(id)))
  }
  const numbers = Array.from({ length: count + 10 }, (_, i) => i)
  const [nearest] = numbers.map((i) => [i, unlike(i).length]).sort(([, a], [, b]) => a - b)
  const kinds = [-2, -1, 0, 1].map((i) => operation(seed, writer, Math.max(0, count + i)).kind)
  const shown = unlike(count).slice(0, 8)
  const there = JSON.stringify(shown.map((id) => [id, state.get(id)]))
  return `${writer} after ${count} (${kinds}): ${unlike(count).length} unlike, ${nearest[1]} after ${nearest[0]}; ${there}`
}

/** Exact queries give what a scan over the records gives; the engine finds nearly all of it. */
async function verifyQueries(collection, records, outcomes) {
  const vectors = Array.from({ length: 8 }, (_, i) => vectorOf('query', i))
  const exact = await collection.queryMany(
    vectors.map((vector) => ({ vector })),
    { k: 10, exact: true },
  )
  const engine = await collection.queryMany(
    vectors.map((vector) => ({ vector })),
    { k: 10 },
  )
  let found = 0
  for (const [i, vector] of vectors.entries()) {
    const versions = records.map(({ id, metadata }) => [id, metadata.version])
    const nearest = nearestOf(versions, vector, 10)
    const fault = nearestFault(exact[i], nearest)
    outcomes.check(fault && `${fault}: exact query`, () => `${exact[i].map(({ id }) => id)}, not ${nearest}`)
    outcomes.check(matchesFault(exact[i], vector))
    outcomes.check(matchesFault(engine[i], vector))
    found +=
      nearest.filter(([id]) => engine[i].some((match) => match.id === id)).length / (nearest.length || 1)
  }
  outcomes.check(
    records.length === 0 || found >= 0.85 * vectors.length ? undefined : 'wrong: recall',
    `${found}`,
  )
}

/** Another process can write at once. */
export async function verifyWritable(database, outcomes) {
  const own = await database.collection('verify', { dimension: DIMENSION })
  const metadata = metadataOf('v', 1, 'verify', 0)
  await outcomes.try(() => own.upsert({ id: 'v', vector: vectorOf('v', 1), metadata }), 'write')
  outcomes.check(own.has('v') ? undefined : 'lost: a record just written')
}
