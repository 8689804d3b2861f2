import { ENVELOPE, type Envelope, emptyBytes, inconsistent, seal, unseal } from './envelope.ts'
import { ACTIVATIONS, type Layer, outputsOf } from './layers.ts'

/*
 * A transform as bytes. Little-endian:
 *
 *    0 ┌ envelope "skTRAN" ───────────────────┐   envelope.ts
 *   12 ├ kind u32 ┬ layers u32 ───────────────┤   a place in KINDS
 *   20 └ each layer …                         ┘
 *
 *   layer  0 ┌ inputs u32 ┬ products u32 ┐
 *          8 ├ activation u32 ┬ bias u32 ┤   a place in ACTIVATIONS (layers.ts); 1 where there is one, else 0
 *         16 ├ weight f32 × products × inputs
 *            └ bias f32 × products           where there is one
 */

const SEALED: Envelope = { magic: 'skTRAN', version: 1, what: 'transform' }
const HEADER = ENVELOPE + 8
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
  const bytes = emptyBytes(SEALED, HEADER + layers.reduce((sum, layer) => sum + bytesOf(layer), 0))
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
  return seal(bytes)
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
  const bytes = unseal(given, SEALED, HEADER)
  const kind = KINDS[bytes.readUInt32LE(12)]
  const layers = readLayers(bytes)
  if (kind === undefined || layers === undefined) throw inconsistent(SEALED)
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
