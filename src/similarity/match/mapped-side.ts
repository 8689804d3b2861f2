import { createEngine } from '../../engine/create.ts'
import type { Engine, EngineHost } from '../../engine/engine.ts'
import { FlatEngine } from '../../engine/flat.ts'
import type { Images } from '../../engine/images.ts'
import { Precisions } from '../../engine/precisions.ts'
import { SkalarError } from '../../errors.ts'
import { createStore, type NativeStore, normalizeRows } from '../../native.ts'
import type { Precision } from '../../precision-matrix.ts'
import type { Abort } from '../../query/abort.ts'
import type { RecordTest } from '../../query/match.ts'
import type { Source } from '../../source.ts'
import { ByteStrings } from '../../store/byte-strings.ts'
import { changesSince } from '../../store/changes-since.ts'
import { decodeId } from '../../store/keys.ts'
import { recordAt, recordsFrom } from '../../store/records.ts'
import { type RecordRow, VECTOR_HEADER, vectorRowBytes } from '../../store/rows.ts'
import { nextTurn, SLICE_MS } from '../../turns.ts'
import type { CollectionMetricName } from '../../types.ts'
import type { Transform } from '../transform.ts'
import type { Side } from './side.ts'

/** Multiplications between two looks at the clock, which take two milliseconds, if there are no hidden layers; and most vectors. */
const MULTIPLICATIONS = 2 ** 21
const MOST = 64

interface Entry {
  readonly ordinal: number
  readonly slot: number
  readonly id: Uint8Array
}

/** What the other collection says of the space that vectors are taken into. */
export interface Target {
  readonly dimension: number
  readonly metric: CollectionMetricName
  /** Of the metric mahalanobis, with factors. */
  readonly precision?: Precision | undefined
}

/**
 * What a transform makes of a collection's vectors, in the same slots, with an index of its own; all in memory. Once it is made, a
 * catch-up transforms only what was written since.
 *
 * Invariant: `vectors` is what the transform makes of the store at log position `position`, but for what waits. It
 * changes only within `catchUp` and `settle`.
 */
export class MappedSide implements Side {
  readonly dimension: number
  readonly metric: CollectionMetricName
  readonly flat: FlatEngine
  readonly engine: Engine
  readonly #source: Source
  readonly #transform: Transform
  readonly #test: RecordTest | undefined
  /** Vectors that are transformed between two looks at the clock. */
  readonly #some: number
  readonly #onProgress: (done: number, total: number) => void
  readonly #precision: Precision | undefined
  readonly #precisions: Precisions
  #vectors: NativeStore
  /** The store that was transformed; undefined before the first. */
  #from: NativeStore | undefined
  #position = 0
  #live = 0
  /** The next ordinal of the first pass over all records; undefined when that is over. */
  #next: number | undefined
  #done = 0
  /** Records that were written since, by ordinal. */
  readonly #waiting = new Map<number, Entry>()

  /** Only of records that pass the test. `onProgress` is told of the first pass, records that do not pass included. */
  constructor(
    source: Source,
    transform: Transform,
    { dimension, metric, precision }: Target,
    test: RecordTest | undefined,
    onProgress: (done: number, total: number) => void,
  ) {
    this.#source = source
    this.#transform = transform
    this.dimension = dimension
    this.#test = test
    this.#some = Math.max(1, Math.min(MOST, MULTIPLICATIONS / (transform.inputDimension * dimension)) | 0)
    this.#onProgress = onProgress
    this.metric = metric
    this.#precision = precision
    this.#precisions = new Precisions(precision)
    const { engine, M, efConstruction, codes } = source.definition.index
    const host: EngineHost = {
      options: { dimension, metric, precision: this.#precisions.own, M, efConstruction, codes },
      pool: source.pool,
      indexFiles: () => undefined,
      changedSince: () => undefined,
    }
    this.#vectors = createStore(dimension)
    this.flat = new FlatEngine(host)
    // A graph of hnswlib is built on this thread, for which one that is thrown away soon is no reason.
    this.engine = createEngine(engine === 'flat' ? 'flat' : 'hnsw', host, this.flat)
  }

  get images(): Images | undefined {
    return this.#precision && this.#precisions.imagesOf(this.#precision)
  }

  get vectors(): NativeStore {
    return this.#vectors
  }

  get position(): number {
    return this.#position
  }

  get live(): number {
    return this.#live
  }

  async catchUp(abort: Abort): Promise<void> {
    await this.#source.replica.catchUp()
    while (!this.#look()) {
      const told = this.#next !== undefined
      const end = performance.now() + SLICE_MS
      while (performance.now() < end && this.#transformSome());
      if (told) this.#onProgress(this.#done, Math.max(this.#done, this.#live))
      await nextTurn()
      abort.check()
    }
  }

  settle(whole: boolean): boolean {
    for (;;) {
      if (this.#look()) return true
      if (!whole && (this.#next !== undefined || this.#waiting.size > this.#some)) return false
      while (this.#transformSome());
    }
  }

  isLatest(): boolean {
    const { replica } = this.#source
    const { number, position } = replica.state()
    return replica.vectors === this.#from && number === replica.number && position === this.#position
  }

  /** Ends what its index does in the background. */
  close(): Promise<void> {
    return this.engine.close()
  }

  /** Notes what has changed up to now; returns whether nothing waits to be transformed. LMDB and the replica show one state then. */
  #look(): boolean {
    const { environment, replica } = this.#source
    const state = replica.catchUpSync()
    this.#live = state.live
    if (replica.vectors !== this.#from) this.#begin()
    if (this.#next !== undefined) return false
    if (state.position !== this.#position) {
      const changes = changesSince(environment, state, this.#position)
      if (changes === undefined) {
        this.#begin()
        return false
      }
      this.#note(changes)
      this.#position = state.position
    }
    return this.#waiting.size === 0
  }

  #begin(): void {
    const { replica } = this.#source
    this.#vectors = createStore(this.dimension)
    this.#from = replica.vectors
    this.#position = replica.position
    this.#next = 0
    this.#done = 0
    this.#waiting.clear()
    const at = { number: replica.number, position: this.#position }
    if (this.engine !== this.flat) this.engine.load(this.#vectors, at)
    this.flat.load(this.#vectors)
    this.#precisions.load(this.#vectors)
  }

  #note({ slots, ordinals }: { slots: ReadonlySet<number>; ordinals: ReadonlySet<number> }): void {
    const { environment, replica } = this.#source
    const gone = new Set(slots)
    for (const ordinal of ordinals) {
      const waited = this.#waiting.delete(ordinal)
      const row = recordAt(environment, replica.number, ordinal)
      if (row === undefined) continue
      const { slot } = row
      gone.delete(slot)
      // Metadata decide whether it passes the test.
      const changed = waited || slots.has(slot) || this.#test !== undefined
      if (changed && this.#takes(row)) this.#waiting.set(ordinal, { ordinal, slot, id: row.idBytes })
    }
    const removed = Uint32Array.from(gone)
    this.#vectors.remove(removed, replica.position)
    this.#precisions.remove(removed)
    this.engine.remove(removed, { number: replica.number, position: replica.position })
  }

  /** False when nothing is left. */
  #transformSome(): boolean {
    const entries = this.#next === undefined ? this.#firstWaiting() : this.#read(this.#next)
    this.#put(entries)
    for (const { ordinal } of entries) this.#waiting.delete(ordinal)
    return this.#next !== undefined || this.#waiting.size > 0
  }

  #firstWaiting(): Entry[] {
    const entries: Entry[] = []
    for (const entry of this.#waiting.values()) {
      if (entries.push(entry) === this.#some) break
    }
    return entries
  }

  #takes(row: RecordRow): boolean {
    return this.#test === undefined || this.#test(row.id, row.metadata)
  }

  /** The next records of the first pass. What changes behind it is in the log. */
  #read(next: number): Entry[] {
    const { environment, replica } = this.#source
    environment.refresh()
    const entries: Entry[] = []
    this.#next = undefined
    for (const { ordinal, row } of recordsFrom(environment, replica.number, next, this.#some)) {
      if (this.#takes(row)) entries.push({ ordinal, slot: row.slot, id: row.idBytes })
      this.#next = ordinal + 1
      this.#done++
    }
    return entries
  }

  /** @throws SkalarError `BAD_VECTOR` where the transform makes something of a vector that cannot be stored */
  #put(entries: readonly Entry[]): void {
    const { replica } = this.#source
    const bytes = vectorRowBytes(this.dimension)
    const memory = new ArrayBuffer(entries.length * bytes)
    const taken: Entry[] = []
    for (const entry of entries) {
      // It may be gone, or another one, by now: then the log tells.
      const vector = replica.vectors.vector(entry.slot)
      if (vector === undefined) continue
      const begin = taken.length * bytes
      new Uint32Array(memory, begin, 1)[0] = entry.ordinal
      new Float32Array(memory, begin + VECTOR_HEADER, this.dimension).set(this.#apply(vector, entry))
      taken.push(entry)
    }
    if (taken.length === 0) return
    const rows = new Uint8Array(memory, 0, taken.length * bytes)
    const bad = normalizeRows(rows, this.dimension, this.metric === 'cosine')
    if (bad < taken.length) {
      throw refused(taken[bad]!, 'is zero: it has no direction, so no cosine; leave it out by a filter')
    }
    const slots = Uint32Array.from(taken, ({ slot }) => slot)
    const position = Math.max(1, this.#position)
    this.#vectors.put(slots, rows, position)
    const ids = new ByteStrings(taken.map(({ id }) => id))
    this.#vectors.setIds(
      Uint32Array.from(taken, ({ ordinal }) => ordinal),
      ids.bytes,
      ids.ends,
    )
    this.#precisions.put(slots)
    if (this.engine !== this.flat) this.engine.put(slots, { number: replica.number, position })
  }

  #apply(vector: Float32Array, entry: Entry): Float32Array {
    try {
      return this.#transform.apply(vector)
    } catch (cause) {
      throw refused(entry, `cannot be used: ${(cause as Error).message}`, cause)
    }
  }
}

function refused({ id: bytes }: Entry, problem: string, cause?: unknown): SkalarError {
  const id = decodeId(bytes)
  const message = `what options.transform makes of record ${JSON.stringify(id)} ${problem}`
  return new SkalarError('BAD_VECTOR', message, { path: 'options.transform', id, cause })
}
