import type { Source } from '../source.ts'
import { changesSince } from '../store/changes-since.ts'
import { recordAt } from '../store/records.ts'
import type { RecordTest } from './match.ts'
import { RecordScan } from './records.ts'

/**
 * The slots that a filter lets through at one log position. Reading all records takes a while in which they change, so
 * the steps are: `scan`, bring the replica up to date, then `settle`, which looks again at what has changed since `scan`
 * began.
 */
export class Allowed {
  readonly #source: Source
  readonly #test: RecordTest
  readonly #from: number
  /** Ordinal → slot. */
  readonly #found = new Map<number, number>()
  readonly scan: RecordScan

  constructor(source: Source, test: RecordTest) {
    this.#source = source
    this.#test = test
    this.#from = source.replica.position
    this.scan = new RecordScan(source, (row, ordinal) => {
      if (test(row.id, row.metadata)) this.#found.set(ordinal, row.slot)
    })
  }

  /**
   * The slots at the replica's position, ascending; undefined when too much has changed to tell. Only right after
   * `replica.catchUpSync()`: LMDB and the replica must show the same state.
   */
  settle(): Uint32Array | undefined {
    const { environment, replica } = this.#source
    if (replica.position !== this.#from) {
      const changes = changesSince(environment, replica.state(), this.#from)
      if (changes === undefined) return undefined
      for (const ordinal of changes.ordinals) this.#look(ordinal)
    }
    return Uint32Array.from(this.#found.values()).sort()
  }

  #look(ordinal: number): void {
    const row = recordAt(this.#source.environment, this.#source.replica.number, ordinal)
    if (row !== undefined && this.#test(row.id, row.metadata)) this.#found.set(ordinal, row.slot)
    else this.#found.delete(ordinal)
  }
}
