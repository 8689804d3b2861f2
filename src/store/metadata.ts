import { Packr } from 'msgpackr'
import { SkalarError } from '../errors.ts'
import type { Metadata } from '../types.ts'
import { isPlainObject } from '../validate/plain-object.ts'
import { escaped, Need, needOf, unescaped } from './escapes.ts'
import { corruptedRow } from './integrity.ts'

/*
 * Metadata as bytes: MessagePack with msgpackr's extensions for Date, Set, bigint and typed arrays.
 *
 *   {}                                 no bytes
 *   as it is                           map                first byte 0x80–0x8f, 0xde or 0xdf
 *   with values escaped (escapes.ts)   array of one map   first byte 0x91
 *
 * Every row is readable alone: msgpackr's shared structures would be smaller and a little faster, but their rows are
 * lost with the structures, and those with a transaction that fails.
 */
const ESCAPED = 0x91

const packr = new Packr({
  moreTypes: true,
  // Plain objects are written as MessagePack maps. Records, the default, take twice as long and compile a function for
  // each shape met three times in a row.
  useRecords: false,
  mapsAsObjects: true,
  // Without it, an object of more than 65,535 keys throws.
  variableMapSize: true,
  // A key named toJSON is data.
  useToJSON: false,
  // A Buffer that is read must not point into the row, which LMDB may reuse.
  copyBuffers: true,
  // No references between values: equal objects are written twice, and rows hold no pointers to follow.
  structuredClone: false,
})

const EMPTY = Buffer.alloc(0)

/** Bytes that the metadata of a record may take; `Table` reads rows of this size like all others. */
export const MAX_METADATA_BYTES = 2 ** 26

/**
 * Metadata as bytes. It must have passed `validMetadata`; equal metadata with keys in the same order gives equal bytes.
 * The result lies in a buffer that msgpackr goes on using: copy it before control returns to the event loop.
 *
 * @throws SkalarError `BAD_METADATA` with `path` when there are more than `MAX_METADATA_BYTES`
 */
export function packMetadata(metadata: Metadata, path = 'metadata'): Buffer {
  if (Object.keys(metadata).length === 0) return EMPTY
  const bytes = packed(ready(metadata), path)
  if (bytes.length > MAX_METADATA_BYTES) throw tooLarge(path)
  return bytes
}

/** As `unpackMetadata` takes it. */
function ready(metadata: Metadata): unknown {
  const need = needOf(metadata)
  if (need === Need.nothing) return metadata
  return need === Need.escape ? [escaped(metadata)] : escaped(metadata)
}

function packed(value: unknown, path: string): Buffer {
  try {
    return packr.pack(value)
  } catch (cause) {
    // What passed validMetadata can be packed, but for its size.
    throw tooLarge(path, { cause })
  }
}

function tooLarge(path: string, details: { cause?: unknown } = {}): SkalarError {
  const most = `a record's metadata takes at most ${MAX_METADATA_BYTES / 2 ** 20} MiB`
  return new SkalarError('BAD_METADATA', `${path} is too large: ${most}; store large values elsewhere`, {
    path,
    ...details,
  })
}

/**
 * The metadata in `bytes` from `start` to `end`. Nothing in it points into `bytes`.
 *
 * @throws SkalarError `CORRUPTED` if the bytes are not what `packMetadata` writes
 */
export function unpackMetadata(bytes: Uint8Array, start = 0, end = bytes.length): Metadata {
  if (start === end) return {}
  const wrapped = bytes[start] === ESCAPED
  const first = bytes[wrapped ? start + 1 : start] as number
  if (!isMapHeader(first)) throw corruptedRow(`metadata begins with byte ${first}`)
  const value = unpack(bytes, start, end)
  if (!wrapped) return value
  const metadata = unescaped(value[0])
  if (!isPlainObject(metadata)) throw corruptedRow('metadata is not an object')
  return metadata
}

function isMapHeader(byte: number): boolean {
  return (byte & 0xf0) === 0x80 || byte === 0xde || byte === 0xdf
}

function unpack(bytes: Uint8Array, start: number, end: number) {
  // msgpackr takes the class of byte strings from that of its source.
  const source = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    return packr.unpack(source, { start, end })
  } catch (cause) {
    throw corruptedRow('metadata cannot be decoded', { cause })
  }
}
