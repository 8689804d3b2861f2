import { ENVELOPE, type Envelope, emptyBytes, inconsistent, seal, unseal } from '../envelope.ts'
import { KERNELS } from '../kernel-option.ts'
import type { LabelValue } from '../labels.ts'
import { MOST_LABELS, type Parts, pairsOf } from './parts.ts'

/*
 * A kernel machine as bytes. Little-endian:
 *
 *    0 ┌ envelope "skKMAC" ───────────────────────────┐   ../envelope.ts
 *   12 ├ kernel u32 ┬ dimension u32 ┬ labels k u32 ───┤   a place in KERNELS
 *   24 ├ supports n u32 ┬ bytes of all labels u32 ────┤
 *   32 ├ gamma ┬ coef0 ┬ degree ┬ C ┬ accuracy f64 ───┤
 *   72 ├ records ┬ sample f64 ────────────────────────┤
 *   88 ├ weight f64 × (k − 1) × n                     │
 *      ├ offset ┬ slope ┬ intercept f64 × k (k − 1) / 2 each
 *      ├ end u32 × k                                  │
 *      ├ support f32 × n × dimension                  │
 *      └ label × k: type u32 ┬ bytes u32 ┬ text, UTF-16┘   a place in TYPES
 */

const SEALED: Envelope = { magic: 'skKMAC', version: 1, what: 'kernel machine' }
const NUMBERS = ENVELOPE + 20
const HEADER = NUMBERS + 56
const LABEL_HEADER = 8
const MOST_DIMENSION = 65_535

/** How to read the text of a label. Never to change: the places are the numbers that are stored. */
const TYPES = ['string', 'number', 'boolean', 'bigint'] as const

export function encodeMachine(parts: Parts): Uint8Array<ArrayBuffer> {
  const { kernel, dimension, labels, supports, weights, offsets, slopes, intercepts, ends } = parts
  const texts = labels.map(encodeLabel)
  const textBytes = texts.reduce((sum, text) => sum + text.length, 0)
  const arrays = [weights, offsets, slopes, intercepts, ends, supports]
  const numbers = arrays.reduce((sum, array) => sum + array.byteLength, 0)
  const bytes = emptyBytes(SEALED, HEADER + numbers + textBytes)
  const counts = [KERNELS.indexOf(kernel.name), dimension, labels.length, ends.at(-1)!, textBytes]
  counts.forEach((count, i) => void bytes.writeUInt32LE(count, ENVELOPE + 4 * i))
  const { gamma, coef0, degree } = kernel.parameters
  const scalars = [gamma, coef0, degree, parts.C, parts.accuracy, parts.records, parts.sample]
  scalars.forEach((number, i) => void bytes.writeDoubleLE(number, NUMBERS + 8 * i))
  let offset = HEADER
  for (const { buffer, byteOffset, byteLength } of [...arrays, ...texts]) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), offset)
    offset += byteLength
  }
  return seal(bytes)
}

function encodeLabel(label: LabelValue): Buffer {
  const text = Buffer.from(String(label), 'utf16le')
  const bytes = Buffer.alloc(LABEL_HEADER + text.length)
  bytes.writeUInt32LE(TYPES.indexOf(typeof label as (typeof TYPES)[number]), 0)
  bytes.writeUInt32LE(text.length, 4)
  text.copy(bytes, LABEL_HEADER)
  return bytes
}

/**
 * What `encodeMachine` has made bytes of; copied.
 *
 * @throws SkalarError `BAD_OPTION` for what is no Uint8Array, `UNSUPPORTED_VERSION`, and `CORRUPTED` for all other bytes
 */
export function decodeMachine(given: unknown): Parts {
  const bytes = unseal(given, SEALED, HEADER)
  const parts = readParts(bytes)
  if (parts === undefined || !isSound(parts)) throw inconsistent(SEALED)
  return parts
}

/** Undefined where they are not as many bytes as they say. */
function readParts(bytes: Buffer<ArrayBuffer>): Parts | undefined {
  const count = (i: number) => bytes.readUInt32LE(ENVELOPE + 4 * i)
  const scalar = (i: number) => bytes.readDoubleLE(NUMBERS + 8 * i)
  const [dimension, k, n, textBytes] = [count(1), count(2), count(3), count(4)]
  const name = KERNELS[count(0)]
  if (name === undefined || dimension > MOST_DIMENSION || k < 2 || k > MOST_LABELS || n === 0)
    return undefined
  const doubles = (k - 1) * n + 3 * pairsOf(k)
  if (HEADER + 8 * doubles + 4 * (k + n * dimension) + textBytes !== bytes.length) return undefined
  let offset = HEADER
  const take = (length: number) => {
    offset += length
    return bytes.buffer.slice(offset - length, offset)
  }
  return {
    kernel: {
      name,
      measure: name === 'linear' ? 'dot' : name,
      parameters: { gamma: scalar(0), coef0: scalar(1), degree: scalar(2) },
    },
    C: scalar(3),
    accuracy: scalar(4),
    records: scalar(5),
    sample: scalar(6),
    dimension,
    weights: new Float64Array(take(8 * (k - 1) * n)),
    offsets: new Float64Array(take(8 * pairsOf(k))),
    slopes: new Float64Array(take(8 * pairsOf(k))),
    intercepts: new Float64Array(take(8 * pairsOf(k))),
    ends: new Uint32Array(take(4 * k)),
    supports: new Float32Array(take(4 * n * dimension)),
    labels: readLabels(bytes.subarray(offset), k),
  }
}

/** Fewer where they are not what they should be. */
function readLabels(bytes: Buffer, count: number): LabelValue[] {
  const labels: LabelValue[] = []
  let offset = 0
  while (labels.length < count && offset + LABEL_HEADER <= bytes.length) {
    const type = TYPES[bytes.readUInt32LE(offset)]
    const length = bytes.readUInt32LE(offset + 4)
    offset += LABEL_HEADER + length
    if (offset > bytes.length) return []
    const label = labelOf(type, bytes.toString('utf16le', offset - length, offset))
    if (label === undefined) return []
    labels.push(label)
  }
  return offset === bytes.length ? labels : []
}

function labelOf(type: (typeof TYPES)[number] | undefined, text: string): LabelValue | undefined {
  switch (type) {
    case 'string':
      return text
    case 'number':
      return String(Number(text)) === text && text !== 'NaN' ? Number(text) : undefined
    case 'boolean':
      return text === 'true' || text === 'false' ? text === 'true' : undefined
    case 'bigint':
      return /^-?\d+$/.test(text) ? BigInt(text) : undefined
    case undefined:
      return undefined
  }
}

function isSound({
  kernel,
  C,
  accuracy,
  records,
  sample,
  dimension,
  labels,
  ends,
  ...arrays
}: Parts): boolean {
  const { gamma, coef0, degree } = kernel.parameters
  const { supports, weights, offsets, slopes, intercepts } = arrays
  const isCount = (n: number) => Number.isSafeInteger(n) && n > 0
  return (
    gamma > 0 &&
    [gamma, coef0, C].every(Number.isFinite) &&
    C > 0 &&
    [degree, records, sample, dimension].every(isCount) &&
    accuracy >= 0 &&
    accuracy <= 1 &&
    new Set(labels).size === ends.length &&
    ends.every((end, i) => end >= (ends[i - 1] ?? 0)) &&
    ends.at(-1)! * dimension === supports.length &&
    [supports, weights, offsets, slopes, intercepts].every((numbers) => numbers.every(Number.isFinite))
  )
}
