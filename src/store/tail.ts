import { ByteStrings } from './byte-strings.ts'
import type { Environment } from './environment.ts'
import { END } from './keys.ts'
import { knownRecordAt } from './records.ts'
import { CHANGE_BYTES, Change, checkVectorRow, countChanges, vectorRowBytes } from './rows.ts'
import { checkVectors } from './vectors.ts'

const SPACE = 0

/** What a stretch of the change log amounts to. A slot stands in `slots` or in `removed`, never in both. */
export interface Tail {
  /** The log position it reaches. */
  readonly position: number
  readonly slots: Uint32Array
  readonly rows: Uint8Array
  readonly ordinals: Uint32Array
  readonly ids: ByteStrings
  readonly removed: Uint32Array
}

/**
 * Reads the log behind a position, about `limit` changes of it, with the rows as they are now: a row that later changes
 * have removed, or given to another record, is left out, as the rest of the log will say so too. (That other record may
 * have the ordinal of one that the reader still holds in another slot, whose id it must not overwrite.)
 */
export function readTail(
  environment: Environment,
  number: number,
  position: number,
  dimension: number,
  limit: number,
): Tail {
  const { latest, reached } = latestChanges(environment, number, position, limit)
  const bytes = vectorRowBytes(dimension)
  const rows = new Uint8Array(latest.size * bytes)
  const slots: number[] = []
  const ordinals: number[] = []
  const ids: Uint8Array[] = []
  const removed: number[] = []
  for (const [slot, ordinal] of latest) {
    const row = ordinal === undefined ? undefined : environment.vectors.getBinaryFast([number, SPACE, slot])
    if (ordinal === undefined || row?.readUInt32LE(0) !== ordinal) {
      removed.push(slot)
      continue
    }
    checkVectorRow(environment.vectors.lastSize, dimension)
    rows.set(row.subarray(0, bytes), slots.length * bytes)
    slots.push(slot)
    ordinals.push(ordinal)
    ids.push(knownRecordAt(environment, number, ordinal).idBytes)
  }
  checkVectors(environment, number, slots, rows.subarray(0, slots.length * bytes))
  return {
    position: reached,
    slots: Uint32Array.from(slots),
    rows,
    ordinals: Uint32Array.from(ordinals),
    ids: new ByteStrings(ids),
    removed: Uint32Array.from(removed),
  }
}

/** For each slot the ordinal it was put for last, undefined when it was deleted; in whole log rows until `limit` changes. */
function latestChanges(environment: Environment, number: number, position: number, limit: number) {
  const latest = new Map<number, number | undefined>()
  let reached = position
  let seen = 0
  const start = [number, SPACE, position] as const
  const end = [number, SPACE, END] as const
  for (const { key, value } of environment.log.getRange({ start, end, exclusiveStart: true })) {
    const changes = countChanges(value)
    for (let offset = 0; offset < changes * CHANGE_BYTES; offset += CHANGE_BYTES) {
      const change = value.readUInt32LE(offset)
      if (change === Change.metadata) continue
      const ordinal = change === Change.put ? value.readUInt32LE(offset + 8) : undefined
      latest.set(value.readUInt32LE(offset + 4), ordinal)
    }
    reached = key[2]
    seen += changes
    if (seen >= limit) break
  }
  return { latest, reached }
}
