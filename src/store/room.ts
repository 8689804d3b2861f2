/*
 * How much is handled at a time, so that neither a turn of the event loop nor a transaction gets long: records cost their
 * number, large ones their bytes.
 */

/** Records of one transaction that writes them whole, at most. */
export const MOST_RECORDS = 1_000

/** Bytes of the rows that one transaction writes, at most, but for the row that reaches it. */
export const MOST_BYTES = 4 * 1024 * 1024

/** Bytes that take about as long as the rest of writing a record. */
const BYTES_OF_A_RECORD = MOST_BYTES / MOST_RECORDS

/** What a transaction costs besides, in records. */
export const TRANSACTION_WEIGHT = 5

/** What writing so many records of so many bytes costs, in records. */
export function weightOf(records: number, bytes: number): number {
  return Math.max(records, Math.ceil(bytes / BYTES_OF_A_RECORD))
}
