import type { RootDatabase } from 'lmdb'

/** Records written and milliseconds after which it is looked again. */
const RECORDS = 16
const INTERVAL_MS = 1_000

/**
 * Frees the places of readers whose process has ended. LMDB never writes over a page that a reader may still see, so that
 * a process that was killed while it read would let the file grow with every transaction, for as long as its place is
 * taken. lmdb-js looks at `open`, and then every ten minutes; here writers look before every sixteenth record, or so many in one
 * transaction, which takes a microsecond, and 0.65 µs more for each other process that has the database open: 1.3 ms for 2,048 of them.
 *
 * A process that is alive keeps its place, also one that was stopped (docs/limits.md).
 */
export class ReaderChecks {
  readonly #root: RootDatabase
  #records = 0
  #last = performance.now()

  constructor(root: RootDatabase) {
    this.#root = root
  }

  /** To be called before each write transaction, with the records it writes. */
  beforeWrite(records: number): void {
    const now = performance.now()
    this.#records += records
    if (this.#records < RECORDS && now - this.#last < INTERVAL_MS) return
    this.#records = 0
    this.#last = now
    try {
      this.#root.readerCheck()
    } catch {
      // The transaction tells if something is wrong; places that could not be freed are looked at again.
    }
  }
}
