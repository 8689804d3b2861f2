import type { Snapshot } from '../../store/environment.ts'
import { END } from '../../store/keys.ts'
import { CHANGE_BYTES, Change, countChanges, type State } from '../../store/rows.ts'
import type { Findings } from './findings.ts'
import type { RowCheck } from './rows.ts'
import { stretchesOf } from './stretches.ts'

const SPACE = 0

/** The log holds exactly the positions that the state says, and its last word on each slot is what the rows say. Yields as `RowCheck`. */
export function* checkLog(
  tables: Snapshot,
  state: State,
  rows: RowCheck,
  findings: Findings,
): Generator<number> {
  const { number, firstPosition, position } = state
  /** Whether each slot was put or removed by the last change of it. */
  const lives = new Map<number, boolean>()
  let next = firstPosition
  for (const entries of stretchesOf(tables.log, [number, SPACE, 0], [number, SPACE, END])) {
    for (const { key, value } of entries) {
      const changes = countChanges(value)
      const first = key[2] - changes + 1
      if (first !== next)
        findings.add('WRONG_LOG', `behind position ${next - 1} the log goes on with ${first}`)
      next = key[2] + 1
      for (let at = 0; at < value.length; at += CHANGE_BYTES) take(value, at)
    }
    yield 0
  }
  if (next !== position + 1)
    findings.add('WRONG_LOG', `the log ends with position ${next - 1}, and the last change was ${position}`)
  for (const [slot, isLive] of lives) {
    if (rows.hasSlot(slot) === isLive) continue
    findings.add(
      'WRONG_LOG',
      `by the log slot ${slot} was ${isLive ? 'put' : 'removed'}, by the rows it was not`,
    )
  }

  function take(row: Buffer, at: number): void {
    const change = row.readUInt32LE(at)
    const slot = row.readUInt32LE(at + 4)
    const ordinal = row.readUInt32LE(at + 8)
    const isKnown = Object.values<number>(Change).includes(change)
    if (!isKnown || slot >= state.nextSlot || ordinal >= state.nextOrdinal) {
      findings.add('WRONG_LOG', `a change is ${change} of slot ${slot} and ordinal ${ordinal}`)
    } else if (change !== Change.metadata) lives.set(slot, change === Change.put)
  }
}
