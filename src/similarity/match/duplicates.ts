import type { Answers } from '../../engine/answers.ts'
import type { EngineQuery } from '../../engine/engine.ts'
import { Abort } from '../../query/abort.ts'
import { compareIds } from '../../query/compare.ts'
import { planInOrder } from '../../query/plan.ts'
import type { Handle, Session, Source } from '../../source.ts'
import { turnWhenBusy } from '../../turns.ts'
import type { Id } from '../../types.ts'
import { type Member, type MemberPage, membersBehind } from './members.ts'
import { type Moment, Moments, queriesAtOnce, type Steps } from './moments.ts'
import { type DuplicatesRequest, parseDuplicates } from './request.ts'
import { OwnSide } from './side.ts'
import type { DuplicatePair } from './types.ts'

/** How many neighbours are asked for; more where these do not suffice. */
const WIDTHS = [64, 1_024] as const

/** Neighbours of a crowded record that are in memory at a time. */
const PAGE = 4_096

/** What was found of a record. */
interface Found {
  readonly member: Member
  /** All that come after it, nearest first; undefined where there are too many to hold. */
  readonly pairs: readonly DuplicatePair[] | undefined
  /** Its vector, where there are. */
  readonly vector: Float32Array | undefined
}

interface Batch {
  readonly page: MemberPage
  readonly found: readonly Found[]
  readonly total: number
}

/** A stretch of the neighbours of a crowded record. */
interface Stretch {
  readonly pairs: readonly DuplicatePair[]
  /** What to go on behind; undefined at the end. */
  readonly after: EngineQuery['after']
}

/**
 * Pairs of one collection that are near enough, for `for await`: those of each record in order of ids, nearest first. Of a pair the
 * record whose id comes first finds the other, so that each is found once. Checks as `MatchedPairs` does.
 *
 * Records with many neighbours, as of a group of equal vectors, are scanned for exactly, a stretch after the other: what is held in memory
 * does not grow with their number.
 */
export class Duplicates implements AsyncIterable<DuplicatePair> {
  readonly #session: Session
  readonly #source: Source
  readonly #request: DuplicatesRequest | undefined
  readonly #refused: { readonly error: unknown } | undefined

  constructor({ session, source }: Handle, options: unknown) {
    this.#session = session
    this.#source = source
    try {
      session.assertOpen()
      this.#request = parseDuplicates(options)
    } catch (error) {
      this.#refused = { error }
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<DuplicatePair, void, undefined> {
    if (this.#refused !== undefined) throw this.#refused.error
    const request = this.#request!
    const { signal, onProgress } = request
    const abort = new Abort({ signal })
    const search = new Search(this.#source, request, abort)
    let done = 0
    let behind: Id | undefined
    try {
      do {
        const from = behind
        const { page, found, total } = await this.#session.run(() => search.batch(from))
        behind = page.last
        for (const one of found) {
          for await (const pairs of this.#stretches(search, one)) {
            for (const pair of pairs) {
              signal?.throwIfAborted()
              yield pair
            }
            // Whoever takes pairs without waiting for anything keeps others waiting.
            await turnWhenBusy()
          }
        }
        done += page.members.length
        onProgress?.({ done, total: Math.max(done, total) })
      } while (behind !== undefined)
    } finally {
      abort.dispose()
    }
  }

  async *#stretches(search: Search, one: Found): AsyncGenerator<readonly DuplicatePair[], void, undefined> {
    if (one.pairs !== undefined) {
      yield one.pairs
      return
    }
    let after: EngineQuery['after']
    do {
      const mark = after
      const stretch = await this.#session.run(() => search.stretch(one, mark))
      yield stretch.pairs
      after = stretch.after
    } while (after !== undefined)
  }
}

class Search {
  readonly #source: Source
  readonly #request: DuplicatesRequest
  readonly #abort: Abort
  readonly #side: OwnSide
  readonly #moments: Moments

  constructor(source: Source, request: DuplicatesRequest, abort: Abort) {
    this.#source = source
    this.#request = request
    this.#abort = abort
    this.#side = new OwnSide(source)
    this.#moments = new Moments(source, [this.#side], request.test)
  }

  batch(behind: Id | undefined): Promise<Batch> {
    return this.#moments.run(this.#abort, (moment) => this.#batchSteps(moment, behind))
  }

  /** The neighbours of a crowded record behind one of them. */
  stretch(one: Found, after: EngineQuery['after']): Promise<Stretch> {
    return this.#moments.run(this.#abort, (moment) => this.#stretchSteps(moment, one, after))
  }

  *#batchSteps({ allowed, size }: Moment, behind: Id | undefined): Steps<Batch> {
    const page = membersBehind(this.#source, behind, allowed, size)
    const total = allowed?.length ?? this.#side.live
    const pairs = new Map<Member, readonly DuplicatePair[]>()
    let open = page.members
    for (const width of WIDTHS) {
      const k = Math.min(width, total)
      const crowded: Member[] = []
      const atOnce = queriesAtOnce(this.#side, width)
      for (let begin = 0; begin < open.length; begin += atOnce) {
        const part = open.slice(begin, begin + atOnce)
        const queries = part.map(({ slot }) => ({ ...this.#query(slot, k, allowed), excluded: slot }))
        const { engine } = planInOrder(this.#side, this.#request, queries[0]!, this.#side.live)
        const answers = yield { engine, queries, since: this.#side.position }
        let hit = 0
        for (const [i, member] of part.entries()) {
          const end = hit + answers.hitsOf(i)
          if (end - hit < k) pairs.set(member, pairsOf(member, answers, hit, end))
          else crowded.push(member)
          hit = end
        }
      }
      open = crowded
    }
    const crowds = new Set(open)
    const { vectors } = this.#side
    const found = page.members.map((member) => ({
      member,
      pairs: pairs.get(member),
      vector: crowds.has(member) ? vectors.vector(member.slot) : undefined,
    }))
    return { page, found, total }
  }

  *#stretchSteps(
    { allowed }: Moment,
    { member, vector }: Found,
    after: EngineQuery['after'],
  ): Steps<Stretch> {
    const { flat, position } = this.#side
    const query = { ...this.#query(vector!, PAGE, allowed), after }
    const answers = yield { engine: flat, queries: [query], since: position }
    const hits = answers.hitsOf(0)
    const last = hits - 1
    const more = hits === PAGE ? { score: answers.score(last), slot: answers.slot(last) } : undefined
    return { pairs: pairsOf(member, answers, 0, hits), after: more }
  }

  #query(of: number | Float32Array, k: number, allowed: Uint32Array | undefined): EngineQuery {
    const { threshold, ef, exact } = this.#request
    return {
      vector: typeof of === 'number' ? this.#side.vectors.vector(of)! : of,
      metric: this.#side.metric,
      center: 0,
      images: this.#side.images,
      k,
      threshold,
      after: undefined,
      excluded: undefined,
      allowed,
      exact,
      ef,
    }
  }
}

/** The pairs of a record with those among some hits whose ids come after its own. */
function pairsOf({ id: a }: Member, answers: Answers, begin: number, end: number): DuplicatePair[] {
  const pairs: DuplicatePair[] = []
  for (let hit = begin; hit < end; hit++) {
    const b = answers.id(hit)
    if (compareIds(a, b) < 0) pairs.push({ a, b, score: answers.score(hit) })
  }
  return pairs
}
