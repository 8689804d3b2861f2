import { rm } from 'node:fs/promises'
import { markPurged, numbersToPurge } from './catalogue.ts'
import type { Environment } from './environment.ts'
import { collectGarbage } from './garbage.ts'
import { forgetIndex, indexFolder } from './index-files.ts'
import { END, END_OF_IDS, START_OF_IDS } from './keys.ts'
import type { Table } from './table.ts'

/** Rows removed in one transaction: the event loop is held for about two milliseconds. */
const SLICE = 250

const LAST_SPACE = 0xffff

/**
 * Removes the rows and index files that dropped and cleared collections have left, rows in small transactions, until none is
 * left or `stop` says so; and index files that others have left. What remains is taken up when the database is next opened.
 */
export async function purge(environment: Environment, stop: () => boolean): Promise<void> {
  environment.refresh()
  for (const number of numbersToPurge(environment)) {
    let removed = SLICE
    while (removed === SLICE) {
      if (stop()) return
      removed = await environment.write(SLICE, () => removeSome(environment, number))
    }
    // On disk the collection may still be there.
    await environment.flush()
    await rm(indexFolder(environment, number), { recursive: true, force: true })
    await environment.write(1, () => {
      forgetIndex(environment, number)
      markPurged(environment, number)
    })
  }
  if (!stop()) await collectGarbage(environment)
}

function removeSome(environment: Environment, number: number): number {
  const { ids, vectors, records, log, free } = environment
  let room = SLICE - removeKeys(ids, [number, START_OF_IDS], [number, END_OF_IDS], SLICE)
  for (const table of [vectors, records, log, free]) {
    room -= removeKeys(table, [number, 0, 0], [number, LAST_SPACE, END], room)
  }
  return SLICE - room
}

function removeKeys<K>(table: Table<K>, start: K, end: K, limit: number): number {
  if (limit === 0) return 0
  // Collected first: a cursor does not survive the removal of its entry.
  const keys = table.getKeys({ start, end, limit })
  for (const key of keys) table.removeSync(key)
  return keys.length
}
