import { SkalarError } from '../../errors.ts'
import type { Source } from '../../source.ts'
import { changesSince } from '../../store/changes-since.ts'
import { encodeId } from '../../store/keys.ts'
import { knownRecordAt, ordinalOf } from '../../store/records.ts'
import { SLICE_MS } from '../../turns.ts'
import type { Id } from '../../types.ts'
import type { Given, Recommendation } from './request.ts'

/** Ids that are remembered; of many users, many like the same. */
const MOST = 100_000

/** Ids that an error names. */
const NAMED = 10

interface Place {
  readonly slot: number
  readonly ordinal: number
}

/**
 * The slots of records by their ids. Looking them up takes a while where there are many, in which they change: so the steps are
 * `look`, bring the replica up to date, `settle`, and then `slotOf`, until the replica moves on.
 *
 * Invariant: what is remembered holds at log position `from`, or at a later one up to that of LMDB.
 */
export class KnownIds {
  readonly #source: Source
  #number = -1
  #from = 0
  #places = new Map<Id, Place | undefined>()

  constructor(source: Source) {
    this.#source = source
  }

  /** Looks ids up for a slice at most, from one of them on; the index to go on from. */
  look(ids: readonly Id[], begin: number): number {
    const { environment, replica } = this.#source
    environment.refresh()
    // Rows under another number than LMDB's are being purged. Whoever asks later looks again.
    if (replica.currentNumber() !== replica.number) return ids.length
    if (this.#places.size > MOST || this.#number !== replica.number) this.#forget()
    const end = performance.now() + SLICE_MS
    let i = begin
    for (; i < ids.length && (i % 64 !== 0 || performance.now() < end); i++) {
      const id = ids[i]!
      if (!this.#places.has(id)) this.#places.set(id, this.#read(id))
    }
    return i
  }

  /**
   * Right after `replica.catchUpSync()`: LMDB and the replica must show the same state. From now on `slotOf` speaks of that
   * state.
   */
  settle(): void {
    const { environment, replica } = this.#source
    if (this.#number !== replica.number) this.#forget()
    if (replica.position === this.#from) return
    const changes = changesSince(environment, replica.state(), this.#from)
    if (changes === undefined) {
      this.#forget()
      return
    }
    for (const [id, place] of this.#places) {
      if (place === undefined || changes.ordinals.has(place.ordinal)) this.#places.delete(id)
    }
    this.#from = replica.position
  }

  /** Undefined where there is no record. */
  slotOf(id: Id): number | undefined {
    const place = this.#places.get(id)
    if (place !== undefined || this.#places.has(id)) return place?.slot
    const read = this.#read(id)
    this.#places.set(id, read)
    return read?.slot
  }

  /** The slots of all of these. @throws SkalarError `NOT_FOUND`, with those that there are no records of */
  slotsOf(given: Given): Uint32Array {
    const slots = new Uint32Array(given.ids.length)
    const missing: number[] = []
    for (const [i, id] of given.ids.entries()) {
      const slot = this.slotOf(id)
      if (slot === undefined) missing.push(i)
      else slots[i] = slot
    }
    if (missing.length > 0) throw unknownIds(given, missing)
    return slots
  }

  /** As far as it is known after `look` which there are none of. @throws SkalarError `NOT_FOUND` */
  refuseUnknown({ positive, negative }: Pick<Recommendation, 'positive' | 'negative'>): void {
    for (const given of [positive, negative]) {
      const missing = [...given.ids.keys()].filter((i) => this.#isUnknown(given.ids[i]!))
      if (missing.length > 0) throw unknownIds(given, missing)
    }
  }

  #isUnknown(id: Id): boolean {
    return this.#places.has(id) && this.#places.get(id) === undefined
  }

  #read(id: Id): Place | undefined {
    const { environment, replica } = this.#source
    const ordinal = ordinalOf(environment, replica.number, encodeId(id))
    if (ordinal === undefined) return undefined
    return { slot: knownRecordAt(environment, replica.number, ordinal).slot, ordinal }
  }

  #forget(): void {
    this.#places.clear()
    this.#number = this.#source.replica.number
    this.#from = this.#source.replica.position
  }
}

function unknownIds({ ids, paths }: Given, missing: readonly number[]): SkalarError {
  const first = missing[0]!
  const names = missing.slice(0, NAMED).map((i) => JSON.stringify(ids[i]))
  const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : ''
  const message = `${paths[first]}: there is no record ${names.join(', ')}${more}: leave out what is gone`
  return new SkalarError('NOT_FOUND', message, { path: paths[first], id: ids[first] })
}
