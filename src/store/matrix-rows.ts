import { sealRow } from '../native.ts'
import type { Environment } from './environment.ts'
import { corruptedRow, isIntact } from './integrity.ts'
import type { RowKey } from './keys.ts'

/*
 * The matrix of a collection whose metric is a Mahalanobis distance, dimension × dimension numbers row by row, in rows of its own
 * beside the collection's state row: (identity, 1, 0), (identity, 1, 1) …, each but the last with 65,536 numbers. It never changes.
 *
 *    0 ┌ numbers u32 ┬ CRC-32C u32 ┐   of all other bytes of the row
 *    8 └ number f64 × numbers ─────┘
 *
 * Never to change: rows are on disk (docs/format.md).
 */

const KIND = 1
const HEADER = 8
const NUMBERS = 65_536

/** Bytes of LMDB that a matrix takes. */
export function matrixBytes(numbers: number): number {
  return rowsOf(numbers) * HEADER + 8 * numbers
}

/** In the write transaction that creates the collection. */
export function putMatrix(environment: Environment, identity: number, matrix: Float64Array): void {
  for (let i = 0; i < rowsOf(matrix.length); i++) {
    const numbers = matrix.subarray(i * NUMBERS, (i + 1) * NUMBERS)
    const row = Buffer.allocUnsafe(HEADER + numbers.byteLength)
    row.writeUInt32LE(numbers.length)
    row.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), HEADER)
    sealRow(row)
    environment.state.putSync(keyOf(identity, i), row)
  }
}

/** @throws SkalarError `CORRUPTED` where it is not as it was written */
export function readMatrix(
  environment: Environment,
  identity: number,
  dimension: number,
  name: string,
): Float64Array {
  const matrix = new Float64Array(dimension * dimension)
  const bytes = new Uint8Array(matrix.buffer)
  for (let i = 0; i < rowsOf(matrix.length); i++) {
    const row = environment.state.get(keyOf(identity, i))
    const length = Math.min(NUMBERS, matrix.length - i * NUMBERS)
    if (row?.length !== HEADER + 8 * length || row.readUInt32LE(0) !== length || !isIntact(row)) {
      throw corruptedRow(`the matrix of collection '${name}' is damaged`)
    }
    bytes.set(row.subarray(HEADER), 8 * i * NUMBERS)
  }
  return matrix
}

/** In the write transaction that drops the collection. */
export function removeMatrix(environment: Environment, identity: number, dimension: number): void {
  for (let i = 0; i < rowsOf(dimension * dimension); i++) environment.state.removeSync(keyOf(identity, i))
}

function rowsOf(numbers: number): number {
  return Math.ceil(numbers / NUMBERS)
}

function keyOf(identity: number, row: number): RowKey {
  return [identity, KIND, row]
}
