import type { RecordTest } from '../../query/match.ts'
import { RecordScan } from '../../query/records.ts'
import type { Source } from '../../source.ts'
import { changesSince } from '../../store/changes-since.ts'
import { recordAt, recordOf } from '../../store/records.ts'
import type { RecordRow } from '../../store/rows.ts'
import type { Id } from '../../types.ts'
import { valueAt } from '../field.ts'
import { Places } from './places.ts'
import type { ValuesOf } from './request.ts'

/** Which records take part at one log position, and where their values are. */
export interface Members {
  /** Ascending. */
  readonly slots: Uint32Array
  /** For each of them a slot of the collection that values come from, or a row of `places`; undefined where it is its own value. */
  readonly places: Uint32Array | undefined
  /** The place of one of them. */
  placeOf(slot: number): number
}

/**
 * Looks for the records that take part, as `Allowed` does for queries: `scan`, bring replicas up to date, then `settle`,
 * which looks again at what has changed since `scan` began.
 */
export class MemberScan {
  readonly #source: Source
  readonly #test: RecordTest | undefined
  readonly #values: ValuesOf
  readonly #from: number
  /** Of the collection that values come from. */
  readonly #valuesFrom: number | undefined
  /** Ordinal → slot. */
  readonly #found = new Map<number, number>()
  /** Slot → place of the value. */
  readonly #places = new Map<number, number>()
  /** Values of a field. */
  readonly fields: Places | undefined
  readonly scan: RecordScan

  constructor(source: Source, test: RecordTest | undefined, values: ValuesOf) {
    this.#source = source
    this.#test = test
    this.#values = values
    this.#from = source.replica.position
    this.#valuesFrom = values.kind === 'collection' ? values.source.replica.position : undefined
    this.fields = values.kind === 'field' ? new Places(source, values.path) : undefined
    this.scan = new RecordScan(source, (row, ordinal) => this.#take(row, ordinal))
  }

  /**
   * Those at the position of the replicas; undefined when too much has changed to tell. Only right after `catchUpSync()` of both:
   * LMDB and they must show the same state.
   *
   * @throws SkalarError `BAD_METADATA`
   */
  settle(): Members | undefined {
    const { environment, replica } = this.#source
    if (this.#values.kind === 'collection') {
      if (this.#values.source.replica.position !== this.#valuesFrom) return undefined
    }
    if (replica.position !== this.#from) {
      const changes = changesSince(environment, replica.state(), this.#from)
      if (changes === undefined) return undefined
      for (const ordinal of changes.ordinals) {
        this.#found.delete(ordinal)
        const row = recordAt(environment, replica.number, ordinal)
        if (row !== undefined) this.#take(row, ordinal)
      }
    }
    const slots = Uint32Array.from(this.#found.values()).sort()
    const placeOf = (slot: number) => this.#places.get(slot)!
    return { slots, places: this.#values.kind === 'own' ? undefined : slots.map(placeOf), placeOf }
  }

  #take(row: RecordRow, ordinal: number): void {
    const { id, slot } = row
    const needsMetadata = this.#test !== undefined || this.#values.kind === 'field'
    const metadata = needsMetadata ? row.metadata : {}
    if (this.#test?.(id, metadata) === false) return
    const place = this.#placeFor(id, ordinal, metadata)
    if (place === undefined) return
    this.#found.set(ordinal, slot)
    this.#places.set(slot, place)
  }

  /** Undefined where there is no value. */
  #placeFor(id: Id, ordinal: number, metadata: Readonly<Record<string, unknown>>): number | undefined {
    const values = this.#values
    if (values.kind === 'own') return ordinal
    if (values.kind === 'field') return this.fields!.put(id, ordinal, valueAt(metadata, values.segments))
    const { environment, replica } = values.source
    return recordOf(environment, replica.number, id)?.slot
  }
}
