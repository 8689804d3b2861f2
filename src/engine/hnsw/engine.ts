import type { NativeStore } from '../../native.ts'
import { Answers } from '../answers.ts'
import { DEFAULT_EF } from '../defaults.ts'
import { divide } from '../divide.ts'
import type { AbortFlag, Engine, EngineHost, EngineQuery, StorePosition } from '../engine.ts'
import { scan } from '../flat.ts'
import { packQueries } from '../pack.ts'
import { Upkeep } from './upkeep.ts'

/**
 * Our own HNSW: a walk on 8-bit codes finds candidates, the store scores them exactly. Building and searching run on the
 * database's threads. What is not linked yet is scored exactly with every query; so is everything while that is faster.
 */
export class HnswEngine implements Engine {
  readonly name = 'hnsw'
  readonly scans = true
  readonly #host: EngineHost
  #vectors: NativeStore | undefined
  #upkeep: Upkeep | undefined

  constructor(host: EngineHost) {
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
    this.#upkeep!.put(slots, at)
  }

  remove(slots: Uint32Array, at: StorePosition): void {
    this.#upkeep!.remove(slots, at)
  }

  /** Scans, where they are faster, are shared by all threads. */
  search(queries: readonly EngineQuery[], since: number, abort: AbortFlag | undefined): Promise<Answers> {
    const most = this.#upkeep!.graph.mostCandidates()
    return divide(
      queries,
      ({ k, exact, ef = DEFAULT_EF }) => (exact ? k : Math.max(k, ef)) <= most,
      (walked) => this.#walk(walked, since, abort),
      (scanned) => scan(this.#vectors!, this.#host.pool, scanned, since, abort),
    )
  }

  searchSync(queries: readonly EngineQuery[], since: number): Answers {
    const texts: string[] = []
    const { graph } = this.#upkeep!
    const numbers = graph.searchSync(this.#vectors!, since, texts, ...packQueries(queries, undefined))
    return new Answers(numbers, texts, queries.length)
  }

  /** Waits for what is under way, and writes the graph where that saves a long build. */
  async close(): Promise<void> {
    await this.#upkeep?.stop()
    await this.#upkeep?.saveIfWorthwhile()
  }

  async #walk(
    queries: readonly EngineQuery[],
    since: number,
    abort: AbortFlag | undefined,
  ): Promise<Answers> {
    const texts: string[] = []
    const packed = packQueries(queries, abort)
    const { graph } = this.#upkeep!
    const numbers = await graph.search(this.#host.pool, this.#vectors!, since, texts, ...packed)
    return new Answers(numbers, texts, queries.length)
  }
}
