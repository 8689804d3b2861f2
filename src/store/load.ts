import { createStore, type NativeStore } from '../native.ts'
import { SLICE_MS } from '../turns.ts'
import { ByteStrings } from './byte-strings.ts'
import type { Definition } from './catalogue.ts'
import type { Environment } from './environment.ts'
import { END } from './keys.ts'
import { recordsFrom } from './records.ts'
import { checkVectorRow, type State, vectorRowBytes } from './rows.ts'
import { checkVectors } from './vectors.ts'

const SPACE = 0

/** Rows read at once, and bytes of vectors; several times that fit into a slice. */
const ROWS = 256
const BYTES = 512 * 1024

/**
 * Reads all vectors and ids of a collection into a fresh native store, in slices. The rows may change meanwhile: the log
 * from `position` on tells what, and is applied afterwards.
 */
export class Load {
  readonly vectors: NativeStore
  readonly number: number
  /** Where the log stood when the load began. */
  readonly position: number
  readonly #environment: Environment
  readonly #dimension: number
  readonly #rowBytes: number
  #phase: 'vectors' | 'ids' | 'done' = 'vectors'
  #next = 0

  constructor(environment: Environment, definition: Definition, state: State) {
    this.#environment = environment
    this.#dimension = definition.dimension
    this.#rowBytes = vectorRowBytes(definition.dimension)
    this.vectors = createStore(definition.dimension)
    this.number = state.number
    this.position = state.position
  }

  /** Reads on for a slice; false when everything has been read. */
  step(): boolean {
    const end = performance.now() + SLICE_MS
    do {
      if (this.#phase === 'vectors') this.#readVectors()
      else if (this.#phase === 'ids') this.#readIds()
      else return false
    } while (performance.now() < end)
    return true
  }

  #readVectors(): void {
    const slots: number[] = []
    const limit = Math.max(1, Math.min(ROWS, Math.floor(BYTES / this.#rowBytes)))
    const rows = new Uint8Array(limit * this.#rowBytes)
    const start = [this.number, SPACE, this.#next] as const
    const end = [this.number, SPACE, END] as const
    for (const { key, value } of this.#environment.vectors.getRange({ start, end, limit })) {
      checkVectorRow(value.length, this.#dimension)
      rows.set(value, slots.length * this.#rowBytes)
      slots.push(key[2])
    }
    const taken = Uint32Array.from(slots)
    checkVectors(this.#environment, this.number, taken, rows.subarray(0, taken.length * this.#rowBytes))
    // Rows read later than `position` are newer than it; stamping them with it makes the log stamp them again.
    this.vectors.put(taken, rows, Math.max(this.position, 1))
    this.#advance(taken.at(-1), 'ids')
  }

  #readIds(): void {
    const ordinals: number[] = []
    const ids: Uint8Array[] = []
    for (const { ordinal, row } of recordsFrom(this.#environment, this.number, this.#next, ROWS)) {
      ordinals.push(ordinal)
      ids.push(row.idBytes)
    }
    const strings = new ByteStrings(ids)
    this.vectors.setIds(Uint32Array.from(ordinals), strings.bytes, strings.ends)
    this.#advance(ordinals.at(-1), 'done')
  }

  #advance(last: number | undefined, nextPhase: 'ids' | 'done'): void {
    this.#next = last === undefined ? 0 : last + 1
    if (last === undefined) this.#phase = nextPhase
  }
}
