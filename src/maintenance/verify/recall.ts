import type { Answers } from '../../engine/answers.ts'
import type { EngineQuery } from '../../engine/engine.ts'
import { SkalarError } from '../../errors.ts'
import { Abort } from '../../query/abort.ts'
import { isDistance } from '../../query/measure.ts'
import { ownMetric } from '../../query/own-metric.ts'
import type { Source } from '../../source.ts'
import type { MaintenanceProgress } from '../types.ts'
import type { Work } from '../work.ts'
import type { Findings } from './findings.ts'

/** Stored vectors that are looked for, and the neighbours of each. */
const SAMPLE = 64
const K = 10

/** A graph that is whole finds far more, whatever the vectors are. */
const LEAST_RECALL = 0.7

/** What the engine finds for some of the stored vectors, against the exact scan: the neighbours' scores, since equal ones have no order to keep. */
export async function checkRecall(
  source: Source,
  work: Work<MaintenanceProgress>,
  findings: Findings,
): Promise<void> {
  const { replica, engine, flat, definition } = source
  if (engine === flat) return
  try {
    await replica.catchUp()
  } catch (error) {
    // It was found among the rows, with more about it.
    if (error instanceof SkalarError && error.code === 'CORRUPTED') return
    throw error
  }
  const queries = sampleOf(source)
  if (queries.length === 0) return
  const abort = new Abort({ signal: work.signal })
  try {
    const since = replica.position
    // Both see the vectors that there are when they are called.
    const searches = [engine, flat].map((each) => each.search(queries, since, abort.flag))
    const [found, exact] = (await abort.race(Promise.all(searches))) as [Answers, Answers]
    work.check()
    const recall = recallOf(found.split(), exact.split(), isDistance(definition.metric))
    if (recall >= LEAST_RECALL) return
    findings.add('LOW_RECALL', `of ${K} neighbours the engine finds ${(recall * K).toFixed(1)}: rebuild()`)
  } catch (error) {
    abort.check()
    throw error
  } finally {
    abort.dispose()
  }
}

function sampleOf(source: Source): EngineQuery[] {
  const { replica } = source
  const { nextSlot } = replica.state()
  const step = Math.max(1, Math.floor(nextSlot / SAMPLE))
  const queries: EngineQuery[] = []
  for (let slot = 0; slot < nextSlot && queries.length < SAMPLE; slot += step) {
    const vector = replica.vectors.vector(slot)
    if (vector === undefined) continue
    queries.push({
      ...ownMetric(source),
      vector,
      k: K,
      threshold: undefined,
      after: undefined,
      excluded: undefined,
      allowed: undefined,
      exact: false,
      ef: undefined,
    })
  }
  return queries
}

/** The share of the exact neighbours that are found, or others as near. */
function recallOf(found: readonly Answers[], exact: readonly Answers[], isDistance: boolean): number {
  let wanted = 0
  let hits = 0
  for (const [i, answers] of exact.entries()) {
    const scores = scoresOf(answers)
    const last = scores.at(-1)
    wanted += scores.length
    if (last === undefined) continue
    hits += scoresOf(found[i]!).filter((score) => (isDistance ? score <= last : score >= last)).length
  }
  return wanted === 0 ? 1 : hits / wanted
}

function scoresOf(answers: Answers): number[] {
  return Array.from({ length: answers.hits }, (_, hit) => answers.score(hit))
}
