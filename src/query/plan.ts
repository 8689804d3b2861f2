import { DEFAULT_EF } from '../engine/defaults.ts'
import type { Engine, EngineQuery } from '../engine/engine.ts'
import type { Images } from '../engine/images.ts'
import type { Source } from '../source.ts'
import { candidateQuery } from './candidates.ts'
import { isOfProducts, ordersAsOwn } from './measure.ts'
import type { Settings } from './request.ts'

/** Up to so many rows a scan is faster than any graph, and exact. */
const SMALL = 2_000

/** A filter that lets through less than this share of the records would starve a graph. */
const NARROW = 0.1

/** How far lengths may be apart that count as one: a thousand roundings of float32. */
const ONE_LENGTH = 1 + 1e-4

export interface Plan {
  readonly engine: Engine
  /**
   * `search`: the engine answers. `scan`: it does, exactly. `candidates`: it finds candidates by the collection's metric, for
   * `searchCandidates` to rank.
   */
  readonly way: 'search' | 'scan' | 'candidates'
  /** That was so of page one, and `searchPages` is to answer. */
  readonly paged: boolean
  /** Why it was chosen, for `explain`. */
  readonly reason: string
}

/**
 * Chooses between the collection's engine and the exact scan, which is right for every query and fastest for many. It alone does:
 * an engine scans only where a walk finds too little, or was asked for more than was planned.
 */
export function choosePlan(source: Source, settings: Settings, query: EngineQuery, live: number): Plan {
  const { definition, flat } = source
  const { measure, candidates, exact } = settings
  if (ordersAsOwn(measure, definition)) return planInOrder(source, settings, query, live)
  if (candidates !== undefined) return planCandidates(source, settings, query, live, 'candidates')
  if (exact) return scanFastest(source, query, live, 'exact: true')
  if (!ordersAlike(source, query)) {
    const other = measure.metric === definition.metric ? 'by another matrix' : `than ${measure.name}`
    return scanFastest(source, query, live, `${definition.metric} has another order ${other}`)
  }
  const plan = planCandidates(source, settings, query, live, 'vectors of one length are ordered alike')
  return query.after === undefined ? plan : behind(plan, flat)
}

function planCandidates(
  source: Source,
  settings: Settings,
  query: EngineQuery,
  live: number,
  why: string,
): Plan {
  const first = planInOrder(source, settings, candidateQuery(source, settings, query), live)
  if (first.way === 'scan' && settings.candidates === undefined) {
    return scanFastest(source, query, live, first.reason)
  }
  const { definition, flat } = source
  const reason = `${why}: found by ${definition.metric}, ranked by ${settings.measure.name}; ${first.reason}`
  return { engine: first.way === 'scan' ? flat : first.engine, way: 'candidates', paged: false, reason }
}

/** Whether the collection's metric has the order of the query's because all vectors have one length. */
function ordersAlike({ definition, replica }: Source, { metric }: EngineQuery): boolean {
  const spherical = (name: string) => name === 'cosine' || name === 'dot' || name === 'euclidean'
  return spherical(metric) && spherical(definition.metric) && replica.vectors.spread() <= ONE_LENGTH
}

/** What can answer questions about the vectors of one space. */
export interface Engines {
  readonly engine: Engine
  readonly flat: Engine
}

/** Of a query in the engine's own order, where `live` records can be found. */
export function planInOrder(
  engines: Engines,
  settings: Pick<Settings, 'exact'>,
  query: EngineQuery,
  live: number,
): Plan {
  const { engine, flat } = engines
  if (engine === flat) {
    const all = query.metric === 'mahalanobis' ? 'only engine hnsw has a graph by mahalanobis' : undefined
    return scan(flat, all ?? "the collection's engine is flat")
  }
  const { allowed, after } = query
  if (settings.exact) return scanFastest(engines, query, live, 'exact: true')
  if (after !== undefined) {
    return behind(planInOrder(engines, settings, { ...query, after: undefined }, live), flat)
  }
  if (live <= SMALL) return scan(flat, `a scan of ${live} records is fastest`)
  if (allowed !== undefined && allowed.length <= Math.max(SMALL, NARROW * live)) {
    return scan(flat, `the filter lets through ${allowed.length} of ${live} records`)
  }
  const wide = Math.max(query.k, query.ef ?? DEFAULT_EF)
  if (wide > engine.mostCandidates) {
    return scanFastest(engines, query, live, `no walk for ${wide} of ${live} records is faster`)
  }
  return { engine, way: 'search', paged: false, reason: `a graph over ${live} records` }
}

/**
 * The images that nearly all rows are to have before an engine is asked queries of one call, by a Mahalanobis distance; undefined where
 * it reads few rows, which are scored exactly as fast as they get them. A graph has no use for them.
 */
export function imagesFor(engine: Engine, queries: readonly EngineQuery[]): Images | undefined {
  const reads = ({ images, allowed, exact }: EngineQuery) =>
    images !== undefined &&
    (exact || engine.name === 'flat') &&
    (allowed === undefined || allowed.length > SMALL)
  return queries.find(reads)?.images
}

function scan(engine: Engine, reason: string): Plan {
  return { engine, way: 'scan', paged: false, reason }
}

/** By the engine, where that reads less than the flat scan. */
function scanFastest({ engine, flat }: Engines, query: EngineQuery, live: number, reason: string): Plan {
  const { allowed, after, metric, k } = query
  const unconditional = allowed === undefined && after === undefined
  const suits = engine.scans && k <= engine.mostCandidates && isOfProducts(metric)
  const byEngine = suits && unconditional && live > SMALL
  return scan(byEngine ? engine : flat, reason)
}

/** Behind a match that a query without `after` answered by `first`. */
function behind(first: Plan, flat: Engine): Plan {
  if (first.way === 'scan') return scan(flat, 'pages behind a match are exact')
  return {
    ...first,
    paged: true,
    reason: 'pages behind a match are exact, without what the graph answers first',
  }
}
