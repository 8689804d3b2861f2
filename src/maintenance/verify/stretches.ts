import type { Table } from '../../store/table.ts'

/** Entries and bytes that are read at once: a millisecond or two. */
const ENTRIES = 256
const BYTES = 512 * 1024

interface Entry<K> {
  readonly key: K
  readonly value: Buffer
}

/** Entries from `start` on, before `end`, in stretches between which others may use the event loop. */
export function* stretchesOf<K>(table: Table<K>, start: K, end: K): Generator<readonly Entry<K>[]> {
  let from = start
  for (let exclusiveStart = false; ; exclusiveStart = true) {
    const entries: Entry<K>[] = []
    let bytes = 0
    for (const entry of table.getRange({ start: from, end, exclusiveStart, limit: ENTRIES })) {
      entries.push(entry)
      bytes += entry.value.length
      if (bytes >= BYTES) break
    }
    if (entries.length === 0) return
    yield entries
    from = entries.at(-1)!.key
  }
}
