import type { Answers } from '../../engine/answers.ts'
import type { EngineQuery } from '../../engine/engine.ts'
import { searchCandidates, searchCandidatesSync } from '../../query/candidates.ts'
import { choosePlan } from '../../query/plan.ts'
import type { Settings } from '../../query/request.ts'
import type { Step } from '../step.ts'
import type { Total } from './formula.ts'
import { type Part, type Pass, runPass, runPassSync } from './pass.ts'
import type { Call, State } from './state.ts'

/** The records that are read for each query, or head. */
export interface Found {
  /** Ascending. */
  readonly slots: readonly Uint32Array[]
  /** The weight of all records together, where all were looked at. */
  readonly totals: readonly Total[] | undefined
}

/**
 * Looks for the `k` heaviest records by the collection's index, or, where a scan of all is planned, by one that tells the weight of
 * all as well. Undefined when writes have come between.
 */
export function find(call: Call, state: State): Step<Found | undefined> {
  const { source, request } = call
  const queries = state.heads.map(({ query }) => engineQuery(call, state, query))
  const settings = settingsOf(call)
  const { engine, way } = choosePlan(source, settings, queries[0]!, state.live)
  const { since } = state
  if (way === 'scan') {
    const pass = scanOf(call, state)
    return {
      later: async (flag) => fromScan(await runPass(source, source.pool, pass, since, flag)),
      now: () => fromScan(runPassSync(source, pass, since)),
    }
  }
  if (way === 'candidates') {
    const all = queries.map(() => settings)
    return {
      later: async (flag) =>
        fromAnswers(await searchCandidates(source, engine, all, queries, since, flag), queries.length),
      now: () =>
        fromAnswers(searchCandidatesSync(source, engine, all, queries, since), request.queries.length),
    }
  }
  return {
    later: async (flag) => fromAnswers(await engine.search(queries, since, flag), queries.length),
    now: () => fromAnswers(engine.searchSync(queries, since), queries.length),
  }
}

function scanOf({ request }: Call, { heads, members }: State): Pass {
  return {
    heads,
    formula: request.formula,
    bound: false,
    top: request.k,
    values: 'none',
    slots: members?.slots,
    places: undefined,
    excluded: undefined,
  }
}

function fromScan(parts: readonly Part[]): Found | undefined {
  const slots: Uint32Array[] = []
  for (const { answers, heads } of parts) {
    const found = fromAnswers(answers, heads)
    if (found === undefined) return undefined
    slots.push(...found.slots)
  }
  return { slots, totals: parts.flatMap(({ totals }) => totals) }
}

function fromAnswers(answers: Answers | undefined, queries: number): Found | undefined {
  if (answers === undefined || answers.stale) return undefined
  let hit = 0
  const slots = Array.from({ length: queries }, (_, query) =>
    Uint32Array.from({ length: answers.hitsOf(query) }, () => answers.slot(hit++)).sort(),
  )
  return { slots, totals: undefined }
}

function engineQuery(
  { request: { formula, k } }: Call,
  { members }: State,
  vector: Float32Array,
): EngineQuery {
  return {
    vector,
    metric: formula.measure.metric,
    center: formula.center,
    k,
    threshold: undefined,
    after: undefined,
    excluded: undefined,
    allowed: members?.slots,
    exact: false,
    ef: undefined,
  }
}

/** What a query would be that looks for the same. */
function settingsOf({ request: { formula, k, test, signal } }: Call): Settings {
  return {
    k,
    test,
    select: [],
    includeVector: false,
    measure: formula.measure,
    candidates: undefined,
    exact: false,
    ef: undefined,
    threshold: undefined,
    after: undefined,
    timeout: undefined,
    signal,
  }
}
