import type { Environment } from './environment.ts'
import { END, END_OF_IDS, START_OF_IDS } from './keys.ts'
import { recordAt } from './records.ts'
import { decodeOrdinal, encodeState, type State } from './rows.ts'
import type { Table } from './table.ts'

const SPACE = 0

/**
 * In a write transaction: makes a collection whole again whose last transaction was cut short by the end of its thread.
 * Each of its records is as it was or as it was to be; what is derived from them, and rows that no id leads to, may be
 * wrong. So everything derived is made anew, and the log given up, which makes every replica reload. Takes as long as
 * reading the collection does; it is needed only after a thread was terminated within a transaction.
 *
 * @returns the state to go on with
 */
export function repairIfTorn(environment: Environment, identity: number, state: State): State {
  if (!state.torn) return state
  const { slots, highestVersion } = removeLooseIds(environment, state.number)
  removeLooseRows(environment, state.number, slots)
  clear(environment.log, state.number)
  const position = Math.max(state.position, highestVersion) + 1
  const repaired: State = {
    number: state.number,
    live: slots.size,
    position,
    firstPosition: position + 1,
    nextOrdinal: 1 + highest(slots.keys()),
    freeOrdinals: 0,
    nextSlot: 1 + highest(slots.values()),
    freeSlots: 0,
    torn: false,
  }
  environment.state.putSync([identity, 0, 0], encodeState(repaired))
  return repaired
}

/** Keeps the ids whose record and vector are whole; returns these records' slots by ordinal. */
function removeLooseIds(environment: Environment, number: number) {
  const slots = new Map<number, number>()
  let highestVersion = 0
  const loose: Uint8Array[] = []
  const range = { start: [number, START_OF_IDS], end: [number, END_OF_IDS] } as const
  for (const { key, value } of environment.ids.getRange(range)) {
    const ordinal = decodeOrdinal(value, value.length)
    const row = recordAt(environment, number, ordinal)
    if (row === undefined || !row.idBytes.equals(key[1])) {
      loose.push(key[1])
      continue
    }
    const { slot, version } = row
    if (environment.vectors.getBinaryFast([number, SPACE, slot])?.readUInt32LE(0) !== ordinal) {
      loose.push(key[1])
      continue
    }
    slots.set(ordinal, slot)
    highestVersion = Math.max(highestVersion, version)
  }
  for (const id of loose) environment.ids.removeSync([number, id])
  return { slots, highestVersion }
}

function removeLooseRows(environment: Environment, number: number, slots: ReadonlyMap<number, number>): void {
  const { records, vectors } = environment
  const range = { start: [number, SPACE, 0], end: [number, SPACE, END] } as const
  const looseRecords = records.getKeys(range).filter(([, , ordinal]) => !slots.has(ordinal))
  for (const key of looseRecords) records.removeSync(key)
  const inUse = new Set(slots.values())
  const looseVectors = vectors.getKeys(range).filter(([, , slot]) => !inUse.has(slot))
  for (const key of looseVectors) vectors.removeSync(key)
}

function clear(table: Table<readonly [number, number, number]>, number: number): void {
  const keys = table.getKeys({ start: [number, SPACE, 0], end: [number, SPACE, END] })
  for (const key of keys) table.removeSync(key)
}

function highest(numbers: Iterable<number>): number {
  let highest = -1
  for (const number of numbers) highest = Math.max(highest, number)
  return highest
}
