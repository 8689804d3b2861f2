import type { Id } from '../types.ts'
import type { Environment } from './environment.ts'
import { corruptedRow } from './integrity.ts'
import { END, END_OF_IDS, encodeId, START_OF_IDS } from './keys.ts'
import { decodeOrdinal, RecordRow } from './rows.ts'

/** Reading records. All of it sees the commit of the last `environment.refresh()`, or the transaction it runs in. */

/** The ordinal of an id in the rows of collection `number`; undefined when there is no such record. */
export function ordinalOf(environment: Environment, number: number, id: Uint8Array): number | undefined {
  const row = environment.ids.getBinaryFast([number, id])
  return row && decodeOrdinal(row, environment.ids.lastSize)
}

/** The record row of an ordinal. It lasts until the next read. */
export function recordAt(environment: Environment, number: number, ordinal: number): RecordRow | undefined {
  const bytes = environment.records.getBinaryFast([number, 0, ordinal])
  return bytes && new RecordRow(bytes, environment.records.lastSize)
}

/** The same of an ordinal that an id or the log leads to. @throws SkalarError `CORRUPTED` when there is none */
export function knownRecordAt(environment: Environment, number: number, ordinal: number): RecordRow {
  const row = recordAt(environment, number, ordinal)
  if (row === undefined) throw corruptedRow('a record is missing')
  return row
}

/** The record row of an id. It lasts until the next read. */
export function recordOf(environment: Environment, number: number, id: Id): RecordRow | undefined {
  const ordinal = ordinalOf(environment, number, encodeId(id))
  return ordinal === undefined ? undefined : knownRecordAt(environment, number, ordinal)
}

/** Bytes of record rows read at once: reading and decoding them takes a millisecond or two. */
const STRETCH_BYTES = 512 * 1024

/** Up to `limit` record rows from an ordinal on, in order of ordinals; fewer where they are large, but at least one. */
export function* recordsFrom(
  environment: Environment,
  number: number,
  ordinal: number,
  limit: number,
): Generator<{ ordinal: number; row: RecordRow }> {
  const start = [number, 0, ordinal] as const
  const end = [number, 0, END] as const
  let bytes = 0
  for (const { key, value } of environment.records.getRange({ start, end, limit })) {
    yield { ordinal: key[2], row: new RecordRow(value, value.length) }
    bytes += value.length
    if (bytes >= STRETCH_BYTES) return
  }
}

/** Up to `limit` ids behind one (from the first when undefined), in order of their bytes, with their ordinals. */
export function idsBehind(
  environment: Environment,
  number: number,
  after: Id | undefined,
  limit: number,
): { id: Uint8Array; ordinal: number }[] {
  const start = [number, after === undefined ? START_OF_IDS : encodeId(after)] as const
  const end = [number, END_OF_IDS] as const
  const entries: { id: Uint8Array; ordinal: number }[] = []
  for (const { key, value } of environment.ids.getRange({ start, end, exclusiveStart: true, limit })) {
    entries.push({ id: key[1], ordinal: decodeOrdinal(value, value.length) })
  }
  return entries
}
