import { Abort } from '../../query/abort.ts'
import type { Handle, Session, Source } from '../../source.ts'
import type { Id } from '../../types.ts'
import { MappedSide } from './mapped-side.ts'
import { marginOf, similarityOf } from './margin.ts'
import { type MemberPage, membersBehind } from './members.ts'
import { type Moment, Moments, queriesAtOnce, type Steps } from './moments.ts'
import { Neighbourhoods } from './neighbourhoods.ts'
import { type MatchRequest, parseMatch } from './request.ts'
import { OwnSide, type Side } from './side.ts'
import type { MatchedPair } from './types.ts'

/** Records that were looked at, and what came of them. */
interface Batch {
  readonly page: MemberPage
  readonly pairs: readonly MatchedPair[]
  /** Records that take part. */
  readonly total: number
}

/** The best of a record: the slots of both, and the place of b among a's neighbours. */
interface Best {
  readonly a: number
  readonly id: Id
  readonly place: number
  /** Larger is better. */
  readonly margin: number
}

/**
 * Pairs of two collections for `for await`, in order of the first one's ids. Options are checked by the constructor, which does not
 * throw: the first step rejects. Each batch of records is of one moment.
 */
export class MatchedPairs implements AsyncIterable<MatchedPair> {
  readonly #session: Session
  readonly #source: Source
  readonly #request: MatchRequest | undefined
  /** What the first step rejects with. */
  readonly #refused: { readonly error: unknown } | undefined

  constructor(
    { session, source }: Handle,
    other: unknown,
    options: unknown,
    handleOf: (collection: unknown) => Handle | undefined,
  ) {
    this.#session = session
    this.#source = source
    try {
      session.assertOpen()
      this.#request = parseMatch(source, other, options, handleOf)
    } catch (error) {
      this.#refused = { error }
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<MatchedPair, void, undefined> {
    if (this.#refused !== undefined) throw this.#refused.error
    const request = this.#request!
    const { other, transform, test, signal, onProgress } = request
    const abort = new Abort({ signal })
    const mapped =
      transform &&
      new MappedSide(this.#source, transform, other.source.definition, test, (done, total) =>
        onProgress?.({ phase: 'transform', done, total }),
      )
    const matching = new Matching(this.#source, request, mapped ?? new OwnSide(this.#source))
    let done = 0
    let behind: Id | undefined
    try {
      do {
        const from = behind
        // Neither database may close meanwhile.
        const work = () => other.session.run(() => matching.batch(abort, from))
        const { page, pairs, total } = await this.#session.run(work)
        behind = page.last
        for (const pair of pairs) {
          signal?.throwIfAborted()
          yield pair
        }
        done += page.members.length
        onProgress?.({ phase: 'match', done, total: Math.max(done, total) })
      } while (behind !== undefined)
    } finally {
      abort.dispose()
      await mapped?.close()
    }
  }
}

/** One call on its way: what it knows of neighbourhoods, for as long as nothing is written. */
class Matching {
  readonly #source: Source
  readonly #request: MatchRequest
  /** The collection's records, and those of the other one. */
  readonly #left: Side
  readonly #right: Side
  readonly #moments: Moments
  /** Of records in the other collection, and of those in this one. */
  readonly #forward: Neighbourhoods
  readonly #backward: Neighbourhoods
  /** What they are of. */
  #stamp: readonly unknown[] = []

  constructor(source: Source, request: MatchRequest, left: Side) {
    this.#source = source
    this.#request = request
    this.#left = left
    this.#right = new OwnSide(request.other.source)
    this.#moments = new Moments(source, [this.#right, left], request.test)
    this.#forward = new Neighbourhoods(left, this.#right, request)
    this.#backward = new Neighbourhoods(this.#right, left, request)
  }

  batch(abort: Abort, behind: Id | undefined): Promise<Batch> {
    return this.#moments.run(abort, (moment) => this.#steps(moment, behind))
  }

  *#steps({ allowed, size }: Moment, behind: Id | undefined): Steps<Batch> {
    this.#renew()
    const { k, margin, mutual } = this.#request
    // With large neighbourhoods few records have as many neighbours to look at.
    const limit = Math.min(size, queriesAtOnce(this.#left, k))
    const page = membersBehind(this.#source, behind, allowed, limit)
    const total = allowed?.length ?? this.#left.live
    const slots = page.members.map(({ slot }) => slot)
    yield* this.#forward.look(slots, undefined)
    if (margin !== 'none') yield* this.#backward.look(this.#forward.neighbours(slots), allowed)
    let best = page.members.flatMap(({ id, slot }) => this.#best(id, slot) ?? [])
    if (mutual) {
      const chosen = new Set(best.map(({ a, place }) => this.#forward.neighbour(a, place)))
      yield* this.#backward.look(chosen, allowed)
      if (margin !== 'none') yield* this.#forward.look(this.#backward.neighbours(chosen), undefined)
      best = best.filter(({ a, place }) => this.#bestFor(this.#forward.neighbour(a, place)) === a)
    }
    return { page, total, pairs: best.map((found) => this.#toPair(found)) }
  }

  /** Forgets what was of another moment. */
  #renew(): void {
    const stamp = [this.#left, this.#right].flatMap(({ vectors, position }) => [vectors, position])
    if (stamp.every((value, i) => value === this.#stamp[i])) return
    this.#stamp = stamp
    this.#forward.forget()
    this.#backward.forget()
  }

  /** The best for a record, the nearer of equal ones; undefined where none is good enough. */
  #best(id: Id, a: number): Best | undefined {
    let best: Best | undefined
    for (let place = 0; place < this.#forward.count(a); place++) {
      const b = this.#forward.neighbour(a, place)
      const margin = this.#margin(this.#forward.similarity(a, place), a, b)
      if (margin === undefined || (best !== undefined && margin <= best.margin)) continue
      best = { a, id, place, margin }
    }
    return best !== undefined && this.#isGood(best) ? best : undefined
  }

  /** The slot of the best for a record of the other collection. */
  #bestFor(b: number): number | undefined {
    let best: number | undefined
    let most = Number.NEGATIVE_INFINITY
    for (let place = 0; place < this.#backward.count(b); place++) {
      const a = this.#backward.neighbour(b, place)
      const margin = this.#margin(this.#backward.similarity(b, place), a, b)
      if (margin === undefined || (best !== undefined && margin <= most)) continue
      best = a
      most = margin
    }
    return best
  }

  #margin(similarity: number, a: number, b: number): number | undefined {
    const { margin } = this.#request
    // Neighbourhoods need not be known then.
    if (margin === 'none') return similarity
    return marginOf(margin, similarity, (this.#forward.mean(a) + this.#backward.mean(b)) / 2)
  }

  #isGood({ margin }: Best): boolean {
    const { threshold } = this.#request
    return threshold === undefined || margin >= this.#asMargin(threshold)
  }

  /** What users call a margin as what is compared here, and the other way round: without one, it is the score. */
  #asMargin(value: number): number {
    return this.#request.margin === 'none' ? similarityOf(this.#right.metric, value) : value
  }

  #toPair({ a, id, place, margin }: Best): MatchedPair {
    const b = this.#forward.neighbour(a, place)
    const score = similarityOf(this.#right.metric, this.#forward.similarity(a, place))
    return { a: id, b: this.#forward.idOf(b), score, margin: this.#asMargin(margin) }
  }
}
