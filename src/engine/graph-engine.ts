import type { NativeGeneration, NativeStore } from '../native.ts'
import type { IndexStats } from '../types.ts'
import type { Answers } from './answers.ts'
import type { AbortFlag, Engine, EngineHost, EngineQuery, StorePosition } from './engine.ts'
import type { Graph } from './graph.ts'
import { Upkeep } from './upkeep.ts'

/** What the engines have in common that search in a graph which is kept up to date in the background. */
export abstract class GraphEngine<G extends Graph> implements Engine {
  abstract readonly name: Engine['name']
  abstract readonly scans: boolean
  protected readonly host: EngineHost
  #vectors: NativeStore | undefined
  #upkeep: Upkeep<G> | undefined

  constructor(host: EngineHost) {
    this.host = host
  }

  protected abstract newGraph(vectors: NativeStore, slots: Uint32Array): G

  /** The graph of a generation over the slots of a store that has its rows; undefined where it has none of these options. */
  protected openGraph(_vectors: NativeStore, _generation: NativeGeneration | undefined): G | undefined {
    return undefined
  }

  abstract search(
    queries: readonly EngineQuery[],
    since: number,
    abort: AbortFlag | undefined,
  ): Promise<Answers>

  abstract searchSync(queries: readonly EngineQuery[], since: number): Answers

  /** Queries come after `load`. */
  protected get vectors(): NativeStore {
    return this.#vectors!
  }

  /** The one to search in; another one after an `await`. */
  protected get graph(): G {
    return this.#upkeep!.graph
  }

  get mostCandidates(): number {
    return this.#upkeep?.graph.mostCandidates ?? 0
  }

  get pending(): number {
    return this.#upkeep?.pending ?? 0
  }

  get left(): number {
    return this.#upkeep?.left ?? 0
  }

  get index(): IndexStats {
    return this.#upkeep?.stats ?? { state: 'ready', error: undefined }
  }

  load(vectors: NativeStore, at: StorePosition, generation?: NativeGeneration): void {
    const graph = this.openGraph(vectors, generation) ?? this.newGraph(vectors, vectors.live())
    const upkeep = new Upkeep(graph, at, this.host, (waiting) => this.newGraph(vectors, waiting))
    void this.#upkeep?.stop()
    this.#vectors = vectors
    this.#upkeep = upkeep
  }

  put(slots: Uint32Array, at: StorePosition): void {
    this.#upkeep!.put(slots, at)
  }

  remove(slots: Uint32Array, at: StorePosition): void {
    this.#upkeep!.remove(slots, at)
  }

  async fault(stop: AbortFlag): Promise<string | undefined> {
    return this.#upkeep?.graph.fault(stop)
  }

  settled(): Promise<void> {
    return this.#untilSettled((upkeep) => upkeep.settled())
  }

  /** When the store is loaded anew, so is the graph. */
  rebuild(signal: AbortSignal): Promise<void> {
    return this.#untilSettled((upkeep) => upkeep.rebuild(signal))
  }

  /** Another `load` puts another upkeep in the place of this one. */
  async #untilSettled(work: (upkeep: Upkeep<G>) => Promise<void>): Promise<void> {
    let upkeep = this.#upkeep
    if (upkeep !== undefined) await work(upkeep)
    while (upkeep !== this.#upkeep) {
      upkeep = this.#upkeep
      await upkeep?.settled()
    }
  }

  /** Waits for what is under way, and writes the graph where that saves a long build. */
  async close(): Promise<void> {
    await this.#upkeep?.stop()
    await this.#upkeep?.saveIfWorthwhile()
  }
}
