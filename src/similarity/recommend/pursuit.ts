import type { Answers, Hit } from '../../engine/answers.ts'
import type { Engine, EngineQuery } from '../../engine/engine.ts'
import { isDistance } from '../../query/measure.ts'
import { ownMetric } from '../../query/own-metric.ts'
import { choosePlan } from '../../query/plan.ts'
import type { Source } from '../../source.ts'
import { type Aim, aimOf, type LookedUp, type Ranks } from './aim.ts'
import { type Choice, choiceOf } from './diverse.ts'
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

/** Left out records that are looked for one by one. */
const FEW = 64

/** Pauses where it yields; then nothing may have changed. */
export type Pauses<T> = Generator<undefined, T, unknown>

export interface Tools {
  slotsOf(request: Recommendation): LookedUp
  valuesOf(field: readonly string[]): FieldValues
  /** The slots that the request's filter lets through; undefined for all. */
  allowedOf(request: Recommendation): Uint32Array | undefined
  /** Records there are. */
  readonly live: number
}

/**
 * One request on its way: candidates are found and ranked, and chosen from, until `k` are filled or nothing is left. The steps:
 * `queries` and `take`, `rank`, `choose` as long as it is `choosing`; all of them again as long as it is `open`.
 */
export class Pursuit {
  readonly engine: Engine
  /** Whether more than a search answers it, for which nothing may have changed meanwhile. */
  readonly looksAtRecords: boolean
  chosen: readonly Hit[] = []
  open = true
  /** Whether there are candidates that it has not chosen from. */
  choosing = true
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
  /** Those that are left out, where they are many, and where several queries find the same all of those below. */
  #seen: Set<number> | undefined
  /** Best first, once they are ranked. */
  #candidates: Hit[] = []
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
    this.#candidates = []
    this.#exhausted = true
    const { vectors, left, ranks } = this.#aim
    if (this.#all) return [this.#query(vectors[0]!, this.#room)]
    const without = left.reduce((sum, { length }) => sum + length, 0)
    if (ranks === undefined) return [this.#query(vectors[0]!, this.#width + without)]
    const wide = Math.max(this.#width, NEIGHBOURS) + Math.min(without, GIVEN_NEARBY)
    return vectors.map((vector) => this.#query(vector, wide))
  }

  /** Takes the answers to one of the queries. */
  take(query: EngineQuery, answers: Answers, begin: number, end: number): void {
    if (end - begin >= query.k && query.k < this.#room) this.#exhausted = false
    const { left, factor, ranks } = this.#aim
    const without = left.reduce((sum, { length }) => sum + length, 0)
    if (ranks !== undefined || without > FEW) this.#seen ??= new Set(left.flat() as number[])
    for (let hit = begin; hit < end; hit++) {
      const slot = answers.slot(hit)
      if (this.#seen?.has(slot) ?? left.some((slots) => slots.includes(slot))) continue
      if (ranks === undefined && this.#candidates.length === this.#width) {
        this.#exhausted = false
        return
      }
      const score = factor * answers.score(hit)
      if (ranks === undefined && !this.#isNear(score)) {
        this.#exhausted = true
        return
      }
      // One query answers nothing twice.
      if (ranks !== undefined) this.#seen!.add(slot)
      this.#candidates.push({ slot, ordinal: answers.ordinal(hit), score, id: answers.id(hit) })
    }
  }

  /** Ranks what was found by all that was given; undefined where scores do. */
  rank(): Pauses<void> | undefined {
    this.#seen = undefined
    this.choosing = true
    return this.#aim.ranks && this.#rankBy(this.#aim.ranks)
  }

  *#rankBy(ranks: Ranks): Pauses<void> {
    const hits = yield* ranked(this.#source, this.#request, ranks, this.#candidates)
    this.#candidates = hits.filter(({ score }) => this.#isNear(score))
    // Whoever is farther from all positives is not nearer to the threshold.
    if (this.#candidates.length < hits.length) this.#exhausted = true
  }

  /**
   * Chooses from what was found: at once where the best are chosen, which is undefined, else with pauses. It may come to what is to
   * be chosen from by diversity; that is told to `settle`.
   */
  choose(): Pauses<Choice | undefined> | undefined {
    const { diversity, perGroup, settings } = this.#request
    if (diversity > 0) return choiceOf(this.#request, this.#pool(), this.#values)
    if (perGroup !== undefined) return this.#chooseByGroups()
    this.settle(this.#candidates.slice(0, settings.k))
    return undefined
  }

  *#chooseByGroups(): Pauses<undefined> {
    this.settle(yield* picked(this.#request, this.#pool(), this.#values!))
  }

  #pool(): readonly Hit[] {
    return this.#candidates.slice(0, this.#width)
  }

  /** Where those that were chosen do not fill `k`, and there may be more, it goes on. */
  settle(chosen: readonly Hit[]): void {
    this.chosen = chosen
    const { length } = this.#candidates
    if (chosen.length >= this.#request.settings.k || (this.#width >= length && this.#exhausted)) {
      this.open = false
      this.choosing = false
      return
    }
    this.#width *= WIDER
    this.choosing = this.#width <= length || this.#exhausted
  }

  #isNear(score: number): boolean {
    const { strategy, settings } = this.#request
    if (settings.threshold === undefined) return true
    const less = strategy === 'mean' && isDistance(this.#source.definition.metric)
    return less ? score <= settings.threshold : score >= settings.threshold
  }

  #query(vector: Float32Array, k: number): EngineQuery {
    const { ef, exact } = this.#request.settings
    return {
      vector,
      ...ownMetric(this.#source),
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
