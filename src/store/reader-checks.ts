import type { RootDatabase } from 'lmdb'

/** Transactions and milliseconds after which it is looked again. */
const TRANSACTIONS = 16
const INTERVAL_MS = 1_000

/**
 * Frees the places of readers whose process has ended. LMDB never writes over a page that a reader may still see, so that
 * a process that was killed while it read would let the file grow with every transaction, for as long as its place is
 * taken. lmdb-js looks at `open`, and then every ten minutes; here writers look before every sixteenth transaction, which
 * takes a microsecond, and 0.65 µs more for each other process that has the database open: 1.3 ms for 2,048 of them.
 *
 * A process that is alive keeps its place, also one that was stopped (docs/limits.md).
 */
export class ReaderChecks {
  readonly #root: RootDatabase
  #transactions = 0
  #last = performance.now()

  constructor(root: RootDatabase) {
    this.#root = root
  }

  /** To be called before each write transaction. */
  beforeWrite(): void {
    const now = performance.now()
    if (++this.#transactions < TRANSACTIONS && now - this.#last < INTERVAL_MS) return
    this.#transactions = 0
    this.#last = now
    try {
      this.#root.readerCheck()
    } catch {
      // The transaction tells if something is wrong; places that could not be freed are looked at again.
    }
  }
}
