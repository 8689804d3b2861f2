/*
 * Keys, byte by byte; integers are big-endian, so that LMDB's byte order is their numeric order.
 *
 *   row key   collection number u32 · space u16 · index u48     records, vectors, log, free
 *   id key    collection number u32 · id bytes                  ids
 *   id bytes  0x01 · float64, sign bit flipped (all bits if negative)      an integer
 *             0x02 · UTF-8                                                 a string
 *
 * Never to change: keys are on disk (docs/format.md).
 */
import { SkalarError } from '../errors.ts'
import type { Id } from '../types.ts'

/** What lmdb-js needs to write keys straight into its own buffer. */
interface KeyEncoder<K> {
  writeKey(key: K, target: Buffer, start: number): number
  readKey(source: Buffer, start: number, end: number): K
}

/** Collection number, space, and ordinal, slot, log position or block number. */
export type RowKey = readonly [number: number, space: number, index: number]

/** Collection number and id bytes. */
export type IdKey = readonly [number: number, id: Uint8Array]

/** No index reaches it: an exclusive upper end of all rows of a space. */
export const END = 2 ** 48 - 1

/** No id begins with it: an exclusive upper end of all ids of a collection. */
export const END_OF_IDS = Uint8Array.of(0xff)

export const START_OF_IDS = Uint8Array.of(0)

export const rowKeys: KeyEncoder<RowKey> = {
  writeKey([number, space, index], target, start) {
    target.writeUInt32BE(number, start)
    target.writeUInt16BE(space, start + 4)
    target.writeUIntBE(index, start + 6, 6)
    return start + 12
  },
  readKey(source, start) {
    return [source.readUInt32BE(start), source.readUInt16BE(start + 4), source.readUIntBE(start + 6, 6)]
  },
}

export const idKeys: KeyEncoder<IdKey> = {
  writeKey([number, id], target, start) {
    target.writeUInt32BE(number, start)
    target.set(id, start + 4)
    return start + 4 + id.length
  },
  readKey(source, start, end) {
    return [source.readUInt32BE(start), Uint8Array.prototype.slice.call(source, start + 4, end)]
  },
}

const INTEGER = 0x01
const STRING = 0x02

/** The bytes of a valid id. */
export function encodeId(id: Id): Buffer {
  if (typeof id === 'string') {
    const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(id))
    bytes[0] = STRING
    bytes.write(id, 1)
    return bytes
  }
  const bytes = Buffer.allocUnsafe(9)
  bytes[0] = INTEGER
  bytes.writeDoubleBE(id, 1)
  if (id < 0) for (let i = 1; i < 9; i++) bytes[i] = ~bytes[i]!
  else bytes[1]! ^= 0x80
  return bytes
}

/** The id whose bytes lie in `source` from `start` to `end`. @throws SkalarError `CORRUPTED` */
export function decodeId(source: Uint8Array, start = 0, end = source.length): Id {
  const bytes = Buffer.from(source.buffer, source.byteOffset + start, end - start)
  if (bytes[0] === STRING) return bytes.toString('utf8', 1)
  if (bytes[0] !== INTEGER || bytes.length !== 9) {
    throw new SkalarError('CORRUPTED', 'an id is of an unknown kind: restore the database from a backup')
  }
  const number = Buffer.from(bytes.subarray(1))
  if (number[0]! & 0x80) number[0]! ^= 0x80
  else for (let i = 0; i < 8; i++) number[i] = ~number[i]!
  return number.readDoubleBE(0)
}
