import { closeSync, fdatasyncSync, openSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { SkalarError } from '../errors.ts'
import { lockFile } from '../native.ts'
import { bootId } from './boot.ts'
import {
  eraseRecords,
  type FlushRecord,
  readRecord,
  readSnapshot,
  writeRecord,
  writeSnapshot,
} from './flush-record.ts'

/*
 * What the first to open a database after the machine has started does: pages that were not flushed may be lost then, while a
 * meta page that tells of them is not. So the meta pages are set back to the transaction that was flushed last (flush-record.ts),
 * whose pages nobody has written over (flusher.ts). In the boot in which the record was written all that was committed is in
 * the system's memory, whoever was killed, and nothing is done.
 *
 * Whoever has a database open shares a lock of its data file; who may set it back has that lock alone. Where somebody has it
 * open, the machine has not stopped since he wrote, whatever number it gives the boot: containers may be told numbers of their own.
 */

/** Long enough for a flush of what another process puts right. */
const MOST_MS = 20_000
const PAUSE_MS = 5

/**
 * Opens a data file before LMDB does, shares its lock until it is closed, and sets it back where it may have lost pages.
 *
 * @returns its descriptor
 * @throws SkalarError `STORAGE` where `readOnly` forbids to set it back; what the file system throws
 */
export async function claim(path: string, readOnly: boolean): Promise<number> {
  const file = openSync(path, readOnly ? 'r' : 'r+')
  try {
    for (let waited = 0; !tryToClaim(file, path, readOnly); waited += PAUSE_MS) {
      if (waited >= MOST_MS) {
        throw new SkalarError('STORAGE', `another process holds ${path}: end it, and open the database again`)
      }
      await setTimeout(PAUSE_MS)
    }
    return file
  } catch (error) {
    closeSync(file)
    throw error
  }
}

/** False while somebody else has the file alone. */
function tryToClaim(file: number, path: string, readOnly: boolean): boolean {
  if (lockFile(file, false)) {
    const record = readRecord(file)
    if (record !== undefined) recoverFrom(file, path, record, readOnly)
  }
  return lockFile(file, true)
}

function recoverFrom(file: number, path: string, record: FlushRecord, readOnly: boolean): void {
  const boot = bootId()
  if (boot?.equals(record.boot)) return
  const { transaction } = record
  const isFlushed = latestIs(file, record)
  if (readOnly) {
    if (isFlushed) return
    const remedy = 'open it once without readOnly, on the file system where it was written'
    throw new SkalarError('STORAGE', `${path} was not closed before the machine stopped: ${remedy}`)
  }
  if (!isFlushed) {
    writeSnapshot(file, transaction & 1, record, transaction)
    writeSnapshot(file, (transaction & 1) ^ 1, record, Math.max(transaction - 1, 0))
    fdatasyncSync(file)
  }
  if (boot === undefined) eraseRecords(file)
  else writeRecord(file, record, boot)
  fdatasyncSync(file)
}

/** Whether the meta pages name no other transaction as the last. */
function latestIs(file: number, { transaction, meta }: FlushRecord): boolean {
  const own = readSnapshot(file, transaction & 1)
  const other = readSnapshot(file, (transaction & 1) ^ 1)
  return own.meta.equals(meta) && other.transaction <= transaction
}
