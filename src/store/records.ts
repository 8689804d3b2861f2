import type { Id } from '../types.ts'
import type { Environment } from './environment.ts'
import { END, END_OF_IDS, encodeId, START_OF_IDS } from './keys.ts'
import { RecordRow } from './rows.ts'

/** Reading records. All of it sees the commit of the last `environment.refresh()`, or the transaction it runs in. */

/** The ordinal of an id in the rows of collection `number`; undefined when there is no such record. */
export function ordinalOf(environment: Environment, number: number, id: Uint8Array): number | undefined {
  return environment.ids.getBinaryFast([number, id])?.readUInt32LE(0)
}

/** The record row of an ordinal. It lasts until the next read. */
export function recordAt(environment: Environment, number: number, ordinal: number): RecordRow | undefined {
  const bytes = environment.records.getBinaryFast([number, 0, ordinal])
  return bytes && new RecordRow(bytes, environment.records.lastSize)
}

/** The record row of an id. It lasts until the next read. */
export function recordOf(environment: Environment, number: number, id: Id): RecordRow | undefined {
  const ordinal = ordinalOf(environment, number, encodeId(id))
  return ordinal === undefined ? undefined : recordAt(environment, number, ordinal)
}

/** Up to `limit` record rows from an ordinal on, in order of ordinals. */
export function* recordsFrom(
  environment: Environment,
  number: number,
  ordinal: number,
  limit: number,
): Generator<{ ordinal: number; row: RecordRow }> {
  const start = [number, 0, ordinal] as const
  const end = [number, 0, END] as const
  for (const { key, value } of environment.records.getRange({ start, end, limit })) {
    yield { ordinal: key[2], row: new RecordRow(value, value.length) }
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
    entries.push({ id: key[1], ordinal: value.readUInt32LE(0) })
  }
  return entries
}
