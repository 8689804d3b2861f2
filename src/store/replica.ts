import { SkalarError } from '../errors.ts'
import { createStore, fromNative, type NativeGeneration, type NativeStore } from '../native.ts'
import { nextTurn } from '../turns.ts'
import { ByteStrings } from './byte-strings.ts'
import type { Definition } from './catalogue.ts'
import type { Environment } from './environment.ts'
import { Load } from './load.ts'
import { repairIfTorn } from './repair.ts'
import type { State } from './rows.ts'
import { openSaved, type SavedGeneration } from './saved-generation.ts'
import { readNumber, readState } from './state.ts'
import { readTail } from './tail.ts'
import type { Changes } from './writer.ts'

/** Log entries applied in one slice. */
const TAIL_SLICE = 500

/** Who wants to hear which slots live, after the store has taken them: an engine. */
export interface SlotListener {
  /** Everything known so far is void: `vectors` is another store. It has what the generation has, where that is given. */
  load(vectors: NativeStore, at: StorePosition, generation?: NativeGeneration): void
  put(slots: Uint32Array, at: StorePosition): void
  remove(slots: Uint32Array, at: StorePosition): void
}

interface StorePosition {
  readonly number: number
  readonly position: number
}

/**
 * The vectors of one space in this process's memory, kept up with LMDB: mapped from a saved generation or loaded, once; then fed from
 * the change log, or directly by the transactions of this process. A generation that is found to be damaged is given up, whenever
 * that is, and all is loaded.
 *
 * Invariant: `vectors` is what the store held at log position `position` of rows number `number`, and possibly of later
 * changes that are still to be confirmed by the log; a query first catches up.
 */
export class Replica {
  readonly #environment: Environment
  readonly #definition: Definition
  readonly #name: string
  readonly #listeners: readonly SlotListener[]
  #vectors: NativeStore
  #number = -1
  #position = 0
  /** What `catchUpInMemory` last returned, and the last commit then. */
  #latest: { state: State; commit: number } | undefined
  #load: Load | undefined
  /** The generation that `vectors` began with. */
  #saved: SavedGeneration | undefined
  #healing = false

  constructor(
    environment: Environment,
    name: string,
    definition: Definition,
    listeners: readonly SlotListener[],
  ) {
    this.#environment = environment
    this.#name = name
    this.#definition = definition
    this.#listeners = listeners
    this.#vectors = createStore(definition.dimension)
  }

  get vectors(): NativeStore {
    return this.#vectors
  }

  /** The number the rows are stored under. */
  get number(): number {
    return this.#number
  }

  /** The log position of the last change that `vectors` holds. */
  get position(): number {
    return this.#position
  }

  /** Brings in every commit that happened before the call, in slices. @throws SkalarError `NOT_FOUND` when dropped */
  async catchUp(): Promise<void> {
    while (this.#step() === undefined) await nextTurn()
  }

  /**
   * The same on the calling thread, without pause. Until the next `refresh`, LMDB and the replica show one state, which is
   * returned.
   */
  catchUpSync(): State {
    for (;;) {
      const state = this.#step()
      if (state !== undefined) return state
    }
  }

  /**
   * The same for those who then read nothing of LMDB. While nobody commits, LMDB is not asked either, which
   * is a good part of what a query does outside of its search.
   */
  catchUpInMemory(): State {
    const commit = this.#environment.settled()
    const isLatest = commit !== undefined && commit === this.#latest?.commit
    if (isLatest && !this.#isDamaged) return this.#latest!.state
    const state = this.catchUpSync()
    this.#latest = commit === undefined ? undefined : { state, commit }
    return state
  }

  /** Where the collection stands in LMDB. @throws SkalarError `NOT_FOUND` when dropped */
  state(): State {
    return readState(this.#environment, this.#definition.identity, this.#name)
  }

  /** The number the rows are stored under by now, for reads past the replica. Throws as `state`. */
  currentNumber(): number {
    return readNumber(this.#environment, this.#definition.identity, this.#name)
  }

  /** Takes what a committed transaction of this process did, unless something else has to come first. */
  apply(changes: Changes): void {
    if (this.#load !== undefined || changes.number !== this.#number || changes.from !== this.#position) return
    for (const { batch, slots, ordinals } of changes.puts) {
      this.#put(slots, batch.rows, ordinals, new ByteStrings(batch.idBytes), changes.to)
    }
    this.#remove(Uint32Array.from(changes.removed), changes.to)
    this.#position = changes.to
  }

  /** One slice of work; when there was nothing left to do, the state that was reached. After a failure it begins again. */
  #step(): State | undefined {
    try {
      return this.#slice()
    } catch (error) {
      throw fromNative(error)
    }
  }

  #slice(): State | undefined {
    if (this.#environment.writing) {
      throw new SkalarError(
        'TRANSACTION',
        'a query within a transaction is not possible: query before or after it',
      )
    }
    this.#environment.refresh()
    const state = this.state()
    if (state.torn) this.#heal()
    if (this.#load !== undefined) this.#advance(this.#load, state)
    else if (this.#isVoid(state)) this.#open(state)
    else if (this.#position < state.position) this.#applyTail()
    else return state
    return undefined
  }

  /** Has a torn transaction repaired in the background; until then its records are as before or as they were to be. */
  #heal(): void {
    if (this.#healing || this.#environment.readOnly) return
    this.#healing = true
    const { identity } = this.#definition
    this.#environment
      .write(1, () => void repairIfTorn(this.#environment, identity, this.state()))
      // Whoever writes next will try again.
      .catch(() => {})
      .finally(() => {
        this.#healing = false
      })
  }

  #isVoid({ number, firstPosition }: State): boolean {
    return number !== this.#number || this.#position + 1 < firstPosition || this.#isDamaged
  }

  get #isDamaged(): boolean {
    return this.#saved !== undefined && this.#vectors.damaged()
  }

  /** Takes over a saved generation, or begins to load. */
  #open(state: State): void {
    const refused = this.#isDamaged ? this.#saved?.name : undefined
    const saved = openSaved(this.#environment, state, refused)
    const vectors = saved && this.#mapped(saved)
    if (vectors === undefined) this.#beginLoad(state)
    else this.#begin(vectors, { number: state.number, position: saved!.position }, saved)
  }

  /** Undefined where the generation is not of these vectors, or damaged. */
  #mapped({ native }: SavedGeneration): NativeStore | undefined {
    try {
      return createStore(this.#definition.dimension, native)
    } catch {
      return undefined
    }
  }

  #beginLoad(state: State): void {
    this.#load = new Load(this.#environment, this.#definition, state)
  }

  #begin(vectors: NativeStore, at: StorePosition, saved: SavedGeneration | undefined): void {
    // Where one fails, for want of memory, this is done again by whoever queries next.
    for (const listener of this.#listeners) listener.load(vectors, at, saved?.native)
    this.#vectors = vectors
    this.#number = at.number
    this.#position = at.position
    this.#saved = saved
    this.#load = undefined
  }

  #advance(load: Load, state: State): void {
    if (state.number !== load.number) {
      this.#beginLoad(state)
      return
    }
    if (load.step()) return
    const { vectors, number, position } = load
    this.#begin(vectors, { number, position }, undefined)
  }

  #applyTail(): void {
    const tail = readTail(
      this.#environment,
      this.#number,
      this.#position,
      this.#definition.dimension,
      TAIL_SLICE,
    )
    this.#put(tail.slots, tail.rows, tail.ordinals, tail.ids, tail.position)
    this.#remove(tail.removed, tail.position)
    this.#position = tail.position
  }

  #put(
    slots: Uint32Array,
    rows: Uint8Array,
    ordinals: Uint32Array,
    ids: ByteStrings,
    position: number,
  ): void {
    if (slots.length === 0) return
    this.#vectors.put(slots, rows, position)
    this.#vectors.setIds(ordinals, ids.bytes, ids.ends)
    for (const listener of this.#listeners) listener.put(slots, this.#at(position))
  }

  #remove(slots: Uint32Array, position: number): void {
    if (slots.length === 0) return
    this.#vectors.remove(slots, position)
    for (const listener of this.#listeners) listener.remove(slots, this.#at(position))
  }

  #at(position: number): StorePosition {
    return { number: this.#number, position }
  }
}
