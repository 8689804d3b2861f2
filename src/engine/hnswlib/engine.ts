/*
 * The engine `hnswlib`: the HNSW of the optional package hnswlib-node finds candidates, the store scores them exactly.
 *
 * What is special about it, besides the contract of `Engine`:
 * - hnswlib-node is synchronous: building and searching run on the calling thread, in slices of a few milliseconds. One
 *   insertion or one search cannot be interrupted; an abort is noticed between the searches of a call.
 * - New slots are searched at once: until the background has inserted them they are scanned exactly, beside what the graph
 *   finds. While most of them wait, and whenever k or ef is large for the number of slots, all are scanned, by the
 *   database's threads.
 * - Distances computed while walking are not counted: hnswlib-node does not tell.
 */
import type { NativeStore } from '../../native.ts'
import { turnWhenBusy } from '../../turns.ts'
import { Answers } from '../answers.ts'
import {
  type AbortFlag,
  type Engine,
  type EngineHost,
  type EngineQuery,
  STOP,
  type StorePosition,
} from '../engine.ts'
import { scan, scanSync } from '../flat.ts'
import { loadHnswlib } from './package.ts'
import { Upkeep } from './upkeep.ts'

/** Rows scored on the calling thread; more are left to the database's threads. */
const FEW = 2_000

export class HnswlibEngine implements Engine {
  readonly name = 'hnswlib'
  readonly scans = false
  readonly #host: EngineHost
  #vectors: NativeStore | undefined
  #upkeep: Upkeep | undefined
  /** For each call of `search` under way the slots that have changed since it began. */
  readonly #calls = new Set<Set<number>>()

  /** @throws SkalarError `ENGINE_UNAVAILABLE` */
  constructor(host: EngineHost) {
    loadHnswlib()
    this.#host = host
  }

  get pending(): number {
    return this.#upkeep?.pending ?? 0
  }

  load(vectors: NativeStore, slots: Uint32Array, at: StorePosition): void {
    void this.#upkeep?.stop()
    this.#vectors = vectors
    this.#upkeep = new Upkeep(vectors, slots, at, this.#host)
  }

  put(slots: Uint32Array, at: StorePosition): void {
    this.#note(slots)
    this.#upkeep!.put(slots, at)
  }

  remove(slots: Uint32Array, at: StorePosition): void {
    this.#note(slots)
    this.#upkeep!.remove(slots, at)
  }

  async search(
    queries: readonly EngineQuery[],
    since: number,
    abort: AbortFlag | undefined,
  ): Promise<Answers> {
    const changed = new Set<number>()
    this.#calls.add(changed)
    try {
      const { graph } = this.#upkeep!
      const walked = queries.filter((query) => graph.suits(query))
      const scanned = queries.filter((query) => !walked.includes(query))
      const [walks, scans] = await Promise.all([
        this.#walk(walked, since, abort, changed),
        scanned.length === 0 ? [] : this.#scan(scanned, since, abort),
      ])
      const parts = new Map([...walked, ...scanned].map((query, i) => [query, [...walks, ...scans][i]!]))
      const answers = Answers.join(queries.map((query) => parts.get(query)!))
      return changed.size > 0 && touches(answers, changed) ? answers.asStale() : answers
    } finally {
      this.#calls.delete(changed)
    }
  }

  searchSync(queries: readonly EngineQuery[], since: number): Answers {
    return Answers.join(
      queries.map((query) => {
        const allowed = this.#upkeep!.graph.candidates(query) ?? query.allowed
        return scanSync(this.#vectors!, [{ ...query, allowed }], since)
      }),
    )
  }

  /** Waits for a file that is being written, and writes one where that saves a long build. */
  async close(): Promise<void> {
    await this.#upkeep?.stop()
    await this.#upkeep?.saveIfWorthwhile()
  }

  async #scan(
    queries: readonly EngineQuery[],
    since: number,
    abort: AbortFlag | undefined,
  ): Promise<Answers[]> {
    return (await scan(this.#vectors!, this.#host.pool, queries, since, abort)).split()
  }

  async #walk(
    queries: readonly EngineQuery[],
    since: number,
    abort: AbortFlag | undefined,
    changed: ReadonlySet<number>,
  ): Promise<Answers[]> {
    const parts: Answers[] = []
    for (const query of queries) {
      const turn = turnWhenBusy()
      if (turn !== undefined) await turn
      const stop = abort && Atomics.load(abort, 0)
      if (stop === STOP.abort) throw aborted()
      if (stop === STOP.outOfTime) {
        parts.push(Answers.NONE)
        continue
      }
      // Which slots a query may answer was settled before the pauses.
      const outdated = changed.size > 0 && (query.allowed !== undefined || query.excluded !== undefined)
      const answers = await this.#walkOne(query, since, abort)
      parts.push(outdated ? answers.asStale() : answers)
    }
    return parts
  }

  /** Candidates are scored in the turn that found them, or from a snapshot of it: both speak of one state. */
  #walkOne(query: EngineQuery, since: number, abort: AbortFlag | undefined): Answers | Promise<Answers> {
    const vectors = this.#vectors!
    const candidates = this.#upkeep!.graph.candidates(query)
    const narrowed = [{ ...query, allowed: candidates ?? query.allowed }]
    const few = candidates !== undefined && candidates.length <= FEW
    return few ? scanSync(vectors, narrowed, since) : scan(vectors, this.#host.pool, narrowed, since, abort)
  }

  #note(slots: Uint32Array): void {
    for (const changed of this.#calls) for (const slot of slots) changed.add(slot)
  }
}

function touches(answers: Answers, changed: ReadonlySet<number>): boolean {
  for (let hit = 0; hit < answers.hits; hit++) if (changed.has(answers.slot(hit))) return true
  return false
}

function aborted(): Error {
  return Object.assign(new Error('the search was aborted'), { code: 'ABORTED' })
}
