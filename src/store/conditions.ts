import { SkalarError } from '../errors.ts'
import type { Id } from '../types.ts'
import type { Batch } from './batch.ts'
import type { Environment } from './environment.ts'
import { ordinalOf } from './records.ts'

/** What must hold before records are written; looked at before the first row is put. */

export type WriteMode = 'upsert' | 'insert' | 'update'

/**
 * The ordinals of a batch's records in the rows of collection `number`, undefined for those that are new.
 *
 * @throws SkalarError `ID_EXISTS` or `NOT_FOUND`, as `mode` has it
 */
export function existing(
  environment: Environment,
  number: number,
  batch: Batch,
  mode: WriteMode,
): (number | undefined)[] {
  return batch.idBytes.map((idBytes, i) => {
    const ordinal = ordinalOf(environment, number, idBytes)
    checkMode(mode, ordinal !== undefined, batch.ids[i]!)
    return ordinal
  })
}

function checkMode(mode: WriteMode, exists: boolean, id: Id): void {
  if (mode === 'insert' && exists) {
    throw new SkalarError('ID_EXISTS', `id ${JSON.stringify(id)} exists: use mode 'upsert' to replace it`, {
      id,
    })
  }
  if (mode === 'update' && !exists) {
    throw new SkalarError('NOT_FOUND', `there is no id ${JSON.stringify(id)} to update: use mode 'upsert'`, {
      id,
    })
  }
}

/** @throws SkalarError `CONFLICT` */
export function checkVersion(id: Id, version: number, expected: number | undefined): void {
  if (expected === undefined || version === expected) return
  throw new SkalarError(
    'CONFLICT',
    `id ${JSON.stringify(id)} has version ${version}, not ${expected}: read it again and repeat the change`,
    { id },
  )
}
