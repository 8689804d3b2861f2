import { normalizeRows, sealRow } from '../native.ts'
import type { Id, Metadata } from '../types.ts'
import { encodeId } from './keys.ts'
import { packMetadata } from './metadata.ts'
import { MOST_BYTES, MOST_RECORDS, weightOf } from './room.ts'
import { RECORD_HEADER, VECTOR_HEADER, vectorRowBytes } from './rows.ts'

/** How many records of a dimension one transaction takes. */
export function batchCapacity(dimension: number): number {
  return Math.max(1, Math.min(MOST_RECORDS, Math.floor(MOST_BYTES / vectorRowBytes(dimension))))
}

/**
 * Records on their way into the store, copied out of their input: vector rows side by side as they will stand in LMDB and
 * in memory, ids and metadata as bytes.
 */
export class Batch {
  readonly dimension: number
  readonly ids: Id[] = []
  readonly idBytes: Buffer[] = []
  readonly metadata: Buffer[] = []
  /** Vector rows; ordinals and checksums are filled in when the records are written. */
  readonly rows: Uint8Array
  readonly #floats: Float32Array
  readonly #words: Uint32Array
  #bytes = 0

  /** For up to `capacity` records. */
  constructor(dimension: number, capacity: number) {
    this.dimension = dimension
    const memory = new ArrayBuffer(capacity * vectorRowBytes(dimension))
    this.rows = new Uint8Array(memory)
    this.#floats = new Float32Array(memory)
    this.#words = new Uint32Array(memory)
  }

  get length(): number {
    return this.ids.length
  }

  /** What writing it costs, in records. */
  get weight(): number {
    return weightOf(this.length, this.#bytes)
  }

  /** Whether one transaction should write no more than this. */
  get full(): boolean {
    return this.length >= MOST_RECORDS || this.#bytes >= MOST_BYTES
  }

  /**
   * Puts a valid record at `index`: behind the last, or in place of another with the same id. `writeVector` puts its raw
   * components at an offset of the target and throws if they are not acceptable, in which case nothing was added.
   */
  put(
    index: number,
    id: Id,
    metadata: Metadata,
    writeVector: (target: Float32Array, offset: number) => void,
  ): void {
    // All that may throw comes before anything of an earlier record is written over.
    const packed = Buffer.from(packMetadata(metadata))
    const idBytes = encodeId(id)
    writeVector(this.#floats, this.#rowStart(index) + VECTOR_HEADER / 4)
    this.ids[index] = id
    this.idBytes[index] = idBytes
    this.metadata[index] = packed
    this.#bytes += vectorRowBytes(this.dimension) + RECORD_HEADER + idBytes.length + packed.length
  }

  /**
   * Turns raw vectors into lengths and scaled vectors (rows.ts). Returns the index of the first that has a component that is not finite
   * (or no direction, where `refuseZero`); undefined when all are good.
   */
  normalize(refuseZero: boolean): number | undefined {
    const used = this.rows.subarray(0, this.length * vectorRowBytes(this.dimension))
    const good = normalizeRows(used, this.dimension, refuseZero)
    return good < this.length ? good : undefined
  }

  /** A batch of one as that of another id, in memory of its own. */
  withId(id: Id): Batch {
    const copy = new Batch(this.dimension, 1)
    copy.rows.set(this.row(0))
    copy.ids.push(id)
    copy.idBytes.push(encodeId(id))
    copy.metadata.push(...this.metadata)
    return copy
  }

  /** Completes the vector row of a record. */
  seal(index: number, ordinal: number): void {
    this.#words[this.#rowStart(index)] = ordinal
    sealRow(this.row(index))
  }

  /** The vector row of a record, as a view. */
  row(index: number): Uint8Array {
    const bytes = vectorRowBytes(this.dimension)
    return this.rows.subarray(index * bytes, (index + 1) * bytes)
  }

  /** The raw components of a record before `normalize`, the scaled vector after it. */
  vector(index: number): Float32Array {
    const start = this.#rowStart(index) + VECTOR_HEADER / 4
    return this.#floats.subarray(start, start + this.dimension)
  }

  #rowStart(index: number): number {
    return (index * vectorRowBytes(this.dimension)) / 4
  }
}
