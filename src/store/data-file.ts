import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { isFree, type ReadPage } from './free-pages.ts'

/*
 * What must be known of LMDB's data file before lmdb-js is called, because lmdb-js ends the process where LMDB refuses a
 * file, and LMDB where it reads behind the end of one. Layout of data version 2, as lmdb-js 3.5 writes it (`MDB_page` and
 * `MDB_meta` in its mdb.c); 64-bit and little-endian, as we are.
 *
 *   page        0   u64  its number              meta page   24  u32  magic
 *               8   u64  transaction                         28  u16  data version, and two bytes more
 *               18  u16  flags                               40  u64  size of the map
 *               20  u16  end of the list of nodes            48  u32  page size
 *               24  …    content                             52  u16  flags of the environment
 *                                                            88  u64  root of the tree of free pages
 *                                                            136 u64  root of the tree of tables
 *                                                            144 u64  last page in use
 *                                                            152 u64  transaction
 *
 * Pages 0 and 1 are meta pages, written in turn.
 */

export const PAGE_SIZE = 16_384

const MAGIC = 0xbeefc0de
const DATA_VERSION = 2
export const META_BYTES = 168
const PLACES = [0, PAGE_SIZE]
const HEAD_BYTES = PAGE_SIZE + META_BYTES

/** Flags of pages, and of environments. */
const BRANCH = 1
const LEAF = 2
const META = 8
const ENCRYPTED = 0x2000
const NATIVE_KEYS = 8

/** The size of the map that lmdb-js begins with. */
const MAP_SIZE = 0x20000
const NO_PAGE = 0xffff_ffff_ffff_ffffn

/** Why a file is not to be opened. */
export interface Fault {
  readonly code: 'NOT_A_DATABASE' | 'CORRUPTED'
  readonly problem: string
}

interface Meta {
  readonly freeRoot: number | undefined
  readonly mainRoot: number | undefined
  readonly lastPage: number
  readonly transaction: number
}

/** The bytes of a data file in which nothing was written yet, the same as LMDB makes. */
export function emptyDataFile(): Buffer {
  const bytes = Buffer.alloc(2 * PAGE_SIZE)
  for (const page of [0, 1]) {
    const at = page * PAGE_SIZE
    bytes.writeBigUInt64LE(BigInt(page), at)
    bytes.writeUInt16LE(META, at + 18)
    bytes.writeUInt32LE(MAGIC, at + 24)
    bytes.writeUInt32LE(DATA_VERSION, at + 28)
    bytes.writeBigUInt64LE(BigInt(MAP_SIZE), at + 40)
    bytes.writeUInt32LE(PAGE_SIZE, at + 48)
    bytes.writeUInt16LE(NATIVE_KEYS, at + 52)
    bytes.writeBigUInt64LE(NO_PAGE, at + 88)
    bytes.writeBigUInt64LE(NO_PAGE, at + 136)
    bytes.writeBigUInt64LE(1n, at + 144)
  }
  return bytes
}

/**
 * What keeps LMDB from opening and reading a data file that is not empty; undefined when nothing does. While others write, a
 * fault may be told of that is none a moment later.
 */
export function faultOfDataFile(path: string): Fault | undefined {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(HEAD_BYTES)
    const read = readSync(file, head, 0, HEAD_BYTES, 0)
    // Looked at after the meta pages: what they name was written before them, and the file only grows.
    const { size } = fstatSync(file)
    const page: ReadPage = (number, length, offset = 0) => {
      const bytes = Buffer.alloc(length)
      const at = number * PAGE_SIZE + offset
      return readSync(file, bytes, 0, length, at) === length ? bytes : undefined
    }
    return faultOfHead(head.subarray(0, read), size) ?? faultOfPages(head, size, page)
  } finally {
    closeSync(file)
  }
}

function faultOfHead(head: Buffer, size: number): Fault | undefined {
  if (head.length < 28 || head.readUInt32LE(24) !== MAGIC) return foreign('is no file of LMDB')
  if (head.length < META_BYTES || size < 2 * PAGE_SIZE) return cutOff(size)
  if (head.readUInt16LE(28) !== DATA_VERSION) return foreign('is of another version of LMDB')
  const pageSize = head.readUInt32LE(48)
  if (pageSize !== PAGE_SIZE) {
    const plausible = pageSize >= 256 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0
    return plausible ? foreign(`has pages of ${pageSize} bytes`) : damaged('has damaged meta pages')
  }
  if ((head.readUInt16LE(52) & ENCRYPTED) !== 0) return foreign('is encrypted')
  const whole = PLACES.every(
    (at) => (head.readUInt16LE(at + 18) & META) !== 0 && head.readUInt32LE(at + 24) === MAGIC,
  )
  return whole ? undefined : damaged('has damaged meta pages')
}

function faultOfPages(head: Buffer, size: number, page: ReadPage): Fault | undefined {
  const meta = metaInForce(head)
  const pages = Math.floor(size / PAGE_SIZE)
  for (const root of [meta.freeRoot, meta.mainRoot]) {
    if (root === undefined) continue
    if (root < 2 || root > meta.lastPage) return damaged('has damaged meta pages')
    if (root >= pages) return cutOff(size)
    const header = page(root, 24)
    const sound = header !== undefined && Number(header.readBigUInt64LE(0)) === root
    if (!sound || (header.readUInt16LE(18) & (BRANCH | LEAF)) === 0) return damaged('has damaged pages')
  }
  // The last pages may never have been written: those that became free within the transaction that took them.
  if (meta.lastPage < pages || isFree(pages, meta.lastPage, meta.freeRoot, page)) return undefined
  return cutOff(size)
}

const foreign = (problem: string): Fault => ({ code: 'NOT_A_DATABASE', problem })
const damaged = (problem: string): Fault => ({ code: 'CORRUPTED', problem })
const cutOff = (size: number): Fault => damaged(`was cut off: it ends after ${size} bytes`)

/** The one that LMDB goes by: the later. */
function metaInForce(head: Buffer): Meta {
  const [first, second] = PLACES.map((at) => metaAt(head, at)) as [Meta, Meta]
  return first.transaction >= second.transaction ? first : second
}

function metaAt(head: Buffer, at: number): Meta {
  const pageAt = (offset: number): number | undefined => {
    const number = head.readBigUInt64LE(at + offset)
    return number === NO_PAGE ? undefined : Number(number)
  }
  return {
    freeRoot: pageAt(88),
    mainRoot: pageAt(136),
    lastPage: Number(head.readBigUInt64LE(at + 144)),
    transaction: Number(head.readBigUInt64LE(at + 152)),
  }
}
