import { statfsSync } from 'node:fs'
import { SkalarError } from '../errors.ts'

/** LMDB's and the operating system's numbers for "no room". */
const MAP_FULL = -30792
const ENOSPC = 28

/** A full disk surfaces as EIO in lmdb-js; it is told from a broken one by the room that is left. */
const EIO = 5
const LITTLE_ROOM = 4 * 1024 * 1024

/**
 * A failure of LMDB as a SkalarError with its origin as `cause`: `DISK_FULL` or `STORAGE`. Whatever else was thrown, by a
 * transaction's own code for example, comes back as it is.
 */
export async function toStorageError(error: unknown, folder: string): Promise<unknown> {
  if (!(error instanceof Error) || error instanceof SkalarError) return error
  const { commitError } = error as { commitError?: Promise<never> }
  // lmdb-js hides why a commit failed in a promise that ends Node when nobody handles it.
  const origin = commitError === undefined ? error : await commitError.catch((reason: Error) => reason)
  const { code } = origin as { code?: unknown }
  if (typeof code !== 'number') return error
  if (code === MAP_FULL || code === ENOSPC || (code === EIO && freeBytes(folder) < LITTLE_ROOM)) {
    const message = `no room left for the database in ${folder}: free some disk space, nothing committed is lost`
    return new SkalarError('DISK_FULL', message, { cause: origin })
  }
  const message = `the storage engine failed in ${folder}: ${origin.message}`
  return new SkalarError('STORAGE', message, { cause: origin })
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}
