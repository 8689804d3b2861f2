import type { Id, Metadata } from '../types.ts'
import type { Batch } from './batch.ts'
import { checkVersion, existing, type WriteMode } from './conditions.ts'
import type { Environment } from './environment.ts'
import { FreeNumbers } from './free-numbers.ts'
import { END, encodeId, type RowKey } from './keys.ts'
import { packMetadata } from './metadata.ts'
import { knownRecordAt, ordinalOf } from './records.ts'
import { repairIfTorn } from './repair.ts'
import { Change, countChanges, encodeRecord, encodeState, type State } from './rows.ts'
import { readState } from './state.ts'

/** The log keeps at least this many changes, and as many as there are records: beyond it, reloading is cheaper. */
const LOG_LEAST = 10_000

/** Log rows dropped in one transaction at most, so that none gets long. */
const TRIM_ROWS = 8

const SPACE = 0

const APPEND = { append: true }

/** What a transaction did to the vectors of a collection, for the process that did it. Puts come before removals. */
export interface Changes {
  readonly number: number
  /** Log position before, and after. */
  readonly from: number
  readonly to: number
  readonly puts: readonly {
    readonly batch: Batch
    readonly slots: Uint32Array
    readonly ordinals: Uint32Array
  }[]
  readonly removed: readonly number[]
}

/** A record that is to be changed: what it was found to be, and what its metadata is to become. */
interface Replacement {
  readonly id: Id
  readonly idBytes: Buffer
  readonly ordinal: number
  readonly oldSlot: number
  readonly metadata: Buffer
}

/**
 * Changes records of one collection within a write transaction. Everything it reads and writes goes through LMDB, so an
 * aborted transaction leaves no trace; `finish` must come last.
 *
 * `upsert`, `update` and `delete` are statements: one that fails has changed nothing. All that can be refused is looked at
 * before the first row is put, so that whoever catches the error may go on and commit the rest. What fails after that, for
 * want of room for example, has left rows behind, and dooms the transaction.
 */
export class Writer {
  readonly #environment: Environment
  readonly #identity: number
  readonly #state: State
  readonly #from: number
  readonly #ordinals: FreeNumbers
  readonly #slots: FreeNumbers
  readonly #log: number[] = []
  readonly #puts: Changes['puts'][number][] = []
  readonly #removed: number[] = []
  /** Whether slots taken so far were behind all others in the sub-database; once one is not, we stop trying. */
  #appends = true
  #begun = false

  /** @throws SkalarError `NOT_FOUND` when the collection was dropped */
  constructor(environment: Environment, identity: number, name: string) {
    this.#environment = environment
    this.#identity = identity
    const state = readState(environment, identity, name)
    this.#state = this.#change(() => repairIfTorn(environment, identity, state))
    const { number, nextOrdinal, freeOrdinals, nextSlot, freeSlots } = this.#state
    this.#from = this.#state.position
    this.#ordinals = new FreeNumbers(environment, number, 0, nextOrdinal, freeOrdinals)
    this.#slots = new FreeNumbers(environment, number, 1 + SPACE, nextSlot, freeSlots)
  }

  /**
   * Stores normalized batches, replacing records whole. No id stands in two of them.
   *
   * @throws SkalarError `ID_EXISTS` or `NOT_FOUND`, as `mode` has it
   */
  upsert(batches: readonly Batch[], mode: WriteMode): { inserted: number; updated: number } {
    const known = batches.map((batch) => existing(this.#environment, this.#state.number, batch, mode))
    return this.#change(() => {
      const result = { inserted: 0, updated: 0 }
      for (const [i, batch] of batches.entries()) {
        const inserted = this.#putBatch(batch, known[i]!)
        result.inserted += inserted
        result.updated += batch.length - inserted
      }
      return result
    })
  }

  /** Returns how many ids are new; `existing` has the ordinals of the others. */
  #putBatch(batch: Batch, existing: readonly (number | undefined)[]): number {
    const slots = new Uint32Array(batch.length)
    const ordinals = new Uint32Array(batch.length)
    let inserted = 0
    for (const [i, known] of existing.entries()) {
      const ordinal = known ?? this.#ordinals.take()
      const oldSlot = known === undefined ? undefined : this.#slotOf(known)
      const slot = this.#putVector(batch, i, ordinal)
      this.#putRecord(ordinal, slot, batch.idBytes[i]!, batch.metadata[i]!)
      if (oldSlot !== undefined) this.#removeVector(oldSlot, ordinal)
      if (known === undefined) {
        this.#insertId(batch.idBytes[i]!, ordinal)
        inserted++
      }
      slots[i] = slot
      ordinals[i] = ordinal
    }
    this.#puts.push({ batch, slots, ordinals })
    return inserted
  }

  /**
   * Changes the metadata of the records with these ids, no two of them equal, and their vectors where `vectorFor` gives
   * batches of one. Returns how many were changed: those that there are, and for which `change` returns something.
   *
   * @throws SkalarError `CONFLICT`
   */
  update(
    ids: readonly Id[],
    change: (id: Id, metadata: Metadata) => Metadata | undefined,
    options: { vectorFor?: ((id: Id) => Batch) | undefined; ifVersion?: number | undefined } = {},
  ): number {
    const replacements: Replacement[] = []
    for (const id of ids) {
      const replacement = this.#replacement(id, change, options.ifVersion)
      if (replacement !== undefined) replacements.push(replacement)
    }
    this.#change(() => {
      for (const replacement of replacements) this.#replace(replacement, options.vectorFor?.(replacement.id))
    })
    return replacements.length
  }

  #replacement(
    id: Id,
    change: (id: Id, metadata: Metadata) => Metadata | undefined,
    ifVersion: number | undefined,
  ): Replacement | undefined {
    const { number } = this.#state
    const idBytes = encodeId(id)
    const ordinal = ordinalOf(this.#environment, number, idBytes)
    if (ordinal === undefined) return undefined
    const row = knownRecordAt(this.#environment, number, ordinal)
    const { version, metadata, slot: oldSlot } = row
    checkVersion(id, version, ifVersion)
    const changed = change(id, metadata)
    if (changed === undefined) return undefined
    return { id, idBytes, ordinal, oldSlot, metadata: Buffer.from(packMetadata(changed, 'patch')) }
  }

  #replace({ idBytes, ordinal, oldSlot, metadata }: Replacement, batch: Batch | undefined): void {
    if (batch === undefined) {
      this.#record(Change.metadata, oldSlot, ordinal)
      this.#putRecord(ordinal, oldSlot, idBytes, metadata)
      return
    }
    const slot = this.#putVector(batch, 0, ordinal)
    this.#putRecord(ordinal, slot, idBytes, metadata)
    this.#removeVector(oldSlot, ordinal)
    this.#puts.push({ batch, slots: Uint32Array.of(slot), ordinals: Uint32Array.of(ordinal) })
  }

  /**
   * Removes the records with these ids, no two of them equal, for whose metadata `condition` holds. Returns how many there
   * were.
   */
  delete(ids: readonly Id[], condition?: (id: Id, metadata: Metadata) => boolean): number {
    return this.#change(() => ids.filter((id) => this.#delete(id, condition)).length)
  }

  #delete(id: Id, condition: ((id: Id, metadata: Metadata) => boolean) | undefined): boolean {
    const idBytes = encodeId(id)
    const ordinal = ordinalOf(this.#environment, this.#state.number, idBytes)
    if (ordinal === undefined) return false
    const row = knownRecordAt(this.#environment, this.#state.number, ordinal)
    const { slot } = row
    if (condition && !condition(id, row.metadata)) return false
    this.#begin()
    this.#environment.ids.removeSync([this.#state.number, idBytes])
    this.#environment.records.removeSync([this.#state.number, 0, ordinal])
    this.#removeVector(slot, ordinal)
    this.#ordinals.give(ordinal)
    this.#state.live--
    return true
  }

  /** Puts the state as it is by now, for those who read it within the transaction. */
  showState(): void {
    if (this.#begun) this.#change(() => this.#putState({ ...this.#state, torn: true }))
  }

  /** Writes the log and the state. */
  finish(): Changes {
    const state = this.#state
    if (this.#begun) {
      this.#ordinals.flush()
      this.#slots.flush()
      state.nextOrdinal = this.#ordinals.next
      state.freeOrdinals = this.#ordinals.free
      state.nextSlot = this.#slots.next
      state.freeSlots = this.#slots.free
      this.#writeLog()
      this.#trimLog()
      this.#putState({ ...state, torn: false })
    }
    return {
      number: state.number,
      from: this.#from,
      to: state.position,
      puts: this.#puts,
      removed: this.#removed,
    }
  }

  /** Runs the part of a statement that puts and removes rows: nothing undoes the first when the second fails. */
  #change<T>(rows: () => T): T {
    try {
      return rows()
    } catch (error) {
      this.#environment.doom(error)
      throw error
    }
  }

  /**
   * Marks the collection as being written, before the first row is. Rows are then put so that a record is whole at every
   * moment: vector, record, id; and what is old is removed afterwards.
   */
  #begin(): void {
    if (this.#begun) return
    this.#begun = true
    this.#putState({ ...this.#state, torn: true })
  }

  #putState(state: State): void {
    this.#environment.state.putSync([this.#identity, 0, 0], encodeState(state))
  }

  #slotOf(ordinal: number): number {
    return knownRecordAt(this.#environment, this.#state.number, ordinal).slot
  }

  #insertId(idBytes: Buffer, ordinal: number): void {
    const value = Buffer.allocUnsafe(4)
    value.writeUInt32LE(ordinal, 0)
    this.#environment.ids.putSync([this.#state.number, idBytes], value)
    this.#state.live++
  }

  #putVector(batch: Batch, index: number, ordinal: number): number {
    this.#begin()
    const slot = this.#slots.take()
    batch.seal(index, ordinal)
    this.#appendVector([this.#state.number, SPACE, slot], batch.row(index) as Buffer)
    this.#record(Change.put, slot, ordinal)
    return slot
  }

  /** Appending fills pages, where an ordinary put leaves them half empty (docs/layout-measurement.md). */
  #appendVector(key: RowKey, row: Buffer): void {
    const { vectors } = this.#environment
    this.#appends &&= vectors.putSync(key, row, APPEND)
    if (!this.#appends) vectors.putSync(key, row)
  }

  #removeVector(slot: number, ordinal: number): void {
    this.#environment.vectors.removeSync([this.#state.number, SPACE, slot])
    this.#slots.give(slot)
    this.#removed.push(slot)
    this.#record(Change.delete, slot, ordinal)
  }

  /** A record's version is the log position of the change that wrote it. */
  #putRecord(ordinal: number, slot: number, idBytes: Uint8Array, metadata: Uint8Array): void {
    this.#begin()
    const row = encodeRecord(this.#state.position, slot, idBytes, metadata)
    this.#environment.records.putSync([this.#state.number, 0, ordinal], row)
  }

  #record(change: number, slot: number, ordinal: number): void {
    this.#log.push(change, slot, ordinal)
    this.#state.position++
  }

  #writeLog(): void {
    if (this.#log.length === 0) return
    const entries = Uint32Array.from(this.#log)
    this.#environment.log.putSync(
      [this.#state.number, SPACE, this.#state.position],
      Buffer.from(entries.buffer),
    )
  }

  #trimLog(): void {
    const { number, position, live } = this.#state
    const keep = Math.max(LOG_LEAST, live)
    if (position - this.#state.firstPosition < keep) return
    const start = [number, SPACE, 0] as const
    const end = [number, SPACE, END] as const
    for (const { key, value } of this.#environment.log.getRange({ start, end, limit: TRIM_ROWS })) {
      const count = countChanges(value)
      if (position - this.#state.firstPosition + 1 - count < keep) break
      this.#environment.log.removeSync(key)
      this.#state.firstPosition += count
    }
  }
}
