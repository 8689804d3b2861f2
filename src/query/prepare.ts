import type { EngineQuery } from '../engine/engine.ts'
import { SkalarError } from '../errors.ts'
import type { Source } from '../source.ts'
import { recordOf } from '../store/records.ts'
import type { Id } from '../types.ts'
import type { RecordTest } from './match.ts'
import type { Request } from './request.ts'

/** For each filter the slots it lets through, ascending. */
export type AllowedSlots = ReadonlyMap<RecordTest, Uint32Array>

/**
 * A request in the engine's terms: ids become slots and vectors.
 *
 * @throws SkalarError `NOT_FOUND` when the record to find neighbours of does not exist
 */
export function toEngineQuery(source: Source, request: Request, allowed: AllowedSlots): EngineQuery {
  const { target, settings } = request
  const { after, k, threshold, exact, ef, test } = settings
  const slot = target.id === undefined ? undefined : slotOf(source, target.id)
  return {
    vector: target.id === undefined ? target.vector : storedVector(source, target.id, slot),
    k,
    threshold,
    after: after && { score: after.score, slot: slotOf(source, after.id) },
    excluded: slot,
    allowed: test && allowed.get(test),
    exact,
    ef,
  }
}

function slotOf(source: Source, id: Id): number | undefined {
  return recordOf(source.environment, source.replica.number, id)?.slot
}

function storedVector(source: Source, id: Id, slot: number | undefined): Float32Array {
  const vector = slot === undefined ? undefined : source.replica.vectors.vector(slot)
  if (vector !== undefined) return vector
  throw new SkalarError('NOT_FOUND', `there is no record ${JSON.stringify(id)} to find neighbours of`, { id })
}
