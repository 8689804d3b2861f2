import { SkalarError } from '../errors.ts'
import type { Environment } from './environment.ts'
import { corruptedRow } from './integrity.ts'
import { decodeState, STATE_BYTES, type State } from './rows.ts'

/**
 * Where a collection stands, read anew. `identity` is the number it was created with: a collection that was dropped and
 * made again under its name has another, one that was cleared has not, though its rows have moved to another number.
 *
 * @throws SkalarError `NOT_FOUND` when it was dropped
 */
export function readState(environment: Pick<Environment, 'state'>, identity: number, name: string): State {
  return decodeState(stateRow(environment, identity, name))
}

/** The number a collection's rows are stored under: `readState(…).number`, for reads of a single record. Throws as it. */
export function readNumber(environment: Environment, identity: number, name: string): number {
  return stateRow(environment, identity, name).readUInt32LE(0)
}

function stateRow(environment: Pick<Environment, 'state'>, identity: number, name: string): Buffer {
  const row = environment.state.getBinaryFast([identity, 0, 0])
  if (row !== undefined) {
    const size = environment.state.lastSize
    if (size !== STATE_BYTES) throw corruptedRow(`the state row of collection '${name}' has ${size} bytes`)
    return row
  }
  throw new SkalarError('NOT_FOUND', `collection '${name}' was dropped: open it again with db.collection()`)
}
