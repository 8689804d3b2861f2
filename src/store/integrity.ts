import { SkalarError } from '../errors.ts'
import { firstDamagedRow } from '../native.ts'
import type { Id } from '../types.ts'

/*
 * Rows carry a CRC-32C of themselves (docs/format.md), since LMDB has none of its pages: what a disk, or whoever wrote
 * to the file, has changed is told instead of answered with.
 */

/** Bytes up to the end of the checksum. */
const LEAST = 8

/** Whether a row is as it was written. */
export function isIntact(row: Uint8Array): boolean {
  return row.length >= LEAST && firstDamagedRow(row, row.length) === 1
}

/** The error for rows that nothing can be made of. */
export function corruptedRow(problem: string, details?: { readonly cause: unknown }): SkalarError {
  return new SkalarError('CORRUPTED', `${problem}: restore the database from a backup`, details)
}

/** The error for the row of a vector that is not as it was written; of which record is known unless that is damaged too. */
export function damagedVector(slot: number, id: Id | undefined): SkalarError {
  const what = id === undefined ? `the vector in slot ${slot}` : `the vector of id ${JSON.stringify(id)}`
  const remedy = 'write its record again, delete it, or restore the database from a backup'
  return new SkalarError('CORRUPTED', `${what} is damaged: ${remedy}`, { id })
}
