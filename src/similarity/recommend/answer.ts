import { Answers, type Hit } from '../../engine/answers.ts'
import type { Engine, EngineQuery } from '../../engine/engine.ts'
import { choosePlan } from '../../query/plan.ts'
import type { Source } from '../../source.ts'
import { type Aim, aimOf, type LookedUp } from './aim.ts'
import type { FieldValues } from './groups.ts'
import { firstWidth, picked } from './pick.ts'
import { ranked } from './rank.ts'
import type { Recommendation } from './request.ts'

/** Neighbours of each positive that are candidates at least, where several are ranked together. */
const NEIGHBOURS = 50

/** Given records that are expected among the neighbours of one positive. */
const GIVEN_NEARBY = 50

/** How many times as many candidates are looked at when those before did not fill `k`. */
const WIDER = 4

/** Queries of one search. */
const AT_ONCE = 256

/** What is to be searched; the answers are handed back. */
export interface Search {
  readonly engine: Engine
  readonly queries: readonly EngineQuery[]
}

/** Searches, and pauses (undefined) in which others may have their turn. */
export type Steps<T> = Generator<Search | undefined, T, Answers | undefined>

export interface Tools {
  slotsOf(request: Recommendation): LookedUp
  valuesOf(field: readonly string[]): FieldValues
  /** The slots that the request's filter lets through; undefined for all. */
  allowedOf(request: Recommendation): Uint32Array | undefined
  /** Records there are. */
  readonly live: number
}

/**
 * Finds what requests are to be answered with, as of the replica's position; without a pause until the first search has
 * begun. Ends with undefined where writes have come between its steps.
 */
export function* answer(
  source: Source,
  requests: readonly Recommendation[],
  tools: Tools,
): Steps<Answers | undefined> {
  const { replica } = source
  const { position, vectors } = replica
  const moved = () => replica.position !== position || replica.vectors !== vectors
  // Side by side, as native code takes the vectors of a call.
  const { dimension } = source.definition
  const rooms = new Float32Array(dimension * requests.length)
  const pursuits = requests.map((request, i) => {
    const room = rooms.subarray(i * dimension, (i + 1) * dimension)
    return new Pursuit(source, request, tools, room)
  })
  let stale = false
  for (let open = pursuits; open.length > 0; ) {
    const waiting = open.flatMap((pursuit) => pursuit.queries().map((query) => ({ pursuit, query })))
    for (const engine of new Set(open.map((pursuit) => pursuit.engine))) {
      const own = waiting.filter(({ pursuit }) => pursuit.engine === engine)
      for (let begin = 0; begin < own.length; begin += AT_ONCE) {
        if (begin > 0 && moved()) return undefined
        const part = own.slice(begin, begin + AT_ONCE)
        const answers = (yield { engine, queries: part.map(({ query }) => query) })!
        stale ||= answers.stale
        let hit = 0
        for (const [i, { pursuit, query }] of part.entries()) {
          const end = hit + answers.hitsOf(i)
          pursuit.take(query, answers, hit, end)
          hit = end
        }
      }
    }
    for (const pursuit of open) {
      if (pursuit.looksAtRecords && moved()) return undefined
      const steps = pursuit.choose()
      while (!steps.next().done) {
        yield
        if (moved()) return undefined
      }
    }
    open = open.filter((pursuit) => pursuit.open)
    if (open.length > 0 && moved()) return undefined
  }
  return Answers.of(
    pursuits.map(({ chosen }) => chosen),
    stale,
  )
}

/** One request on its way: candidates are found, and chosen from, until `k` are filled or nothing is left. */
class Pursuit {
  readonly engine: Engine
  /** Whether more than a search answers it, for which nothing may have changed meanwhile. */
  readonly looksAtRecords: boolean
  chosen: readonly Hit[] = []
  open = true
  readonly #source: Source
  readonly #request: Recommendation
  readonly #aim: Aim
  readonly #values: FieldValues | undefined
  readonly #allowed: Uint32Array | undefined
  /** Records that can be found. */
  readonly #room: number
  /** All that can be found is: the plan is to scan, and then candidates need no neighbours. */
  readonly #all: boolean
  /** Candidates to choose from, of those found. */
  #width: number
  /** By slot. */
  #found = new Map<number, Hit>()
  #exhausted = true

  constructor(
    source: Source,
    request: Recommendation,
    { slotsOf, live, allowedOf, valuesOf }: Tools,
    room: Float32Array,
  ) {
    this.#source = source
    this.#request = request
    this.#aim = aimOf(source, request, slotsOf(request), room)
    this.#allowed = allowedOf(request)
    this.#room = this.#allowed?.length ?? live
    this.#width = firstWidth(request)
    this.#values = request.perGroup && valuesOf(request.perGroup.field)
    this.looksAtRecords =
      this.#aim.ranks !== undefined || request.perGroup !== undefined || request.diversity > 0
    this.engine = choosePlan(
      source,
      request.settings,
      this.#query(this.#aim.vectors[0]!, this.#width),
      live,
    ).engine
    this.#all = this.#aim.ranks !== undefined && (request.settings.exact || this.engine === source.flat)
  }

  /** What to ask for next. Forgets what was found. */
  queries(): EngineQuery[] {
    this.#found = new Map()
    this.#exhausted = true
    const { vectors, left, ranks } = this.#aim
    if (this.#all) return [this.#query(vectors[0]!, this.#room)]
    if (ranks === undefined) return [this.#query(vectors[0]!, this.#width + left.size)]
    const wide = Math.max(this.#width, NEIGHBOURS) + Math.min(left.size, GIVEN_NEARBY)
    return vectors.map((vector) => this.#query(vector, wide))
  }

  /** Takes the answers to one of the queries. */
  take(query: EngineQuery, answers: Answers, begin: number, end: number): void {
    if (end - begin >= query.k && query.k < this.#room) this.#exhausted = false
    const { left, factor, ranks } = this.#aim
    for (let hit = begin; hit < end; hit++) {
      const slot = answers.slot(hit)
      if (left.has(slot) || this.#found.has(slot)) continue
      if (ranks === undefined && this.#found.size === this.#width) {
        this.#exhausted = false
        return
      }
      const score = factor * answers.score(hit)
      if (ranks === undefined && !this.#isNear(score)) {
        this.#exhausted = true
        return
      }
      this.#found.set(slot, { slot, ordinal: answers.ordinal(hit), score, id: answers.id(hit) })
    }
  }

  /** Chooses from what was found. Where that does not fill `k`, and there may be more, it stays open. */
  *choose(): Generator<undefined, void, unknown> {
    const candidates = yield* this.#candidates()
    for (;;) {
      const pool = this.#width < candidates.length ? candidates.slice(0, this.#width) : candidates
      this.chosen = yield* picked(this.#source, this.#request, pool, this.#values)
      const isLast = this.#width >= candidates.length && this.#exhausted
      if (this.chosen.length >= this.#request.settings.k || isLast) {
        this.open = false
        return
      }
      this.#width *= WIDER
      if (this.#width > candidates.length && !this.#exhausted) return
    }
  }

  *#candidates(): Generator<undefined, readonly Hit[], unknown> {
    const found = [...this.#found.values()]
    const { ranks } = this.#aim
    if (ranks === undefined) return found
    const hits = yield* ranked(this.#source, this.#request, ranks, found)
    const near = hits.filter(({ score }) => this.#isNear(score))
    // Whoever is farther from all positives is not nearer to the threshold.
    if (near.length < hits.length) this.#exhausted = true
    return near
  }

  #isNear(score: number): boolean {
    const { strategy, settings } = this.#request
    if (settings.threshold === undefined) return true
    const isDistance = strategy === 'mean' && this.#source.definition.metric === 'euclidean'
    return isDistance ? score <= settings.threshold : score >= settings.threshold
  }

  #query(vector: Float32Array, k: number): EngineQuery {
    const { ef, exact } = this.#request.settings
    return {
      vector,
      metric: this.#source.definition.metric,
      center: 0,
      k: Math.max(1, Math.min(k, this.#room)),
      threshold: undefined,
      after: undefined,
      excluded: undefined,
      allowed: this.#allowed,
      exact,
      ef,
    }
  }
}
