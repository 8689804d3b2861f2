import { firstDamagedRow } from '../native.ts'
import type { Environment } from './environment.ts'
import { corruptedRow, damagedVector } from './integrity.ts'
import { recordAt } from './records.ts'
import { checkVectorRow, decodeVector, vectorRowBytes } from './rows.ts'

/*
 * Reading vector rows. All of it sees the commit of the last `environment.refresh()`, or the transaction it runs in, and
 * throws SkalarError `CORRUPTED` for a row that is not as it was written.
 */

const SPACE = 0

/** The vector in a slot, as it was written. */
export function readVector(
  environment: Environment,
  number: number,
  slot: number,
  dimension: number,
): Float32Array {
  const { vectors } = environment
  const row = vectors.getBinaryFast([number, SPACE, slot])
  if (row === undefined) throw corruptedRow('a vector is missing')
  checkVectorRow(vectors.lastSize, dimension)
  checkVectors(environment, number, [slot], row.subarray(0, vectorRowBytes(dimension)))
  return decodeVector(row, dimension)
}

/** Checks vector rows on their way into memory, side by side as they were read from `slots`. */
export function checkVectors(
  environment: Environment,
  number: number,
  slots: ArrayLike<number>,
  rows: Uint8Array,
): void {
  if (slots.length === 0) return
  const bytes = rows.length / slots.length
  const at = firstDamagedRow(rows, bytes)
  if (at === slots.length) return
  const ordinal = new DataView(rows.buffer, rows.byteOffset + at * bytes).getUint32(0, true)
  const record = recordAt(environment, number, ordinal)
  // The ordinal may be what is damaged.
  const isIts = record?.intact && record.slot === slots[at]
  throw damagedVector(slots[at]!, isIts ? record.id : undefined)
}
