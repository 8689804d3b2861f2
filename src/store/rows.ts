/*
 * Values, byte by byte; little-endian. Never to change: they are on disk (docs/format.md).
 *
 *   record row                                  state row
 *   0   u8   layout, 1                          0   u32  number under which the rows are stored
 *   1   u8   spaces s, 1                        4   u32  live records
 *   2   u16  bytes of the id, i                 8   u64  log position of the last change
 *   4   u32  CRC-32C of all other bytes         16  u64  first position that is still in the log
 *   8   u64  version                            24  u32  next fresh ordinal
 *   16  u32  slot in each space, s times        28  u32  freed ordinals
 *   …   id bytes (keys.ts), i                   32  u32  next fresh slot      ⎫ once for
 *   …   metadata (metadata.ts), to the end      36  u32  freed slots          ⎭ each space
 *                                               40  u32  1 while a transaction is writing, else 0
 *
 *   vector row                                  log row, keyed by the position of its last change
 *   0   u32  ordinal                            for each change, in order:
 *   4   u32  CRC-32C of all other bytes         0   u32  1 put, 2 delete, 3 metadata
 *   8   f64  length |x|                         4   u32  slot
 *   16  f32  x · 2^−⌊log2 |x|⌋, dimension times 8   u32  ordinal
 */
import { sealRow } from '../native.ts'
import type { Id, Metadata } from '../types.ts'
import { corruptedRow, isIntact } from './integrity.ts'
import { decodeId } from './keys.ts'
import { unpackMetadata } from './metadata.ts'

const RECORD_LAYOUT = 1
export const RECORD_HEADER = 20
export const VECTOR_HEADER = 16
export const STATE_BYTES = 44
export const CHANGE_BYTES = 12
const ORDINAL_BYTES = 4

/** What a log entry says of its slot. */
export const Change = { put: 1, delete: 2, metadata: 3 } as const

export function vectorRowBytes(dimension: number): number {
  return VECTOR_HEADER + 4 * dimension
}

/** The vector of a row that is intact, as it was written. `row` may be longer. */
export function decodeVector(row: Buffer, dimension: number): Float32Array {
  const end = vectorRowBytes(dimension)
  const vector = new Float32Array(dimension)
  // Copied first, since the row need not be aligned; `readFloatLE` takes several times as long.
  new Uint8Array(vector.buffer).set(row.subarray(VECTOR_HEADER, end))
  const scale = powerOfTwo(row.readDoubleLE(8))
  for (let i = 0; i < dimension; i++) vector[i]! *= scale
  return vector
}

const float = new Float64Array(1)
const words = new Uint32Array(float.buffer)

/** 2^⌊log2 x⌋ of a positive number; 0 of 0. */
function powerOfTwo(x: number): number {
  float[0] = x
  words[0] = 0
  words[1]! &= 0x7ff0_0000
  return float[0]
}

/*
 * Rows are decoded from a buffer that may be longer than they are, so that nothing but their size tells of one that was cut
 * off. All of these throw `CORRUPTED`.
 */

export function checkVectorRow(size: number, dimension: number): void {
  if (size !== vectorRowBytes(dimension)) throw corruptedRow(`a vector row has ${size} bytes`)
}

/** The ordinal that an id stands for. */
export function decodeOrdinal(row: Buffer, size: number): number {
  if (size !== ORDINAL_BYTES) throw corruptedRow(`an id leads to a row of ${size} bytes`)
  return row.readUInt32LE(0)
}

/** How many changes a log row tells of. */
export function countChanges(row: Buffer): number {
  if (row.length === 0 || row.length % CHANGE_BYTES !== 0)
    throw corruptedRow(`a log row has ${row.length} bytes`)
  return row.length / CHANGE_BYTES
}

/** Where the records of a collection stand; one row, written in every transaction that changes one of them. */
export interface State {
  number: number
  live: number
  position: number
  firstPosition: number
  nextOrdinal: number
  freeOrdinals: number
  nextSlot: number
  freeSlots: number
  /**
   * A transaction has begun to write and has not ended. In a committed row it means that the thread of the transaction was
   * terminated in its midst, and LMDB has kept what it had written: see repair.ts.
   */
  torn: boolean
}

export function emptyState(number: number): State {
  return {
    number,
    live: 0,
    position: 0,
    firstPosition: 1,
    nextOrdinal: 0,
    freeOrdinals: 0,
    nextSlot: 0,
    freeSlots: 0,
    torn: false,
  }
}

export function encodeState(state: State): Buffer {
  const row = Buffer.alloc(STATE_BYTES)
  row.writeUInt32LE(state.number, 0)
  row.writeUInt32LE(state.live, 4)
  writeU64(row, state.position, 8)
  writeU64(row, state.firstPosition, 16)
  row.writeUInt32LE(state.nextOrdinal, 24)
  row.writeUInt32LE(state.freeOrdinals, 28)
  row.writeUInt32LE(state.nextSlot, 32)
  row.writeUInt32LE(state.freeSlots, 36)
  row.writeUInt32LE(state.torn ? 1 : 0, 40)
  return row
}

export function decodeState(row: Buffer): State {
  if (row.readUInt32LE(40) > 1) throw corruptedRow('a state row is of another layout')
  return {
    number: row.readUInt32LE(0),
    live: row.readUInt32LE(4),
    position: readU64(row, 8),
    firstPosition: readU64(row, 16),
    nextOrdinal: row.readUInt32LE(24),
    freeOrdinals: row.readUInt32LE(28),
    nextSlot: row.readUInt32LE(32),
    freeSlots: row.readUInt32LE(36),
    torn: row.readUInt32LE(40) !== 0,
  }
}

export function encodeRecord(version: number, slot: number, id: Uint8Array, metadata: Uint8Array): Buffer {
  const row = Buffer.allocUnsafe(RECORD_HEADER + id.length + metadata.length)
  row[0] = RECORD_LAYOUT
  row[1] = 1
  row.writeUInt16LE(id.length, 2)
  writeU64(row, version, 8)
  row.writeUInt32LE(slot, 16)
  row.set(id, RECORD_HEADER)
  row.set(metadata, RECORD_HEADER + id.length)
  sealRow(row)
  return row
}

/**
 * A record row, decoded as far as it is asked. `bytes` may be longer than the row, and only lasts until the next read.
 * Whatever is asked of a row that is not as it was written throws SkalarError `CORRUPTED`.
 */
export class RecordRow {
  readonly #bytes: Buffer
  readonly #end: number
  #checked = false

  constructor(bytes: Buffer, end: number) {
    this.#bytes = bytes
    this.#end = end
  }

  get intact(): boolean {
    return isIntact(this.#bytes.subarray(0, this.#end))
  }

  /** Bytes of the whole row. */
  get size(): number {
    return this.#end
  }

  get slot(): number {
    return this.#good.readUInt32LE(16)
  }

  get version(): number {
    return readU64(this.#good, 8)
  }

  get id(): Id {
    return decodeId(this.#good, RECORD_HEADER, this.#metadataStart)
  }

  /** The id's bytes, copied. */
  get idBytes(): Buffer {
    return Buffer.from(this.#good.subarray(RECORD_HEADER, this.#metadataStart))
  }

  get metadata(): Metadata {
    return unpackMetadata(this.#good, this.#metadataStart, this.#end)
  }

  get #metadataStart(): number {
    return RECORD_HEADER + this.#good.readUInt16LE(2)
  }

  get #good(): Buffer {
    if (!this.#checked && !this.intact) throw corruptedRow('a record is damaged')
    this.#checked = true
    return this.#bytes
  }
}

function writeU64(row: Buffer, value: number, offset: number): void {
  row.writeUInt32LE(value >>> 0, offset)
  row.writeUInt32LE(Math.floor(value / 2 ** 32), offset + 4)
}

function readU64(row: Buffer, offset: number): number {
  return row.readUInt32LE(offset) + row.readUInt32LE(offset + 4) * 2 ** 32
}
