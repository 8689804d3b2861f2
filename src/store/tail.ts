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

/** Bytes of vectors and records read at once, but for those of the log row that reaches it. */
const TAIL_BYTES = 2 * 1024 * 1024

/** What a slot holds by now. */
interface Put {
  readonly row: Uint8Array
  readonly ordinal: number
  readonly id: Uint8Array
}

/**
 * Reads the log behind a position, in whole log rows until there are `limit` changes or much to read with them, with the
 * rows as they are now: a row that later changes have removed, or given to another record, is left out, as the rest of the
 * log will say so too. (That other record may have the ordinal of one that the reader still holds in another slot, whose id
 * it must not overwrite.)
 */
export function readTail(
  environment: Environment,
  number: number,
  position: number,
  dimension: number,
  limit: number,
): Tail {
  const { latest, reached } = latestChanges(environment, number, position, dimension, limit)
  const puts = [...latest].filter((change): change is [number, Put] => change[1] !== undefined)
  const removed = [...latest].filter(([, put]) => put === undefined)
  const rows = Buffer.concat(puts.map(([, { row }]) => row))
  const slots = Uint32Array.from(puts, ([slot]) => slot)
  return {
    position: reached,
    slots,
    rows,
    ordinals: Uint32Array.from(puts, ([, { ordinal }]) => ordinal),
    ids: new ByteStrings(puts.map(([, { id }]) => id)),
    removed: Uint32Array.from(removed, ([slot]) => slot),
  }
}

/** For each slot what it holds, undefined when that is not what the log says so far. */
function latestChanges(
  environment: Environment,
  number: number,
  position: number,
  dimension: number,
  limit: number,
) {
  const rowBytes = vectorRowBytes(dimension)
  const latest = new Map<number, Put | undefined>()
  let reached = position
  let seen = 0
  let bytes = 0
  const start = [number, SPACE, position] as const
  const end = [number, SPACE, END] as const
  for (const { key, value } of environment.log.getRange({ start, end, exclusiveStart: true })) {
    const changes = countChanges(value)
    for (let offset = 0; offset < changes * CHANGE_BYTES; offset += CHANGE_BYTES) {
      const change = value.readUInt32LE(offset)
      if (change === Change.metadata) continue
      const slot = value.readUInt32LE(offset + 4)
      const ordinal = value.readUInt32LE(offset + 8)
      latest.set(slot, change === Change.put ? read(slot, ordinal) : undefined)
    }
    reached = key[2]
    seen += changes
    if (seen >= limit || bytes >= TAIL_BYTES) break
  }
  return { latest, reached }

  function read(slot: number, ordinal: number): Put | undefined {
    const stored = environment.vectors.getBinaryFast([number, SPACE, slot])
    if (stored === undefined) return undefined
    checkVectorRow(environment.vectors.lastSize, dimension)
    const row = Uint8Array.prototype.slice.call(stored, 0, rowBytes)
    // The ordinal may be what is damaged.
    checkVectors(environment, number, [slot], row)
    if (stored.readUInt32LE(0) !== ordinal) return undefined
    const record = knownRecordAt(environment, number, ordinal)
    bytes += rowBytes + record.size
    return { row, ordinal, id: record.idBytes }
  }
}
