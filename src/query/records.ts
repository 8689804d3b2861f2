import type { Source } from '../source.ts'
import { recordsFrom } from '../store/records.ts'
import type { RecordRow } from '../store/rows.ts'
import { nextTurn, SLICE_MS } from '../turns.ts'

/** Records read at once; several times that fit into a slice. */
const CHUNK = 128

/**
 * Reads all records of a collection in order of their ordinals, in slices. Each slice sees the latest commit: over a
 * whole run it is no snapshot, so what was found is checked again where it is used.
 */
export class RecordScan {
  readonly #source: Source
  readonly #visit: (row: RecordRow, ordinal: number) => void
  #next = 0

  constructor(source: Source, visit: (row: RecordRow, ordinal: number) => void) {
    this.#source = source
    this.#visit = visit
  }

  async run(check: () => void): Promise<void> {
    // The first slice waits for a turn too: many scans may begin at once.
    do {
      await nextTurn()
      check()
    } while (this.#slice())
  }

  runSync(): void {
    while (this.#slice());
  }

  /** False at the end. */
  #slice(): boolean {
    const { environment, replica } = this.#source
    environment.refresh()
    const number = replica.currentNumber()
    const end = performance.now() + SLICE_MS
    do {
      let last = -1
      for (const { ordinal, row } of recordsFrom(environment, number, this.#next, CHUNK)) {
        this.#visit(row, ordinal)
        last = ordinal
      }
      if (last === -1) return false
      this.#next = last + 1
    } while (performance.now() < end)
    return true
  }
}
