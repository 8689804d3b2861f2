/*
 * What a writer does, operation by operation: it all follows from a seed, so that after its end, however it came, the state
 * can be told from the number of operations that it had been told of.
 */
import { hashOf, randomFrom } from './random.mjs'
import { recordOf } from './records.mjs'

/** Ids that a writer uses. */
const IDS = 400

/** The operation with a number: records to put, ids to delete, or both in one transaction. */
export function operation(seed, writer, number) {
  const random = randomFrom(hashOf('operation', seed, writer, number))
  const anyId = () => `${writer}:${random.below(IDS)}`
  const kind = random.pick(['upsert', 'upsert', 'upsert', 'delete', 'update', 'transaction'])
  const ids = [...new Set(Array.from({ length: random.pick([1, 5, 60]) }, anyId))]
  const deleted = kind === 'transaction' ? [anyId(), anyId()].filter((id) => !ids.includes(id)) : ids
  return { kind, ids, deleted, number, writer }
}

const records = ({ ids, number, writer }) => ids.map((id) => recordOf(id, number, writer))

/** Does it on a database; resolves once it is acknowledged. */
export async function perform(database, collection, operation) {
  const { kind, ids, deleted, number } = operation
  if (kind === 'upsert') await collection.upsert(records(operation))
  if (kind === 'delete') await collection.delete(deleted)
  if (kind === 'update') await collection.update(ids, { note: number })
  if (kind === 'transaction') {
    await database.transaction((tx) => {
      tx.upsert(collection, records(operation))
      tx.delete(collection, deleted)
    })
  }
}

/** What a writer has left after its first `count` operations: id → { version, note }. */
export function stateAfter(seed, writer, count) {
  const state = new Map()
  for (let number = 0; number < count; number++) apply(state, operation(seed, writer, number))
  return state
}

function apply(state, { kind, ids, deleted, number }) {
  if (kind === 'upsert' || kind === 'transaction')
    for (const id of ids) state.set(id, { version: number, note: 0 })
  if (kind === 'delete' || kind === 'transaction') for (const id of deleted) state.delete(id)
  if (kind === 'update') {
    for (const id of ids) if (state.has(id)) state.get(id).note = number
  }
}
