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
 */

/** Long enough for a flush of what another process puts right. */
const MOST_MS = 20_000
const PAUSE_MS = 5

/**
 * Sets a data file back where it may have lost pages. To be called before LMDB opens it; nobody has it open if anything is to be done.
 *
 * @throws SkalarError `STORAGE` where `readOnly` forbids it; what the file system throws
 */
export async function recover(path: string, readOnly: boolean): Promise<void> {
  const file = openSync(path, readOnly ? 'r' : 'r+')
  try {
    // Who has not seen what another opener has just put right must not do it again: others write by then.
    await lock(file, path)
    const record = readRecord(file)
    if (record !== undefined) recoverFrom(file, path, record, readOnly)
  } finally {
    closeSync(file)
  }
}

async function lock(file: number, path: string): Promise<void> {
  for (let waited = 0; !lockFile(file); waited += PAUSE_MS) {
    if (waited >= MOST_MS) {
      throw new SkalarError('STORAGE', `another process holds ${path}: end it, and open the database again`)
    }
    await setTimeout(PAUSE_MS)
  }
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
    // The page that LMDB goes by first: while the other is as it was, whoever comes next begins anew.
    writeSnapshot(file, transaction & 1, record, transaction)
    writeSnapshot(file, (transaction & 1) ^ 1, record, Math.max(transaction - 1, 0))
    fdatasyncSync(file)
  }
  if (boot === undefined) eraseRecords(file)
  else {
    writeRecord(file, record, boot)
    fdatasyncSync(file)
    // In place of the later one, which has the former boot.
    writeRecord(file, record, boot)
  }
  fdatasyncSync(file)
}

/** Whether the meta pages name no other transaction as the last. */
function latestIs(file: number, { transaction, meta }: FlushRecord): boolean {
  const own = readSnapshot(file, transaction & 1)
  const other = readSnapshot(file, (transaction & 1) ^ 1)
  return own.meta.equals(meta) && other.transaction <= transaction
}
