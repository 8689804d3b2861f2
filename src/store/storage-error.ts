import { statfsSync } from 'node:fs'
import { SkalarError, type SkalarErrorCode } from '../errors.ts'

/** The operating system's number for memory that is refused. */
const ENOMEM = 12

/** LMDB's and the operating system's numbers for "no room". */
const MAP_FULL = -30792
const ENOSPC = 28

/**
 * A full disk surfaces as EIO in lmdb-js, or only as a transaction that has failed (MDB_BAD_TXN); it is told from a broken
 * one by the room that is left.
 */
const MAYBE_FULL: ReadonlySet<unknown> = new Set([5, -30782])
const LITTLE_ROOM = 4 * 1024 * 1024

/** LMDB's number for "no place for another reader". */
const READERS_FULL = -30790

/** LMDB's numbers for pages that are not what it has written. */
const DAMAGED: ReadonlySet<unknown> = new Set([
  -30797, // MDB_PAGE_NOTFOUND
  -30796, // MDB_CORRUPTED
  -30794, // MDB_VERSION_MISMATCH
  -30793, // MDB_INVALID
  -30784, // MDB_INCOMPATIBLE
  -30779, // MDB_PROBLEM
  -30778, // MDB_BAD_CHECKSUM
])

/**
 * What a call of lmdb-js has thrown, as a SkalarError with it as `cause`: `CORRUPTED`, `DISK_FULL`, `OUT_OF_MEMORY`, `CLOSED` or
 * `STORAGE`.
 * A SkalarError comes back as it is.
 */
export function storageError(error: unknown, folder: string): SkalarError {
  if (error instanceof SkalarError) return error
  const { code: number, message } = error as { code?: unknown; message: string }
  const code = codeOf(error, number, message, folder)
  const problem = number === READERS_FULL ? 'more than 2048 threads and processes read at once' : message
  return new SkalarError(code, messageOf(code, folder, problem), { cause: error })
}

function codeOf(error: unknown, number: unknown, message: string, folder: string): SkalarErrorCode {
  if (number === MAP_FULL || number === ENOSPC) return 'DISK_FULL'
  if (number === ENOMEM) return 'OUT_OF_MEMORY'
  if (MAYBE_FULL.has(number) && freeBytes(folder) < LITTLE_ROOM) return 'DISK_FULL'
  // What lmdb-js finds in a page that it cannot use.
  if (DAMAGED.has(number) || error instanceof RangeError || /invalid key size/i.test(message))
    return 'CORRUPTED'
  if (typeof number !== 'number' && /closed/.test(message)) return 'CLOSED'
  return 'STORAGE'
}

function messageOf(code: SkalarErrorCode, folder: string, problem: string): string {
  switch (code) {
    case 'DISK_FULL':
      return `no room left for the database in ${folder}: free some disk space, nothing committed is lost`
    case 'OUT_OF_MEMORY':
      return `not enough memory for the database in ${folder}: free some, and try again`
    case 'CORRUPTED':
      return `the database in ${folder} is damaged (${problem}): restore it from a backup`
    case 'CLOSED':
      return 'the database is closed: open it again'
    default:
      return `the storage engine failed in ${folder}: ${problem}`
  }
}

/** The same of a transaction that failed. lmdb-js hides why in a promise that ends Node when nobody handles it. */
export async function commitFailure(error: unknown, folder: string): Promise<SkalarError> {
  const { commitError } = error as { commitError?: Promise<never> }
  const origin = commitError === undefined ? error : await commitError.catch((reason: Error) => reason)
  return storageError(origin, folder)
}

/** A failure to open a database, likewise. */
export function openingError(error: unknown, folder: string, readOnly: boolean): unknown {
  if (!(error instanceof Error) || error instanceof SkalarError) return error
  if (!readOnly && freeBytes(folder) < LITTLE_ROOM) {
    const message = `no room left to open the database in ${folder}: free some disk space, nothing committed is lost`
    return new SkalarError('DISK_FULL', message, { cause: error })
  }
  const message = `${folder} cannot be opened as a database: ${error.message}`
  return new SkalarError('STORAGE', message, { cause: error })
}

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
