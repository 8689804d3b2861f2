import { createHnsw, type NativeHnsw, type NativeStore } from '../../native.ts'
import { nextTurn } from '../../turns.ts'
import { DEFAULT_EF_CONSTRUCTION, DEFAULT_M, FEWEST_SLOTS, FEWEST_TO_SAVE } from '../defaults.ts'
import type { EngineHost, StorePosition } from '../engine.ts'
import { loadGraph, saveGraph } from '../graph-file.ts'
import type { GraphFormat } from '../table-file.ts'

/** While more are being linked, at least so many are saved at a time. */
const MANY_TO_SAVE = 200_000

const DEAD = 0xffff_ffff

/**
 * Brings the graph of one store up to date in the background, on the database's threads: takes over a saved one, links
 * what waits, builds another graph when most of this one is dead, and saves.
 *
 * When native code fails, for want of memory for example, the graph stays as it is: what waits is scanned with every query.
 */
export class Upkeep {
  readonly #vectors: NativeStore
  readonly #host: EngineHost
  /** Undefined when nothing may be written. */
  readonly #folder: string | undefined
  #at: StorePosition
  #graph: NativeHnsw
  /** What the graph is to be replaced by, once nothing waits in it. */
  #successor: NativeHnsw | undefined
  #running: Promise<void> | undefined
  #stopped = false
  #failed = false
  /** Nodes that the file has. */
  #saved = 0

  constructor(vectors: NativeStore, slots: Uint32Array, at: StorePosition, host: EngineHost) {
    this.#vectors = vectors
    this.#host = host
    this.#at = at
    this.#folder = host.indexFolder(at.number)
    this.#graph = this.#newGraph(slots)
    this.#run(() => this.#adopt())
  }

  /** The graph to search in. */
  get graph(): NativeHnsw {
    return this.#graph
  }

  /** Slots that the graph has still to take in; 0 while there are too few for a graph. */
  get pending(): number {
    return behind(this.#graph) ? this.#graph.waiting() : 0
  }

  put(slots: Uint32Array, at: StorePosition): void {
    this.#at = at
    this.#graph.put(slots)
    this.#successor?.put(slots)
    this.#run()
  }

  remove(slots: Uint32Array, at: StorePosition): void {
    this.#at = at
    this.#graph.remove(slots)
    this.#successor?.remove(slots)
    this.#run()
  }

  /** Ends the work. Resolves when none is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  /** After `stop`: saves what took longer to build than it takes to write. */
  async saveIfWorthwhile(): Promise<void> {
    if (!this.#failed && this.#unsavedBeyond(FEWEST_TO_SAVE, 1 / 64)) await this.#save()
  }

  #run(begin?: () => Promise<void>): void {
    if (this.#running !== undefined || this.#stopped || this.#failed || !this.#due) return
    this.#running = this.#work(begin).then(
      () => {
        this.#running = undefined
        this.#run()
      },
      () => {
        this.#running = undefined
        this.#failed = true
        this.#successor = undefined
      },
    )
  }

  get #due(): boolean {
    return this.#successor !== undefined || behind(this.#graph) || worn(this.#graph)
  }

  async #work(begin?: () => Promise<void>): Promise<void> {
    // All that a transaction puts comes first.
    await nextTurn()
    await begin?.()
    while (this.#due && !this.#stopped) {
      if (worn(this.#graph)) this.#successor ??= this.#newGraph(this.#graph.live())
      const graph = this.#successor ?? this.#graph
      if (behind(graph)) await graph.build(this.#host.pool, this.#vectors)
      if (!behind(graph) && graph.scattered()) await graph.renumber(this.#host.pool)
      if (graph === this.#successor && !behind(graph)) this.#replaceBy(graph)
      if (this.#unsavedBeyond(MANY_TO_SAVE, 1 / 2)) await this.#save()
    }
    if (!this.#stopped && this.#unsavedBeyond(FEWEST_TO_SAVE, 1 / 10)) await this.#save()
  }

  #newGraph(slots: Uint32Array): NativeHnsw {
    const { dimension, metric, M = DEFAULT_M, efConstruction = DEFAULT_EF_CONSTRUCTION } = this.#host.options
    const graph = createHnsw(dimension, metric, M, efConstruction)
    graph.put(slots)
    return graph
  }

  #replaceBy(successor: NativeHnsw): void {
    this.#graph = successor
    this.#successor = undefined
    this.#saved = 0
  }

  get #format(): GraphFormat {
    const { dimension, M = DEFAULT_M, efConstruction = DEFAULT_EF_CONSTRUCTION } = this.#host.options
    return { kind: 'hnsw', dimension, M, efConstruction }
  }

  /** Begins with what this or another process has saved, as far as it still holds. */
  async #adopt(): Promise<void> {
    if (this.#folder === undefined) return
    const saved = await loadGraph(this.#folder, this.#format, async (path) => {
      const graph = this.#newGraph(new Uint32Array())
      await graph.read(this.#host.pool, path)
      return graph
    })
    // A file that is ahead of the store belongs to another history of it.
    if (saved === undefined || this.#stopped || saved.table.position > this.#at.position) return
    const changed = this.#changedSince(saved.table.position)
    if (changed === undefined) return
    const { graph, table } = saved
    graph.put(this.#graph.live())
    graph.adopt(table.slots.map((slot) => (changed.has(slot) ? DEAD : slot)))
    this.#graph = graph
    this.#saved = graph.nodes()
  }

  #unsavedBeyond(fewest: number, share: number): boolean {
    const nodes = this.#graph.nodes()
    return this.#folder !== undefined && nodes - this.#saved >= Math.max(fewest, share * nodes)
  }

  /** Failures are no harm: the graph is built again when it is next needed. */
  async #save(): Promise<void> {
    const { position } = this.#at
    if (this.#changedSince(position) === undefined) {
      // Nobody will ask for this number again, and its folder may be gone already.
      this.#stopped = true
      return
    }
    const graph = this.#graph
    // After a failure too: the next attempt is worth its cost only after more work.
    this.#saved = graph.nodes()
    const table = { ...this.#format, position, reference: 0, slots: graph.slots() }
    await saveGraph(this.#folder!, table, (path) => graph.write(this.#host.pool, path)).catch(() => {})
  }

  #changedSince(position: number): ReadonlySet<number> | undefined {
    try {
      return this.#host.changedSince(this.#at.number, position)
    } catch {
      // The collection was dropped.
      return undefined
    }
  }
}

/** Whether there is something to link; too few slots are not worth a graph. */
function behind(graph: NativeHnsw): boolean {
  const waiting = graph.waiting()
  return waiting > 0 && (waiting >= FEWEST_SLOTS || graph.nodes() > 0)
}

/** Whether most nodes are dead, so that a walk mostly meets what it cannot return. */
function worn(graph: NativeHnsw): boolean {
  const nodes = graph.nodes()
  return nodes > FEWEST_SLOTS && nodes > 2 * graph.alive()
}
