import type { Answers } from '../../engine/answers.ts'
import type { Engine, EngineQuery } from '../../engine/engine.ts'
import { fromNative } from '../../native.ts'
import type { Abort } from '../../query/abort.ts'
import { Allowed } from '../../query/allowed.ts'
import type { RecordTest } from '../../query/match.ts'
import { imagesFor } from '../../query/plan.ts'
import type { Source } from '../../source.ts'
import { turnWhenBusy } from '../../turns.ts'
import type { Side } from './side.ts'

/** Records that are looked at together. */
const AT_ONCE = 256

/** Bytes of vectors that are handed over, and hits that are read, between two looks at the clock. */
const BYTES = 2 ** 20
const HITS = 16_384

/** How often what writes have overtaken is done again, each time with a quarter of the records, before the calling thread does it. */
const ATTEMPTS = 5

/** What is to be searched; the answers are handed back. */
export interface Search {
  readonly engine: Engine
  readonly queries: readonly EngineQuery[]
  /** The log position of what the engine searches. */
  readonly since: number
}

export type Steps<T> = Generator<Search, T, Answers>

/** How many queries for `k` neighbours each one search should have. */
export function queriesAtOnce({ dimension }: Side, k: number): number {
  return Math.max(1, Math.floor(Math.min(AT_ONCE, BYTES / (4 * dimension), HITS / k)))
}

export interface Moment {
  /** The slots of the collection that take part, ascending; undefined for all. */
  readonly allowed: Uint32Array | undefined
  /** How many records to look at. */
  readonly size: number
}

/**
 * Has work done that is of one moment: nothing that it reads changes from its beginning to its end. Where writes have come
 * between it begins again.
 */
export class Moments {
  readonly #source: Source
  readonly #sides: readonly Side[]
  readonly #test: RecordTest | undefined
  /** The filter as far as it has been evaluated. */
  #allowed: Allowed | undefined

  /** The last side is that of `source`, whose records the test is of. */
  constructor(source: Source, sides: readonly Side[], test: RecordTest | undefined) {
    this.#source = source
    this.#sides = sides
    this.#test = test
  }

  /**
   * What the steps come to. They are begun right after all sides have been brought up to date, so that LMDB and the replicas show
   * one state until their first search.
   *
   * @throws SkalarError `NOT_FOUND` when a collection was dropped, `OUT_OF_MEMORY`, what `work` throws; the reason of the signal
   */
  async run<T>(abort: Abort, work: (moment: Moment) => Steps<T>): Promise<T> {
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const done = await this.#tryOnce(abort, AT_ONCE >> (2 * attempt), work)
        if (done !== undefined) return done.value
      }
      return this.#runSync(work)
    } catch (error) {
      abort.check()
      throw fromNative(error)
    }
  }

  async #tryOnce<T>(
    abort: Abort,
    size: number,
    work: (moment: Moment) => Steps<T>,
  ): Promise<{ readonly value: T } | undefined> {
    abort.check()
    await this.#catchUp(abort)
    if (this.#test !== undefined && this.#allowed === undefined) {
      this.#allowed = new Allowed(this.#source, this.#test)
      await this.#allowed.scan.run(() => abort.check())
      await this.#catchUp(abort)
    }
    await turnWhenBusy()
    abort.check()
    const moment = this.#settle(Math.max(1, size), false)
    if (moment === undefined) return undefined
    const before = this.#sides.map(({ vectors, position }) => ({ vectors, position }))
    const moved = () =>
      this.#sides.some(
        (side, i) => side.vectors !== before[i]!.vectors || side.position !== before[i]!.position,
      )
    const steps = work(moment)
    let step = steps.next()
    while (!step.done) {
      const { engine, queries, since } = step.value
      const images = imagesFor(engine, queries)
      if (images?.lacking) {
        await abort.race(images.complete(this.#source.pool, abort.flag))
        if (moved()) return undefined
      }
      const answers = await abort.race(engine.search(queries, since, abort.flag))
      await turnWhenBusy()
      abort.check()
      if (answers.stale || moved()) return undefined
      step = steps.next(answers)
    }
    return step
  }

  async #catchUp(abort: Abort): Promise<void> {
    for (const side of this.#sides) await side.catchUp(abort)
  }

  /** Where nothing can overtake it: one record. */
  #runSync<T>(work: (moment: Moment) => Steps<T>): T {
    for (;;) {
      if (this.#test !== undefined && this.#allowed === undefined) {
        this.#source.replica.catchUpSync()
        this.#allowed = new Allowed(this.#source, this.#test)
        this.#allowed.scan.runSync()
      }
      const moment = this.#settle(1, true)
      if (moment === undefined) continue
      const steps = work(moment)
      let step = steps.next()
      while (!step.done) {
        const { engine, queries, since } = step.value
        imagesFor(engine, queries)?.completeSync()
        step = steps.next(engine.searchSync(queries, since))
      }
      return step.value
    }
  }

  /** All sides at one moment; undefined where they are not, or the filter cannot tell. */
  #settle(size: number, whole: boolean): Moment | undefined {
    if (!this.#sides.every((side) => side.settle(whole))) return undefined
    // Another commit may have come between.
    if (!this.#sides.every((side) => side.isLatest())) return undefined
    if (this.#test === undefined) return { allowed: undefined, size }
    const allowed = this.#allowed!.settle()
    if (allowed !== undefined) return { allowed, size }
    this.#allowed = undefined
    return undefined
  }
}
