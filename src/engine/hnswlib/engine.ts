/*
 * The engine `hnswlib`: the HNSW of the optional package hnswlib-node finds candidates, the store scores them exactly.
 *
 * What is special about it, besides the contract of `Engine`:
 * - hnswlib-node is synchronous: building and searching run on the calling thread, in slices of a few milliseconds. One
 *   insertion or one search cannot be interrupted; an abort is noticed between the searches of a call.
 * - New slots are searched at once: until the background has inserted them they are scanned exactly, beside what the graph
 *   finds. While most of them wait, and whenever k or ef is large for the number of slots, all are scanned, by the
 *   database's threads.
 * - Slots whose vectors are the same to the package share a node (`copies.ts`).
 * - Distances computed while walking are not counted: hnswlib-node does not tell.
 */
import type { NativeStore } from '../../native.ts'
import { turnWhenBusy } from '../../turns.ts'
import type { MetricName } from '../../types.ts'
import { Answers, ROOM } from '../answers.ts'
import { type AbortFlag, type EngineHost, type EngineQuery, STOP, type StorePosition } from '../engine.ts'
import { scan, scanSync } from '../flat.ts'
import { GraphEngine } from '../graph-engine.ts'
import { HnswlibGraph } from './graph.ts'
import { loadHnswlib } from './package.ts'

/** Rows scored on the calling thread; more are left to the database's threads. */
const FEW = 2_000

export class HnswlibEngine extends GraphEngine<HnswlibGraph> {
  readonly name = 'hnswlib'
  readonly scans = false
  readonly #metric: MetricName
  /** For each call of `search` under way the slots that have changed since it began. */
  readonly #calls = new Set<Set<number>>()

  /** @throws SkalarError `ENGINE_UNAVAILABLE` */
  constructor(host: EngineHost, metric: MetricName) {
    loadHnswlib()
    super(host)
    this.#metric = metric
  }

  protected newGraph(vectors: NativeStore, slots: Uint32Array): HnswlibGraph {
    return new HnswlibGraph(vectors, slots, { ...this.host.options, metric: this.#metric })
  }

  override put(slots: Uint32Array, at: StorePosition): void {
    this.#note(slots)
    super.put(slots, at)
  }

  override remove(slots: Uint32Array, at: StorePosition): void {
    this.#note(slots)
    super.remove(slots, at)
  }

  async search(
    queries: readonly EngineQuery[],
    since: number,
    abort: AbortFlag | undefined,
  ): Promise<Answers> {
    const changed = new Set<number>()
    this.#calls.add(changed)
    try {
      const answers = await this.#walk(queries, since, abort, changed)
      return changed.size > 0 && touches(answers, changed) ? answers.asStale() : answers
    } finally {
      this.#calls.delete(changed)
    }
  }

  searchSync(queries: readonly EngineQuery[], since: number): Answers {
    const room = queries.length === 1 ? ROOM : null
    return Answers.join(
      queries.map((query) => {
        const allowed = this.graph.candidates(query) ?? query.allowed
        return scanSync(this.vectors, [{ ...query, allowed }], since, room)
      }),
    )
  }

  async #walk(
    queries: readonly EngineQuery[],
    since: number,
    abort: AbortFlag | undefined,
    changed: ReadonlySet<number>,
  ): Promise<Answers> {
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
    return Answers.join(parts)
  }

  /** Candidates are scored in the turn that found them, or from a snapshot of it: both speak of one state. */
  #walkOne(query: EngineQuery, since: number, abort: AbortFlag | undefined): Answers | Promise<Answers> {
    const vectors = this.vectors
    const candidates = this.graph.candidates(query)
    const narrowed = [{ ...query, allowed: candidates ?? query.allowed }]
    const few = candidates !== undefined && candidates.length <= FEW
    return few
      ? scanSync(vectors, narrowed, since, null)
      : scan(vectors, this.host.pool, narrowed, since, abort)
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
