import type { Answers } from '../engine/answers.ts'
import { DEFAULT_EF } from '../engine/defaults.ts'
import type { AbortFlag, Engine, EngineQuery } from '../engine/engine.ts'
import type { Source } from '../source.ts'
import { ownMetric } from './own-metric.ts'
import type { Settings } from './request.ts'

/*
 * Two stages: candidates are found by the collection's metric, as a graph finds them, and ranked by another, exactly. The answer
 * is the exact one among the candidates. Conditions on scores are of the second stage, filters of both.
 */

/** Of the first stage. */
export function candidateQuery(source: Source, settings: Settings, query: EngineQuery): EngineQuery {
  const k = Math.max(settings.k, settings.candidates ?? query.ef ?? DEFAULT_EF)
  return { ...query, ...ownMetric(source), k, threshold: undefined, after: undefined }
}

/** Undefined when writes have come between. Rejects as `Engine.search`. */
export async function searchCandidates(
  source: Source,
  engine: Engine,
  settings: readonly Settings[],
  queries: readonly EngineQuery[],
  since: number,
  abort: AbortFlag | undefined,
): Promise<Answers | undefined> {
  const { flat, replica } = source
  const { vectors } = replica
  const wide = queries.map((query, i) => candidateQuery(source, settings[i]!, query))
  const first = await engine.search(wide, since, abort)
  if (replica.vectors !== vectors || replica.position !== since) return undefined
  return (await flat.search(among(queries, first), since, abort)).withCostsOf(first)
}

/** The same on the calling thread. The answers last. */
export function searchCandidatesSync(
  source: Source,
  engine: Engine,
  settings: readonly Settings[],
  queries: readonly EngineQuery[],
  since: number,
): Answers {
  const wide = queries.map((query, i) => candidateQuery(source, settings[i]!, query))
  // What it has told is read before the next answers take its place.
  const first = engine.searchSync(wide, since)
  const narrowed = among(queries, first)
  const costs = first.choose(
    () => false,
    () => 0,
  )
  return source.flat.searchSync(narrowed, since).withCostsOf(costs)
}

function among(queries: readonly EngineQuery[], first: Answers): EngineQuery[] {
  let hit = 0
  return queries.map((query, i) => {
    const allowed = Uint32Array.from({ length: first.hitsOf(i) }, () => first.slot(hit++)).sort()
    return { ...query, allowed }
  })
}
