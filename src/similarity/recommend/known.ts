import { SkalarError } from '../../errors.ts'
import type { Source } from '../../source.ts'
import { changesSince } from '../../store/changes-since.ts'
import { encodeId } from '../../store/keys.ts'
import { knownRecordAt, ordinalOf } from '../../store/records.ts'
import type { Id } from '../../types.ts'
import type { Given } from './request.ts'

/** Ids that are remembered; of many users, many like the same. */
const MOST = 100_000

/** Ids that are read between two looks at the clock. */
const STRETCH = 64

/** Ids that an error names. */
const NAMED = 10

/** What became of ids. */
export interface Looked {
  readonly epoch: number
  readonly slots: readonly (number | undefined)[]
}

const NONE: readonly undefined[] = []

/** Nothing was looked up. */
export const LATE: Looked = { epoch: -1, slots: NONE }

const kept = new WeakMap<Source, KnownIds>()

/**
 * The slots of records by their ids. Looking them up takes a while where there are many, in which they change: so the steps are
 * `look`, bring the replica up to date, `settle`, and then `slotsOf`, until the replica moves on.
 *
 * Invariant: what is remembered holds at log position `from`, or at a later one up to that of LMDB.
 */
export class KnownIds {
  readonly #source: Source
  #number = -1
  #from = 0
  /** Counts when something may not hold any more of what `look` has returned. */
  #epoch = 0
  /** Where an id stands in the two below; objects instead would be a wait for memory more, for each id. */
  readonly #places = new Map<Id, number>()
  /** −1 where there is no record. */
  #slots: number[] = []
  /** The id of each ordinal, to find what has changed. */
  readonly #ids = new Map<number, Id>()
  readonly #absent = new Set<Id>()

  constructor(source: Source) {
    this.#source = source
  }

  /** Those of a collection, from one call to the next: the same records are liked again and again. */
  static of(source: Source): KnownIds {
    let known = kept.get(source)
    if (known === undefined) {
      known = new KnownIds(source)
      kept.set(source, known)
    }
    return known
  }

  /** What `look` comes to where nothing is to be read, else undefined. */
  lookInMemory(ids: readonly Id[]): Looked | undefined {
    if (ids.length === 0) return LATE
    if (this.#number !== this.#source.replica.number) return undefined
    const slots = new Array<number | undefined>(ids.length)
    for (let i = 0; i < ids.length; i++) {
      const place = this.#places.get(ids[i]!)
      if (place === undefined) return undefined
      slots[i] = this.#slotAt(place)
    }
    return { epoch: this.#epoch, slots }
  }

  /** Looks ids up, with pauses where it yields; then the clock may be read. What it returns is for `slotsOf`. */
  *look(ids: readonly Id[]): Generator<undefined, Looked, unknown> {
    const { environment, replica } = this.#source
    if (this.#slots.length > MOST || this.#number !== replica.number) this.#forget()
    const epoch = this.#epoch
    const slots = new Array<number | undefined>(ids.length)
    let read = 0
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!
      const place = this.#places.get(id)
      if (place !== undefined) {
        slots[i] = this.#slotAt(place)
      } else {
        if (read > 0 && read % STRETCH === 0) yield
        if (read++ % STRETCH === 0) environment.refresh()
        // Rows under another number than LMDB's are being purged. Whoever asks later looks again.
        if (read % STRETCH === 1 && !this.#isCurrent()) return LATE
        slots[i] = this.#read(id)
      }
    }
    return { epoch, slots }
  }

  /**
   * Right after `replica.catchUpSync()`: LMDB and the replica must show the same state. From now on `slotsOf` speaks of that
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
    this.#epoch++
    for (const id of this.#absent) this.#places.delete(id)
    this.#absent.clear()
    for (const ordinal of changes.ordinals) {
      const id = this.#ids.get(ordinal)
      if (id === undefined) continue
      this.#places.delete(id)
      this.#ids.delete(ordinal)
    }
    this.#from = replica.position
  }

  /** The slots of ids, undefined where there is no record: those that `look` has found, or what has become of them. */
  slotsOf(ids: readonly Id[], looked: Looked): readonly (number | undefined)[] {
    if (ids.length === 0) return NONE
    return looked.epoch === this.#epoch ? looked.slots : ids.map((id) => this.#slotOf(id))
  }

  #slotOf(id: Id): number | undefined {
    const place = this.#places.get(id)
    return place === undefined ? this.#read(id) : this.#slotAt(place)
  }

  #slotAt(place: number): number | undefined {
    const slot = this.#slots[place]!
    return slot === -1 ? undefined : slot
  }

  #isCurrent(): boolean {
    const { replica } = this.#source
    return this.#number === replica.number && replica.currentNumber() === replica.number
  }

  #read(id: Id): number | undefined {
    const { environment, replica } = this.#source
    const ordinal = ordinalOf(environment, replica.number, encodeId(id))
    const slot = ordinal === undefined ? undefined : knownRecordAt(environment, replica.number, ordinal).slot
    this.#places.set(id, this.#slots.length)
    this.#slots.push(slot ?? -1)
    if (ordinal === undefined) this.#absent.add(id)
    else this.#ids.set(ordinal, id)
    return slot
  }

  #forget(): void {
    this.#epoch++
    this.#places.clear()
    this.#slots = []
    this.#ids.clear()
    this.#absent.clear()
    this.#number = this.#source.replica.number
    this.#from = this.#source.replica.position
  }
}

/** @throws SkalarError `NOT_FOUND`, with those that were looked up and that there are no records of */
export function refuseUnknown({ ids, places, path: array }: Given, { slots }: Pick<Looked, 'slots'>): void {
  if (!slots.includes(undefined)) return
  const missing = [...slots.keys()].filter((i) => slots[i] === undefined)
  const first = missing[0]!
  const path = `${array}[${places?.[first] ?? first}]`
  const names = missing.slice(0, NAMED).map((i) => JSON.stringify(ids[i]))
  const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : ''
  const message = `${path}: there is no record ${names.join(', ')}${more}: leave out what is gone`
  throw new SkalarError('NOT_FOUND', message, { path, id: ids[first] })
}
