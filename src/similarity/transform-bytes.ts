import { types } from 'node:util'
import { crc32 } from 'node:zlib'
import { SkalarError } from '../errors.ts'
import { describe } from '../validate/describe.ts'
import { ACTIVATIONS, type Layer, outputsOf } from './layers.ts'

/*
 * A transform as bytes. Little-endian:
 *
 *    0 ┌ magic "skTRAN" 6 bytes ┬ version u16 ┐
 *    8 ├ CRC-32 of all that follows   u32 ────┤
 *   12 ├ kind u32 ┬ layers u32 ───────────────┤   a place in KINDS
 *   20 └ each layer …                         ┘
 *
 *   layer  0 ┌ inputs u32 ┬ products u32 ┐
 *          8 ├ activation u32 ┬ bias u32 ┤   a place in ACTIVATIONS (layers.ts); 1 where there is one, else 0
 *         16 ├ weight f32 × products × inputs
 *            └ bias f32 × products           where there is one
 */

const MAGIC = Buffer.from('skTRAN')
const VERSION = 1
const CHECKED = 12
const HEADER = 20
const LAYER_HEADER = 16

/** Which function made a transform. Never to change: the places are the numbers that are stored. */
export const KINDS = ['randomFourierFeatures', 'dense', 'align'] as const

export type TransformKind = (typeof KINDS)[number]

/** What there is to store of a transform. */
export interface Parts {
  readonly kind: TransformKind
  /** At least one; each takes as many numbers as the one before gives. */
  readonly layers: readonly Layer[]
}

export function encodeTransform({ kind, layers }: Parts): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(new ArrayBuffer(HEADER + layers.reduce((sum, layer) => sum + bytesOf(layer), 0)))
  MAGIC.copy(bytes)
  bytes.writeUInt16LE(VERSION, 6)
  bytes.writeUInt32LE(KINDS.indexOf(kind), 12)
  bytes.writeUInt32LE(layers.length, 16)
  let offset = HEADER
  for (const layer of layers) {
    bytes.writeUInt32LE(layer.inputs, offset)
    bytes.writeUInt32LE(layer.products, offset + 4)
    bytes.writeUInt32LE(ACTIVATIONS.indexOf(layer.activation), offset + 8)
    bytes.writeUInt32LE(layer.bias === undefined ? 0 : 1, offset + 12)
    const numbers = offset + LAYER_HEADER
    bytes.set(new Uint8Array(layer.weights.buffer), numbers)
    if (layer.bias !== undefined) {
      bytes.set(new Uint8Array(layer.bias.buffer), numbers + layer.weights.byteLength)
    }
    offset += bytesOf(layer)
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(CHECKED)), 8)
  return new Uint8Array(bytes.buffer)
}

function bytesOf({ weights, bias }: Layer): number {
  return LAYER_HEADER + weights.byteLength + (bias?.byteLength ?? 0)
}

/**
 * What `encodeTransform` has made bytes of; copied.
 *
 * @throws SkalarError `BAD_OPTION` for what is no Uint8Array, `UNSUPPORTED_VERSION`, and `CORRUPTED` for all other bytes
 */
export function decodeTransform(given: unknown): Parts {
  if (!types.isUint8Array(given)) {
    const message = `bytes must be a Uint8Array, as toBytes() returns it, got ${describe(given)}`
    throw new SkalarError('BAD_OPTION', message, { path: 'bytes' })
  }
  // A copy, whose floats lie at multiples of four bytes, and which another thread does not change once it is checked.
  const bytes = Buffer.from(Uint8Array.from(given).buffer)
  if (bytes.length < HEADER || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw corrupted('they do not begin as those of a transform')
  }
  const version = bytes.readUInt16LE(6)
  if (version !== VERSION) {
    const message = `bytes have format version ${version} of transforms, this skalar reads ${VERSION}: use the skalar that wrote them`
    throw new SkalarError('UNSUPPORTED_VERSION', message, { path: 'bytes' })
  }
  if (bytes.readUInt32LE(8) !== crc32(bytes.subarray(CHECKED))) throw corrupted('their checksum is wrong')
  const kind = KINDS[bytes.readUInt32LE(12)]
  const layers = readLayers(bytes)
  if (kind === undefined || layers === undefined) throw corrupted('they do not hold what they say')
  return { kind, layers }
}

/** The layers, if they fit each other and the bytes to the last one. */
function readLayers(bytes: Buffer<ArrayBuffer>): Layer[] | undefined {
  const count = bytes.readUInt32LE(16)
  const layers: Layer[] = []
  let offset = HEADER
  while (layers.length < count) {
    const layer = readLayer(bytes, offset)
    const last = layers.at(-1)
    if (layer === undefined || (last !== undefined && outputsOf(last) !== layer.inputs)) return undefined
    layers.push(layer)
    offset += bytesOf(layer)
  }
  return count > 0 && offset === bytes.length ? layers : undefined
}

function readLayer(bytes: Buffer<ArrayBuffer>, offset: number): Layer | undefined {
  if (bytes.length < offset + LAYER_HEADER) return undefined
  const inputs = bytes.readUInt32LE(offset)
  const products = bytes.readUInt32LE(offset + 4)
  const activation = ACTIVATIONS[bytes.readUInt32LE(offset + 8)]
  const hasBias = bytes.readUInt32LE(offset + 12)
  if (inputs === 0 || products === 0 || activation === undefined || hasBias > 1) return undefined
  const start = offset + LAYER_HEADER
  const end = start + 4 * products * inputs
  const endOfBias = end + 4 * products * hasBias
  if (endOfBias > bytes.length) return undefined
  const weights = new Float32Array(bytes.buffer.slice(start, end))
  const bias = hasBias === 1 ? new Float32Array(bytes.buffer.slice(end, endOfBias)) : undefined
  if (!weights.every(Number.isFinite) || bias?.every(Number.isFinite) === false) return undefined
  return { inputs, products, weights, bias, activation }
}

function corrupted(problem: string): SkalarError {
  const message = `bytes are no transform, or not whole: ${problem}. Pass what toBytes() returned, all of it, or make the transform again`
  return new SkalarError('CORRUPTED', message, { path: 'bytes' })
}
