import { listen } from '../listen.ts'
import { fromNative } from '../native.ts'
import { nextTurn } from '../turns.ts'
import type { IndexStats } from '../types.ts'
import { FEWEST_TO_SAVE } from './defaults.ts'
import type { EngineHost, IndexFiles, StorePosition } from './engine.ts'
import type { Graph, NewGraph } from './graph.ts'

/** How long a failure is let rest before another attempt. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000

/**
 * Brings the graph of one store up to date in the background: takes over a saved one, takes in what waits, builds another
 * graph when this one is worn, and saves.
 *
 * When that fails, for want of memory or threads for example, the graph stays as it is: what waits is scanned with every query. The failure
 * is kept and told, and the work tried again after a while, which doubles as long as it fails.
 */
export class Upkeep<G extends Graph> {
  readonly #host: EngineHost
  readonly #newGraph: NewGraph<G>
  /** Undefined when there are none. */
  readonly #files: IndexFiles | undefined
  #at: StorePosition
  #graph: G
  /** What the graph is to be replaced by, once nothing waits in it. */
  #successor: G | undefined
  #running: Promise<void> | undefined
  #stopped = false
  /** Of the last attempt. */
  #error: Error | undefined
  /** The last attempt to save has failed. */
  #unsaved = false
  #pause = FIRST_PAUSE_MS
  #retry: NodeJS.Timeout | undefined

  constructor(graph: G, at: StorePosition, host: EngineHost, newGraph: NewGraph<G>) {
    this.#host = host
    this.#newGraph = newGraph
    this.#at = at
    this.#files = host.indexFiles(at.number)
    this.#graph = graph
    this.#run(() => this.#adopt())
  }

  /** The graph to search in. */
  get graph(): G {
    return this.#graph
  }

  /** Slots that the graph has still to take in; 0 while there are too few for a graph. */
  get pending(): number {
    return this.#graph.behind ? this.#graph.waiting : 0
  }

  /** The same of the graph that is being built: this one, or another one. */
  get left(): number {
    return this.#successor?.waiting ?? this.pending
  }

  get stats(): IndexStats {
    const resting = this.#error === undefined ? 'ready' : 'failed'
    return { state: this.#running === undefined ? resting : 'building', error: this.#error }
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

  /** Resolves when nothing is due and no work under way. What rests is tried again at once; rejects with why it was given up. */
  async settled(): Promise<void> {
    clearTimeout(this.#retry)
    this.#retry = undefined
    this.#run()
    while (this.#running !== undefined) await this.#running
    if (this.#due && this.#error !== undefined) throw this.#error
  }

  /** Builds another graph, and resolves when it is the one to search in, or when the signal has fired. Rejects with why it was given up. */
  async rebuild(signal: AbortSignal): Promise<void> {
    const successor = this.#newGraph(this.#graph.liveSlots())
    this.#successor = successor
    const unlisten = listen(signal, () => {
      if (this.#successor === successor) this.#successor = undefined
    })
    await this.settled().finally(unlisten)
    // A later call may have begun another one.
    if (this.#graph !== successor && this.#error !== undefined) throw this.#error
  }

  /** Ends the work soon. Resolves when none is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#retry)
    this.#graph.stop()
    this.#successor?.stop()
    await this.#running
  }

  /** After `stop`: saves what took longer to build than it takes to write. */
  async saveIfWorthwhile(): Promise<void> {
    if (this.#unsaved || (this.#error === undefined && this.#unsavedBeyond(FEWEST_TO_SAVE, 1 / 64)))
      await this.#save()
  }

  #run(begin?: () => Promise<void>): void {
    if (this.#running !== undefined || this.#stopped || this.#retry !== undefined || !this.#due) return
    this.#running = this.#work(begin).then(
      () => {
        this.#running = undefined
        this.#run()
      },
      (error: unknown) => {
        this.#running = undefined
        if (!this.#stopped) this.#rest(error)
      },
    )
  }

  #rest(error: unknown): void {
    this.#error = fromNative(error) as Error
    this.#successor = undefined
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#run()
    }, this.#pause)
    // Nobody waits for it.
    this.#retry.unref()
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MS)
  }

  get #due(): boolean {
    if (!this.#graph.sound) return false
    return this.#successor !== undefined || this.#graph.unchecked || this.#graph.behind || this.#graph.worn
  }

  async #work(begin?: () => Promise<void>): Promise<void> {
    // All that a transaction puts comes first.
    await nextTurn()
    await begin?.()
    while (this.#due && !this.#stopped) {
      if (this.#graph.unchecked) {
        await this.#graph.check()
        continue
      }
      if (this.#graph.worn) this.#successor ??= this.#newGraph(this.#graph.liveSlots())
      const graph = this.#successor ?? this.#graph
      if (graph.behind) await graph.advance()
      this.#succeeded()
      if (graph === this.#successor && !graph.behind) this.#replaceBy(graph)
      if (this.#unsavedBeyond(this.#graph.manyToSave, 1 / 2)) await this.#save()
    }
    if (!this.#stopped && this.#unsavedBeyond(FEWEST_TO_SAVE, 1 / 10)) await this.#save()
  }

  #replaceBy(successor: G): void {
    this.#graph = successor
    this.#successor = undefined
  }

  /** Begins with what this or another process has saved, as far as it still holds. */
  async #adopt(): Promise<void> {
    if (this.#files === undefined) return
    const saved = await this.#graph.load?.(this.#files)
    // A file that is ahead of the store belongs to another history of it.
    if (saved === undefined || this.#stopped || saved.position > this.#at.position) return
    const changed = this.#changedSince(saved.position)
    if (changed !== undefined) saved.adopt(changed)
  }

  #unsavedBeyond(fewest: number, share: number): boolean {
    const { unsaved, nodes, sound } = this.#graph
    return sound && this.#files?.writable === true && unsaved >= Math.max(fewest, share * nodes)
  }

  #succeeded(): void {
    this.#error = undefined
    this.#pause = FIRST_PAUSE_MS
  }

  /** A failure is told, and no harm: it is tried again after more work and at the end, and the graph can be built again. */
  async #save(): Promise<void> {
    const { position } = this.#at
    if (this.#changedSince(position) === undefined) {
      // Nobody will ask for this number again, and its folder may be gone already.
      this.#stopped = true
      return
    }
    try {
      await this.#graph.save(this.#files!, position)
      this.#unsaved = false
    } catch (error) {
      this.#unsaved = true
      this.#error = fromNative(error) as Error
    }
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
