import { types } from 'node:util'
import { crc32 } from 'node:zlib'
import { SkalarError } from '../errors.ts'
import { describe } from '../validate/describe.ts'

/*
 * What the bytes of a transform or machine begin with, so that other bytes, and damaged ones, are noticed. Little-endian:
 *
 *    0 ┌ magic 6 bytes ┬ version u16 ┐
 *    8 └ CRC-32 of all that follows  ┘   u32
 */

const CHECKED = 12

/** Where the contents begin. */
export const ENVELOPE = CHECKED

export interface Envelope {
  /** 6 bytes of ASCII. */
  readonly magic: string
  readonly version: number
  /** What is in it, for messages: "transform". */
  readonly what: string
}

/** Bytes of so many in all, with magic and version; `seal` them once they are filled from `ENVELOPE` on. */
export function emptyBytes({ magic, version }: Envelope, length: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.from(new ArrayBuffer(length))
  bytes.write(magic, 'latin1')
  bytes.writeUInt16LE(version, 6)
  return bytes
}

/** Writes the checksum; the same bytes, as what callers get. */
export function seal(bytes: Buffer<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  bytes.writeUInt32LE(crc32(bytes.subarray(CHECKED)), 8)
  return new Uint8Array(bytes.buffer)
}

/**
 * A copy of bytes that `seal` returned, so that their numbers lie at multiples of four bytes, and no other thread changes them once
 * they are checked. At least `least` bytes.
 *
 * @throws SkalarError `BAD_OPTION` for what is no Uint8Array, `UNSUPPORTED_VERSION`, `CORRUPTED`
 */
export function unseal(given: unknown, envelope: Envelope, least: number): Buffer<ArrayBuffer> {
  if (!types.isUint8Array(given)) {
    const message = `bytes must be a Uint8Array, as toBytes() returns it, got ${describe(given)}`
    throw new SkalarError('BAD_OPTION', message, { path: 'bytes' })
  }
  const { magic, version: known, what } = envelope
  const bytes = Buffer.from(Uint8Array.from(given).buffer)
  if (bytes.length < least || bytes.toString('latin1', 0, magic.length) !== magic) {
    throw corrupted(envelope, `they do not begin as those of a ${what}`)
  }
  const version = bytes.readUInt16LE(6)
  if (version !== known) {
    const message = `bytes have format version ${version} of ${what}s, this skalar reads ${known}: use the skalar that wrote them`
    throw new SkalarError('UNSUPPORTED_VERSION', message, { path: 'bytes' })
  }
  if (bytes.readUInt32LE(8) !== crc32(bytes.subarray(CHECKED)))
    throw corrupted(envelope, 'their checksum is wrong')
  return bytes
}

/** Of bytes with a checksum that is right, whose contents are not. */
export function inconsistent(envelope: Envelope): SkalarError {
  return corrupted(envelope, 'they do not hold what they say')
}

function corrupted({ what }: Envelope, problem: string): SkalarError {
  const message = `bytes are no ${what}, or not whole: ${problem}. Pass what toBytes() returned, all of it, or make the ${what} again`
  return new SkalarError('CORRUPTED', message, { path: 'bytes' })
}
