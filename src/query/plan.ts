import type { Engine, EngineQuery } from '../engine/engine.ts'
import type { Source } from '../source.ts'
import type { Settings } from './request.ts'

/** Up to so many rows a scan is faster than any graph, and exact. */
const SMALL = 2_000

/** A filter that lets through less than this share of the records would starve a graph. */
const NARROW = 0.1

export interface Plan {
  readonly engine: Engine
  /** Page one came from the collection's engine: `searchPages` is to answer. */
  readonly paged: boolean
  /** Why it was chosen, for `explain`. */
  readonly reason: string
}

/** Chooses between the collection's engine and the exact scan, which is right for every query and fastest for many. */
export function choosePlan(source: Source, settings: Settings, query: EngineQuery, live: number): Plan {
  const { engine, flat } = source
  const scan = (reason: string): Plan => ({ engine: flat, paged: false, reason })
  if (engine === flat) return scan("the collection's engine is flat")
  const { allowed, after } = query
  if (settings.exact) {
    const reason = 'exact: true'
    const byEngine = engine.scans && live > SMALL && allowed === undefined && after === undefined
    return byEngine ? { engine, paged: false, reason } : scan(reason)
  }
  if (after !== undefined) {
    const first = choosePlan(source, settings, { ...query, after: undefined }, live)
    if (first.engine === flat) return scan('pages behind a match are exact')
    return {
      engine: flat,
      paged: true,
      reason: 'pages behind a match are exact, without what the graph answers first',
    }
  }
  if (live <= SMALL) return scan(`a scan of ${live} records is fastest`)
  if (allowed !== undefined && allowed.length <= Math.max(SMALL, NARROW * live)) {
    return scan(`the filter lets through ${allowed.length} of ${live} records`)
  }
  return { engine, paged: false, reason: `a graph over ${live} records` }
}
