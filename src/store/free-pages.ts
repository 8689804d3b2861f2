/*
 * LMDB's tree of free pages (`mdb_freelist_save` in lmdb-js's mdb.c). Its keys are transactions; a value is a list of u64: how
 * many numbers follow, then page numbers, where −n before one stands for n pages from it on, and 0 for none.
 *
 *   node of a page   0   u16, u16  of a leaf the length of the value; of a branch the page below, with the next
 *                    4   u16       flags
 *                    6   u16       length of the key
 *                    8   …         key, then value: of a big one the u64 number of the page behind whose header it begins
 */

const HEADER_BYTES = 24
const PAGE_BYTES = 16_384
const LEAF = 2
const BIG = 1

/** More levels, and longer lists, than any database has. */
const DEEPEST = 16
const MOST_PAGES = 2 ** 24

/** Reads bytes of a page, or of those that follow it; undefined behind the end of the file. */
export type ReadPage = (page: number, length: number, offset?: number) => Buffer | undefined

/** Whether all pages from `first` to `last` are listed as free in the tree with a root. */
export function isFree(first: number, last: number, root: number | undefined, read: ReadPage): boolean {
  if (root === undefined || last - first >= MOST_PAGES) return false
  const found = new Set<number>()
  const take = (page: number) => {
    if (page >= first && page <= last) found.add(page)
  }
  try {
    visit(root, 0, read, take)
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
  return found.size === last - first + 1
}

function visit(number: number, depth: number, read: ReadPage, take: (page: number) => void): void {
  const page = read(number, PAGE_BYTES)
  if (page === undefined || depth > DEEPEST) throw new RangeError('a page is missing')
  const isLeaf = (page.readUInt16LE(18) & LEAF) !== 0
  const nodes = page.readUInt16LE(20) >> 1
  for (let i = 0; i < nodes; i++) {
    const node = HEADER_BYTES + page.readUInt16LE(HEADER_BYTES + 2 * i)
    const low = page.readUInt32LE(node)
    if (isLeaf) takeList(listOf(page, node, low, read), take)
    else visit(low + page.readUInt16LE(node + 4) * 2 ** 32, depth + 1, read, take)
  }
}

function listOf(page: Buffer, node: number, length: number, read: ReadPage): Buffer {
  const start = node + 8 + page.readUInt16LE(node + 6)
  if ((page.readUInt16LE(node + 4) & BIG) === 0) return page.subarray(start, start + length)
  const value = length > 8 * MOST_PAGES ? undefined : read(numberAt(page, start), length, HEADER_BYTES)
  if (value === undefined) throw new RangeError('a list is missing')
  return value
}

function takeList(list: Buffer, take: (page: number) => void): void {
  const end = 8 * (1 + numberAt(list, 0))
  for (let at = 8; at < end; at += 8) {
    const entry = Number(list.readBigInt64LE(at))
    if (entry > 0) take(entry)
    if (entry >= 0) continue
    if (-entry > MOST_PAGES) throw new RangeError('a block is too long')
    at += 8
    const start = numberAt(list, at)
    for (let i = 0; i < -entry; i++) take(start + i)
  }
}

const numberAt = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at))
