import type { Id } from '../types.ts'

/** Numbers before the first query's, for each query, and for each hit. */
const HEAD = 1
const QUERY = 5
const HIT = 4

/** One answer to a query. */
export interface Hit {
  readonly slot: number
  readonly ordinal: number
  readonly score: number
  readonly id: Id
}

/** Where numbers go that are read before the next call: making an array for them takes as long as reading it. */
export const ROOM = new Float64Array(1_024)

/**
 * Answers of several queries in a row, nearest first; equal scores by ascending slot. As native code returns them, in one
 * array of numbers, or at the beginning of a longer one:
 *
 *     stale | for each query: hits, visited, distances, candidates, reranked | for each hit: slot, ordinal, score, id
 *
 * Ids that are strings stand in `texts`, at the number of the hit, and as NaN among the numbers. `stale` is 1 when a slot
 * among the hits has changed since the log position that the queries are based on.
 */
export class Answers {
  readonly #numbers: Float64Array
  readonly #texts: readonly string[]
  readonly #queries: number

  constructor(numbers: Float64Array, texts: readonly string[], queries: number) {
    this.#numbers = numbers
    this.#texts = texts
    this.#queries = queries
  }

  /** That of one query that nothing was found for. */
  static readonly NONE = new Answers(new Float64Array(HEAD + QUERY), [], 1)

  /** Of hits that were chosen otherwise than engines do, in the order that is wanted. What finding them took is not told. */
  static of(lists: readonly (readonly Hit[])[], stale: boolean): Answers {
    const hits = lists.reduce((sum, { length }) => sum + length, 0)
    const numbers = new Float64Array(HEAD + QUERY * lists.length + HIT * hits)
    const texts: string[] = []
    numbers[0] = Number(stale)
    let hit = 0
    for (const [query, list] of lists.entries()) {
      numbers[HEAD + QUERY * query] = list.length
      for (const { slot, ordinal, score, id } of list) {
        const at = HEAD + QUERY * lists.length + HIT * hit
        numbers[at] = slot
        numbers[at + 1] = ordinal
        numbers[at + 2] = score
        numbers[at + 3] = typeof id === 'number' ? id : Number.NaN
        if (typeof id === 'string') texts[hit] = id
        hit++
      }
    }
    return new Answers(numbers, texts, lists.length)
  }

  get stale(): boolean {
    return this.#numbers[0] !== 0
  }

  /** Hits of all queries. */
  get hits(): number {
    let hits = 0
    for (let query = 0; query < this.#queries; query++) hits += this.hitsOf(query)
    return hits
  }

  hitsOf(query: number): number {
    return this.#numbers[HEAD + QUERY * query]!
  }

  /** Nodes of a graph whose neighbours a query looked at. */
  visitedOf(query: number): number {
    return this.#numbers[HEAD + QUERY * query + 1]!
  }

  /** Approximate scores that a query took. */
  distancesOf(query: number): number {
    return this.#numbers[HEAD + QUERY * query + 2]!
  }

  /** Of those the ones that seemed near enough to look at. */
  candidatesOf(query: number): number {
    return this.#numbers[HEAD + QUERY * query + 3]!
  }

  /** Exact scores that a query took. */
  rerankedOf(query: number): number {
    return this.#numbers[HEAD + QUERY * query + 4]!
  }

  slot(hit: number): number {
    return this.#numbers[this.#hitAt(hit)]!
  }

  ordinal(hit: number): number {
    return this.#numbers[this.#hitAt(hit) + 1]!
  }

  score(hit: number): number {
    return this.#numbers[this.#hitAt(hit) + 2]!
  }

  id(hit: number): Id {
    const number = this.#numbers[this.#hitAt(hit) + 3]!
    return Number.isNaN(number) ? this.#texts[hit]! : number
  }

  asStale(): Answers {
    const numbers = this.#numbers.slice()
    numbers[0] = 1
    return new Answers(numbers, this.#texts, this.#queries)
  }

  /** The answers to each query. */
  split(): Answers[] {
    if (this.#queries === 1) return [this]
    let hit = 0
    return Array.from({ length: this.#queries }, (_, query) => {
      const begin = hit
      hit += this.hitsOf(query)
      const head = HEAD + QUERY * query
      const numbers = [
        this.#numbers[0]!,
        ...this.#numbers.subarray(head, head + QUERY),
        ...this.#numbers.subarray(this.#hitAt(begin), this.#hitAt(hit)),
      ]
      return new Answers(Float64Array.from(numbers), this.#texts.slice(begin, hit), 1)
    })
  }

  /** Answers to single queries as those of one call. */
  static join(parts: readonly Answers[]): Answers {
    if (parts.length === 1) return parts[0]!
    const hits = parts.reduce((sum, part) => sum + part.hits, 0)
    const numbers = new Float64Array(HEAD + QUERY * parts.length + HIT * hits)
    numbers[0] = Number(parts.some(({ stale }) => stale))
    const texts: string[] = []
    let hit = 0
    for (const [query, part] of parts.entries()) {
      const first = part.#hitAt(0)
      numbers.set(part.#numbers.subarray(HEAD, first), HEAD + QUERY * query)
      numbers.set(
        part.#numbers.subarray(first, part.#hitAt(part.hits)),
        HEAD + QUERY * parts.length + HIT * hit,
      )
      // Not every hit has a text.
      part.#texts.forEach((text, i) => {
        texts[hit + i] = text
      })
      hit += part.hits
    }
    return new Answers(numbers, texts, parts.length)
  }

  /** For each query the first answers that are wanted, up to a number of them, in an array of their own. */
  choose(
    wanted: (slot: number, query: number, score: number) => boolean,
    most: (query: number) => number,
  ): Answers {
    const numbers = new Float64Array(HEAD + QUERY * this.#queries + HIT * this.hits)
    numbers.set(this.#numbers.subarray(0, this.#hitAt(0)))
    const texts: string[] = []
    let hit = 0
    let place = 0
    for (let query = 0; query < this.#queries; query++) {
      const end = hit + this.hitsOf(query)
      const first = place
      for (; hit < end && place - first < most(query); hit++) {
        if (!wanted(this.slot(hit), query, this.score(hit))) continue
        numbers.set(this.#numbers.subarray(this.#hitAt(hit), this.#hitAt(hit + 1)), this.#hitAt(place))
        const text = this.#texts[hit]
        if (text !== undefined) texts[place] = text
        place++
      }
      hit = end
      numbers[HEAD + QUERY * query] = place - first
    }
    return new Answers(numbers, texts, this.#queries)
  }

  /** These, for which others were looked for first: what that took is counted with them. */
  withCostsOf(first: Answers): Answers {
    const numbers = this.#numbers.slice(0, this.#hitAt(this.hits))
    numbers[0] = Number(this.stale || first.stale)
    for (let query = 0; query < this.#queries; query++) {
      const head = HEAD + QUERY * query
      for (let i = 1; i < QUERY; i++) numbers[head + i]! += first.#numbers[head + i]!
    }
    return new Answers(numbers, this.#texts, this.#queries)
  }

  #hitAt(hit: number): number {
    return HEAD + QUERY * this.#queries + HIT * hit
  }
}
