import type { EngineQuery } from '../engine/engine.ts'
import { SkalarError } from '../errors.ts'
import type { Source } from '../source.ts'
import { recordOf } from '../store/records.ts'
import type { Id } from '../types.ts'
import type { AllowedSlots } from './allowed.ts'
import { isDistance, type Measure } from './measure.ts'
import type { Request, Settings } from './request.ts'

/**
 * A request in the engine's terms: ids become slots and vectors.
 *
 * @throws SkalarError `NOT_FOUND` when the record to find neighbours of does not exist
 */
export function toEngineQuery(source: Source, request: Request, allowed: AllowedSlots): EngineQuery {
  const { target, settings } = request
  const { after, k, threshold, exact, ef, test, measure } = settings
  const { metric, center, kernel, precision } = measure
  const slot = target.id === undefined ? undefined : slotOf(source, target.id)
  const vector = target.id === undefined ? target.vector : storedVector(source, target.id, slot)
  return {
    vector,
    metric,
    center,
    images: precision && source.precisions.imagesOf(precision),
    k,
    threshold: threshold === undefined || kernel === undefined ? threshold : kernel.loosest(threshold),
    after: after && markOf(source, after, vector, measure),
    excluded: slot,
    allowed: test && allowed.get(test),
    exact,
    ef,
  }
}

/** The match to go on behind, by its base score. */
function markOf(
  source: Source,
  { id, score }: NonNullable<Settings['after']>,
  vector: Float32Array,
  { metric, center, kernel }: Measure,
): NonNullable<EngineQuery['after']> {
  const slot = slotOf(source, id)
  if (kernel === undefined) return { score, slot }
  if (slot !== undefined) {
    const allowed = Uint32Array.of(slot)
    const own = { vector, metric, center, k: 1, allowed, exact: true }
    const none = { threshold: undefined, after: undefined, excluded: undefined, ef: undefined }
    const base = source.flat.searchSync([{ ...own, ...none }], source.replica.position).score(0)
    if (kernel.score(base) === score) return { score: base, slot }
  }
  // The record has another vector by now, or is gone.
  const worst = isDistance(metric) ? Number.MAX_VALUE : -Number.MAX_VALUE
  return { score: kernel.loosest(score) ?? worst, slot: undefined }
}

function slotOf(source: Source, id: Id): number | undefined {
  return recordOf(source.environment, source.replica.number, id)?.slot
}

function storedVector(source: Source, id: Id, slot: number | undefined): Float32Array {
  const vector = slot === undefined ? undefined : source.replica.vectors.vector(slot)
  if (vector !== undefined) return vector
  throw new SkalarError('NOT_FOUND', `there is no record ${JSON.stringify(id)} to find neighbours of`, { id })
}
