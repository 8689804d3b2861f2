import { crc32 } from 'node:zlib'

/*
 * What stands beside a saved graph, in `<name>.table`. Little-endian:
 *
 *    0 ┌ magic "skHNSW" 6 bytes ┬ version u16 ┐
 *    8 ├ CRC-32 of all that follows   u32 ────┤
 *   12 ├ dimension u32 ┬ M u32 ┬ efConstruction u32
 *   24 ├ position f64 ┬ reference f64 ────────┤   log position; reference length (hnswlib/space.ts)
 *   40 ├ bytes f64 ┬ CRC-32 u32 ───────────────┤   of the graph file, `<name>.graph`
 *   52 ├ nodes u32 ────────────────────────────┤
 *   56 ├ slot u32 × nodes ─────────────────────┤   0xFFFFFFFF: a dead node
 *      ├ of hnswlib only: ─────────────────────┤
 *      ├ hash u32 × nodes ─────────────────────┤   of the point a node has in hnswlib (hnswlib/heads.ts)
 *      └ copies × ( node u32 ┬ slot u32 ) ─────┘   further slots of a node; the highest bit: their vectors are not all equal
 *
 * The graph file itself is in its engine's own format. Another version of this one is an unusable file.
 */

const MAGIC = Buffer.from('skHNSW')
/** Of the files of each engine. Version 2 of those of hnswlib had a node for each copy. */
const VERSION = { hnsw: 2, hnswlib: 3 } as const
const CHECKED = 12
const HEADER = 56

/** Beside a node among `copies`: the vectors of its slots are not all equal. */
export const UNEQUAL = 0x8000_0000

/** Which engine wrote a graph. */
export type GraphKind = 'hnsw' | 'hnswlib'

export function isGraphKind(kind: string): kind is GraphKind {
  return Object.hasOwn(VERSION, kind)
}

/** What a graph was built with. */
export interface GraphFormat {
  readonly kind: GraphKind
  readonly dimension: number
  readonly M: number
  readonly efConstruction: number
}

/** By which a file is known again. */
export interface Digest {
  readonly bytes: number
  readonly crc: number
}

export interface Table extends GraphFormat {
  /** The log position of the collection that the graph stands for. */
  readonly position: number
  readonly reference: number
  /** The slot of each node; `NONE` for dead ones. */
  readonly slots: Uint32Array
  /** Of each node, where the engine has them. */
  readonly hashes: Uint32Array
  /** Nodes, each with a further slot behind it, where the engine has them. */
  readonly copies: Uint32Array
}

export function encodeTable(table: Table, graph: Digest): Buffer {
  const { slots, hashes, copies } = table
  const bytes = Buffer.alloc(HEADER + 4 * (slots.length + hashes.length + copies.length))
  MAGIC.copy(bytes)
  bytes.writeUInt16LE(VERSION[table.kind], 6)
  bytes.writeUInt32LE(table.dimension, 12)
  bytes.writeUInt32LE(table.M, 16)
  bytes.writeUInt32LE(table.efConstruction, 20)
  bytes.writeDoubleLE(table.position, 24)
  bytes.writeDoubleLE(table.reference, 32)
  bytes.writeDoubleLE(graph.bytes, 40)
  bytes.writeUInt32LE(graph.crc, 48)
  bytes.writeUInt32LE(slots.length, 52)
  let at = HEADER
  for (const numbers of [slots, hashes, copies]) {
    for (const number of numbers) at = bytes.writeUInt32LE(number, at)
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(CHECKED)), 8)
  return bytes
}

/** Undefined for bytes that are damaged, or of another version. */
export function decodeTable(bytes: Buffer, kind: GraphKind): { table: Table; graph: Digest } | undefined {
  if (bytes.length < HEADER || !bytes.subarray(0, 6).equals(MAGIC)) return undefined
  if (bytes.readUInt16LE(6) !== VERSION[kind] || bytes.readUInt32LE(8) !== crc32(bytes.subarray(CHECKED))) {
    return undefined
  }
  const nodes = bytes.readUInt32LE(52)
  const hashes = kind === 'hnswlib' ? nodes : 0
  const copies = (bytes.length - HEADER) / 4 - nodes - hashes
  if (kind === 'hnswlib' ? copies < 0 || copies % 2 !== 0 : copies !== 0) return undefined
  return {
    table: {
      kind,
      dimension: bytes.readUInt32LE(12),
      M: bytes.readUInt32LE(16),
      efConstruction: bytes.readUInt32LE(20),
      position: bytes.readDoubleLE(24),
      reference: bytes.readDoubleLE(32),
      slots: numbersAt(bytes, HEADER, nodes),
      hashes: numbersAt(bytes, HEADER + 4 * nodes, hashes),
      copies: numbersAt(bytes, HEADER + 4 * (nodes + hashes), copies),
    },
    graph: { bytes: bytes.readDoubleLE(40), crc: bytes.readUInt32LE(48) },
  }
}

function numbersAt(bytes: Buffer, at: number, count: number): Uint32Array {
  const numbers = new Uint32Array(count)
  for (let i = 0; i < count; i++) numbers[i] = bytes.readUInt32LE(at + 4 * i)
  return numbers
}
