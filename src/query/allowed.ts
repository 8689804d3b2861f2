import type { Source } from '../source.ts'
import { changesSince } from '../store/changes-since.ts'
import { recordAt } from '../store/records.ts'
import type { RecordTest } from './match.ts'
import { RecordScan } from './records.ts'
import type { Settings } from './request.ts'

/** For each filter the slots it lets through, ascending. */
export type AllowedSlots = ReadonlyMap<RecordTest, Uint32Array>

/** Filters while they are evaluated. */
export type Filters = ReadonlyMap<RecordTest, Allowed>

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
  #settled: { position: number; slots: Uint32Array } | undefined

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
    if (replica.position === this.#settled?.position) return this.#settled.slots
    if (replica.position !== this.#from) {
      const changes = changesSince(environment, replica.state(), this.#from)
      if (changes === undefined) return undefined
      for (const ordinal of changes.ordinals) this.#look(ordinal)
    }
    const slots = Uint32Array.from(this.#found.values()).sort()
    this.#settled = { position: replica.position, slots }
    return slots
  }

  #look(ordinal: number): void {
    const row = recordAt(this.#source.environment, this.#source.replica.number, ordinal)
    if (row !== undefined && this.#test(row.id, row.metadata)) this.#found.set(ordinal, row.slot)
    else this.#found.delete(ordinal)
  }
}

/** The filters of requests, each once. */
export function filtersOf(source: Source, requests: readonly { readonly settings: Settings }[]): Filters {
  const filters = new Map<RecordTest, Allowed>()
  for (const { settings } of requests) {
    const { test } = settings
    if (test !== undefined && !filters.has(test)) filters.set(test, new Allowed(source, test))
  }
  return filters
}

/** What they let through; undefined when one of them cannot tell. As `Allowed.settle`. */
export function settled(filters: Filters): AllowedSlots | undefined {
  const allowed = new Map<RecordTest, Uint32Array>()
  for (const [test, filter] of filters) {
    const slots = filter.settle()
    if (slots === undefined) return undefined
    allowed.set(test, slots)
  }
  return allowed
}
