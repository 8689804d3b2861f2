import type { Hit } from '../../engine/answers.ts'
import { type FieldValues, GroupCounts } from './groups.ts'
import type { Recommendation } from './request.ts'

/** Candidates that diversity chooses from: so many times `k`, and no fewer than this. */
const TIMES = 4
const FEWEST = 50

/** How many of the candidates are looked at first. */
export function firstWidth({ diversity, perGroup, settings: { k } }: Recommendation): number {
  if (diversity > 0) return Math.max(FEWEST, TIMES * k)
  return perGroup === undefined ? k : TIMES * k
}

/**
 * Up to `k` of the candidates, which come best first, as far as their groups have room. Pauses where it yields; then nothing may have
 * changed.
 */
export function* picked(
  { settings, perGroup }: Recommendation,
  candidates: readonly Hit[],
  values: FieldValues,
): Generator<undefined, readonly Hit[], unknown> {
  const counts = new GroupCounts(perGroup!)
  const chosen: Hit[] = []
  for (const [i, hit] of candidates.entries()) {
    if (chosen.length === settings.k) break
    const own = values.of(hit.ordinal)
    if (counts.hasRoom(own)) {
      counts.add(own)
      chosen.push(hit)
    }
    if (i % 64 === 63) yield
  }
  return chosen
}
