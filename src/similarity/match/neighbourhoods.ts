import type { EngineQuery } from '../../engine/engine.ts'
import { SkalarError } from '../../errors.ts'
import { planInOrder } from '../../query/plan.ts'
import type { Id } from '../../types.ts'
import { similarityOf } from './margin.ts'
import { queriesAtOnce, type Steps } from './moments.ts'
import type { Side } from './side.ts'

const UNKNOWN = -1

/** How neighbours are found. */
export interface Manner {
  /** Neighbours in a neighbourhood. */
  readonly k: number
  readonly ef: number | undefined
  readonly exact: boolean
}

/**
 * The k nearest of one side to vectors of another, by slots, each looked for once. All of it is of one moment: when that has passed,
 * it is to be forgotten.
 *
 * Takes 12 k + 12 bytes for each slot of `of`, and an id for each record that was found.
 */
export class Neighbourhoods {
  readonly #of: Side
  readonly #among: Side
  readonly #manner: Manner
  /** For each slot how many neighbours it has, or `UNKNOWN`. */
  #counts = new Int32Array(0)
  #means = new Float64Array(0)
  /** For each slot k neighbours, nearest first. */
  #slots = new Uint32Array(0)
  #similarities = new Float64Array(0)
  /** By slot. */
  #ids: Id[] = []

  constructor(of: Side, among: Side, manner: Manner) {
    this.#of = of
    this.#among = among
    this.#manner = manner
  }

  forget(): void {
    this.#counts.fill(UNKNOWN)
    this.#ids = []
  }

  /** Looks for the neighbours of slots that are not known yet; only among `allowed` ones, where that is given. */
  *look(slots: Iterable<number>, allowed: Uint32Array | undefined): Steps<void> {
    const wanted = [...new Set(slots)].filter((slot) => (this.#counts[slot] ?? UNKNOWN) === UNKNOWN)
    if (wanted.length === 0) return
    this.#makeRoom(wanted.reduce((most, slot) => Math.max(most, slot), 0) + 1)
    const room = allowed?.length ?? this.#among.live
    if (room === 0) {
      for (const slot of wanted) this.#put(slot, [])
      return
    }
    const k = Math.min(this.#manner.k, room)
    const atOnce = queriesAtOnce(this.#among, k)
    for (let begin = 0; begin < wanted.length; begin += atOnce) {
      const part = wanted.slice(begin, begin + atOnce)
      const queries = part.map((slot) => this.#query(slot, k, allowed))
      const { engine } = planInOrder(this.#among, this.#manner, queries[0]!, this.#among.live)
      const answers = yield { engine, queries, since: this.#among.position }
      let hit = 0
      for (const [i, slot] of part.entries()) {
        const found: Found[] = []
        for (const end = hit + answers.hitsOf(i); hit < end; hit++) {
          const neighbour = answers.slot(hit)
          this.#ids[neighbour] = answers.id(hit)
          found.push({ slot: neighbour, similarity: similarityOf(this.#among.metric, answers.score(hit)) })
        }
        this.#put(slot, found)
      }
    }
  }

  /** How many neighbours a slot has that was looked at: k, unless there are fewer. */
  count(slot: number): number {
    return this.#counts[slot]!
  }

  /** Their mean similarity; 0 where there are none. */
  mean(slot: number): number {
    return this.#means[slot]!
  }

  /** The slot of the neighbour at a place, the nearest at 0. */
  neighbour(slot: number, place: number): number {
    return this.#slots[slot * this.#manner.k + place]!
  }

  similarity(slot: number, place: number): number {
    return this.#similarities[slot * this.#manner.k + place]!
  }

  /** All neighbours of slots that were looked at. */
  *neighbours(slots: Iterable<number>): Generator<number> {
    for (const slot of slots) {
      for (let place = 0; place < this.count(slot); place++) yield this.neighbour(slot, place)
    }
  }

  /** The id of a neighbour. */
  idOf(slot: number): Id {
    return this.#ids[slot]!
  }

  #query(slot: number, k: number, allowed: Uint32Array | undefined): EngineQuery {
    const { ef, exact } = this.#manner
    return {
      vector: this.#of.vectors.vector(slot)!,
      metric: this.#among.metric,
      center: 0,
      images: this.#among.images,
      k,
      threshold: undefined,
      after: undefined,
      excluded: undefined,
      allowed,
      exact,
      ef,
    }
  }

  #put(slot: number, found: readonly Found[]): void {
    this.#counts[slot] = found.length
    let sum = 0
    for (const [place, { slot: neighbour, similarity }] of found.entries()) {
      this.#slots[slot * this.#manner.k + place] = neighbour
      this.#similarities[slot * this.#manner.k + place] = similarity
      sum += similarity
    }
    this.#means[slot] = found.length === 0 ? 0 : sum / found.length
  }

  #makeRoom(slots: number): void {
    if (slots <= this.#counts.length) return
    const { k } = this.#manner
    const length = Math.max(slots, 2 * this.#counts.length)
    try {
      const counts = new Int32Array(length).fill(UNKNOWN)
      counts.set(this.#counts)
      this.#means = longer(this.#means, new Float64Array(length))
      this.#slots = longer(this.#slots, new Uint32Array(length * k))
      this.#similarities = longer(this.#similarities, new Float64Array(length * k))
      this.#counts = counts
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause
      const message = `there is no memory for the ${k} neighbours of ${slots} records: take a smaller options.k`
      throw new SkalarError('OUT_OF_MEMORY', message, { cause })
    }
  }
}

interface Found {
  readonly slot: number
  readonly similarity: number
}

function longer<T extends Float64Array | Uint32Array>(short: T, long: T): T {
  long.set(short)
  return long
}
