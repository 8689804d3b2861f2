import { CODES, createHnsw, type NativeHeads, type NativeHnsw, type NativeStore } from '../../native.ts'
import { Answers, ROOM } from '../answers.ts'
import { DEFAULT_CODES, DEFAULT_EF_CONSTRUCTION, DEFAULT_M, FEWEST_SLOTS } from '../defaults.ts'
import { type AbortFlag, type EngineHost, type EngineQuery, type IndexFiles, STOP } from '../engine.ts'
import type { Graph, SavedGraph } from '../graph.ts'
import { loadGraph, saveGraph } from '../graph-file.ts'
import { packQueries } from '../pack.ts'
import type { GraphFormat, Table } from '../table-file.ts'

const DEAD = 0xffff_ffff

/** Its own file has them. */
const NO_COPIES = { hashes: new Uint32Array(0), copies: new Uint32Array(0) }

/** Our own graph, in native memory. It is built and searched on the database's threads. */
export class HnswGraph implements Graph {
  readonly manyToSave = 200_000
  readonly #vectors: NativeStore
  readonly #host: EngineHost
  #native: NativeHnsw
  /** Set when work in the background is to end. */
  readonly #stop: AbortFlag = new Int32Array(1)
  /** Nodes that the file has. */
  #saved = 0

  constructor(vectors: NativeStore, slots: Uint32Array, host: EngineHost) {
    this.#vectors = vectors
    this.#host = host
    this.#native = this.#newNative(slots)
  }

  get nodes(): number {
    return this.#native.nodes()
  }

  get waiting(): number {
    return this.#native.waiting()
  }

  get unsaved(): number {
    return this.nodes - this.#saved
  }

  get behind(): boolean {
    const { waiting } = this
    return waiting > 0 && (waiting >= FEWEST_SLOTS || this.nodes > 0)
  }

  get worn(): boolean {
    const { nodes } = this
    return nodes > FEWEST_SLOTS && nodes > 2 * this.#native.alive()
  }

  put(slots: Uint32Array): void {
    this.#native.put(slots)
  }

  remove(slots: Uint32Array): void {
    this.#native.remove(slots)
  }

  liveSlots(): Uint32Array {
    return this.#native.live()
  }

  async advance(): Promise<void> {
    const { pool } = this.#host
    if (this.#native.undecided()) await this.#native.choose(pool, this.#vectors, this.#stop)
    await this.#native.build(pool, this.#vectors)
    if (!this.behind && this.#native.scattered()) await this.#native.renumber(pool, this.#stop)
  }

  stop(): void {
    this.#stop[0] = STOP.abort
  }

  /** What its vectors are kept in; undefined while it has none. */
  get codes(): (typeof CODES)[number] | undefined {
    return this.nodes > 0 ? CODES[this.#native.codes()] : undefined
  }

  get mostCandidates(): number {
    return this.#native.mostCandidates()
  }

  async search(
    queries: readonly EngineQuery[],
    since: number,
    abort: AbortFlag | undefined,
  ): Promise<Answers> {
    const texts: string[] = []
    const packed = packQueries(queries, abort)
    const numbers = await this.#native.search(this.#host.pool, this.#vectors, since, texts, ...packed)
    return new Answers(numbers, texts, queries.length)
  }

  searchSync(queries: readonly EngineQuery[], since: number): Answers {
    const texts: string[] = []
    const packed = packQueries(queries, undefined)
    const numbers = this.#native.searchSync(this.#vectors, since, texts, ROOM, ...packed)
    return new Answers(numbers, texts, queries.length)
  }

  weigh(heads: NativeHeads): Promise<Float64Array> | undefined {
    return this.#isShort ? this.#native.weigh(this.#host.pool, this.#vectors, ...heads) : undefined
  }

  weighSync(heads: NativeHeads): Float64Array | undefined {
    return this.#isShort ? this.#native.weighSync(this.#vectors, ...heads) : undefined
  }

  /** Whether there are codes, and most vectors have one, that are shorter than these. */
  get #isShort(): boolean {
    const { codes, waiting } = this
    return codes !== undefined && codes !== 'float32' && waiting <= this.#native.alive()
  }

  async save(files: IndexFiles, position: number): Promise<void> {
    const native = this.#native
    // After a failure too: the next attempt is worth its cost only after more work.
    this.#saved = native.nodes()
    const table = { ...this.#format, position, reference: 0, slots: native.slots(), ...NO_COPIES }
    await saveGraph(files, table, (path) => native.write(this.#host.pool, path, null))
  }

  async load(files: IndexFiles): Promise<SavedGraph | undefined> {
    const read = async (path: string) => {
      const native = this.#newNative(new Uint32Array())
      await native.read(this.#host.pool, path, this.#stop)
      return native
    }
    const saved = await loadGraph(files, this.#format, read, this.#stop)
    if (saved === undefined) return undefined
    const { graph, table } = saved
    return { position: table.position, adopt: (changed) => this.#adopt(graph, table, changed) }
  }

  #adopt(native: NativeHnsw, { slots }: Table, changed: ReadonlySet<number>): void {
    native.put(this.#native.live())
    native.adopt(slots.map((slot) => (changed.has(slot) ? DEAD : slot)))
    this.#native = native
    this.#saved = native.nodes()
  }

  #newNative(slots: Uint32Array): NativeHnsw {
    const { dimension, metric, codes = DEFAULT_CODES } = this.#host.options
    const { M, efConstruction } = this.#format
    const native = createHnsw(dimension, metric, M, efConstruction, codes)
    native.put(slots)
    return native
  }

  get #format(): GraphFormat {
    const { dimension, M = DEFAULT_M, efConstruction = DEFAULT_EF_CONSTRUCTION } = this.#host.options
    return { kind: 'hnsw', dimension, M, efConstruction }
  }
}
