import type { Environment } from './environment.ts'
import { END } from './keys.ts'
import { CHANGE_BYTES, Change, countChanges, type State } from './rows.ts'

const SPACE = 0

/** What the log says of a stretch of time. */
export interface ChangedNumbers {
  /** Slots that were put or removed. */
  readonly slots: ReadonlySet<number>
  /** Ordinals of records that were written or removed. */
  readonly ordinals: ReadonlySet<number>
}

/** What has changed behind a log position; undefined when the log does not reach back that far. */
export function changesSince(
  environment: Environment,
  state: State,
  position: number,
): ChangedNumbers | undefined {
  if (position + 1 < state.firstPosition) return undefined
  const slots = new Set<number>()
  const ordinals = new Set<number>()
  const start = [state.number, SPACE, position] as const
  const end = [state.number, SPACE, END] as const
  for (const { value } of environment.log.getRange({ start, end, exclusiveStart: true })) {
    const bytes = countChanges(value) * CHANGE_BYTES
    for (let offset = 0; offset < bytes; offset += CHANGE_BYTES) {
      if (value.readUInt32LE(offset) !== Change.metadata) slots.add(value.readUInt32LE(offset + 4))
      ordinals.add(value.readUInt32LE(offset + 8))
    }
  }
  return { slots, ordinals }
}
