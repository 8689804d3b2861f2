import { type FileHandle, open } from 'node:fs/promises'
import { SkalarError } from '../../errors.ts'

/*
 * An index file as hnswlib writes it (`writeIndex` in Node, `save_index` in Python), read without hnswlib, which would trust
 * whatever is in it. Little-endian, of a 64-bit system; `element` = link bytes + vector bytes + 8:
 *
 *    0 ┌ 0 u64 ┬ max elements u64 ┬ elements u64 ┬ element bytes u64
 *   32 ├ label offset u64 ┬ vector offset u64 ┬ top level i32 ┬ entry point u32
 *   56 ├ M of upper levels u64 ┬ M of the ground level u64 ┬ M u64 ┬ level multiplier f64 ┬ efConstruction u64
 *   96 ├ elements × ( link count u16 ┬ deleted u8 ┬ 0 u8 ┬ links u32 × M of the ground level ┬ vector ┬ label u64 )
 *      └ elements × ( bytes u32 ┬ links of upper levels )
 */

const HEADER = 96
const LABEL_BYTES = 8
const DELETED = 2
const BLOCK = 2 ** 20

export interface IndexPoint {
  readonly label: number
  readonly vector: Float32Array
}

/** A file that has been checked to be an index, whole. To be closed. */
export class IndexFile {
  readonly dimension: number
  readonly #path: string
  readonly #file: FileHandle
  readonly #layout: Layout

  private constructor(path: string, file: FileHandle, layout: Layout) {
    this.#path = path
    this.#file = file
    this.#layout = layout
    this.dimension = (layout.labelOffset - layout.vectorOffset) / Float32Array.BYTES_PER_ELEMENT
  }

  /** `path` holds no NUL. @throws SkalarError `NOT_FOUND`, `CORRUPTED`, `STORAGE` */
  static async open(path: string): Promise<IndexFile> {
    const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === 'ENOENT' ? noFile(path, cause) : unreadable(path, cause)
    })
    try {
      const layout = decodeHeader(await read(path, file, 0, HEADER))
      if (layout === undefined) throw noIndex(path, 'its header is not one of hnswlib')
      if (!(await isWhole(path, file, layout))) throw noIndex(path, 'it is not as long as its header says')
      return new IndexFile(path, file, layout)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** The points that are not marked as deleted, in the order of their insertion. @throws SkalarError `CORRUPTED` */
  async *points(): AsyncGenerator<IndexPoint> {
    const { elements, elementBytes, vectorOffset, labelOffset } = this.#layout
    const perBlock = Math.max(1, Math.floor(BLOCK / elementBytes))
    for (let first = 0; first < elements; first += perBlock) {
      const count = Math.min(perBlock, elements - first)
      const block = await read(this.#path, this.#file, HEADER + first * elementBytes, count * elementBytes)
      if (block.length < count * elementBytes) throw noIndex(this.#path, 'it has become shorter')
      for (let offset = 0; offset < block.length; offset += elementBytes) {
        if (block[offset + DELETED]! & 1) continue
        const label = toNumber(block, offset + labelOffset)
        if (label === undefined) throw noIndex(this.#path, 'a label in it is no safe integer')
        // A copy, as a vector in the block need not be aligned.
        const bytes = block.buffer.slice(
          block.byteOffset + offset + vectorOffset,
          block.byteOffset + offset + labelOffset,
        )
        yield { label, vector: new Float32Array(bytes as ArrayBuffer) }
      }
    }
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

interface Layout {
  readonly elements: number
  readonly elementBytes: number
  readonly vectorOffset: number
  readonly labelOffset: number
}

function decodeHeader(header: Buffer): Layout | undefined {
  if (header.length < HEADER) return undefined
  const numbers = [0, 8, 16, 24, 32, 40, 64].map((offset) => toNumber(header, offset))
  if (!numbers.every((number) => number !== undefined)) return undefined
  const [zero, room, elements, elementBytes, labelOffset, vectorOffset, links] = numbers as Seven
  const vectorBytes = labelOffset - vectorOffset
  const fits =
    zero === 0 &&
    elements <= room &&
    vectorOffset === 4 + 4 * links &&
    vectorBytes > 0 &&
    vectorBytes % Float32Array.BYTES_PER_ELEMENT === 0 &&
    elementBytes === labelOffset + LABEL_BYTES
  return fits ? { elements, elementBytes, vectorOffset, labelOffset } : undefined
}

type Seven = [number, number, number, number, number, number, number]

/** Walks the lists of the upper levels, which must end where the file does. */
async function isWhole(path: string, file: FileHandle, { elements, elementBytes }: Layout): Promise<boolean> {
  const { size } = await file.stat()
  let position = HEADER + elements * elementBytes
  let block: Buffer = Buffer.alloc(0)
  let start = position
  for (let i = 0; i < elements; i++) {
    if (position + 4 > size) return false
    if (position + 4 > start + block.length) {
      start = position
      block = await read(path, file, start, Math.min(BLOCK, size - start))
    }
    position += 4 + block.readUInt32LE(position - start)
  }
  return position === size
}

/** Up to so many bytes; fewer where the file ends. @throws SkalarError `STORAGE`, for a folder too */
async function read(path: string, file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, position).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(path, cause)
  })
  return buffer.subarray(0, bytesRead)
}

/** Undefined when it is no safe integer. */
function toNumber(bytes: Buffer, offset: number): number | undefined {
  const value = Number(bytes.readBigUInt64LE(offset))
  return Number.isSafeInteger(value) ? value : undefined
}

function noFile(path: string, cause: Error): SkalarError {
  return new SkalarError('NOT_FOUND', `there is no file ${path}`, { path: 'path', cause })
}

function unreadable(path: string, cause: Error): SkalarError {
  const message = `${path} cannot be read: ${cause.message}. Check its name and permissions`
  return new SkalarError('STORAGE', message, { path: 'path', cause })
}

function noIndex(path: string, problem: string): SkalarError {
  const message = `${path} is no index file of hnswlib, or damaged: ${problem}. Write it again with writeIndex`
  return new SkalarError('CORRUPTED', message, { path: 'path' })
}
