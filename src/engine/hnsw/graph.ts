import { MAPPED } from '../../generation.ts'
import {
  CODES,
  createHnsw,
  type NativeGeneration,
  type NativeHeads,
  type NativeHnsw,
  type NativeStore,
  saveGeneration,
} from '../../native.ts'
import { nextTurn } from '../../turns.ts'
import { Answers, ROOM } from '../answers.ts'
import { DEFAULT_CODES, DEFAULT_EF_CONSTRUCTION, DEFAULT_M, FEWEST_SLOTS } from '../defaults.ts'
import { type AbortFlag, type EngineHost, type EngineQuery, type IndexFiles, STOP } from '../engine.ts'
import type { Graph } from '../graph.ts'
import { packQueries } from '../pack.ts'
import { saveIndex } from '../saved-files.ts'

/** Vectors unlike all others may be out of reach of all walks, and are few: those of a share that says that something is wrong. */
const MOST_UNREACHED = 0.01

/** Our own graph, in native memory. It is built and searched on the database's threads. */
export class HnswGraph implements Graph {
  readonly manyToSave = 200_000
  readonly #vectors: NativeStore
  readonly #host: EngineHost
  readonly #native: NativeHnsw
  /** Set when work in the background is to end. */
  readonly #stop: AbortFlag = new Int32Array(1)
  /** That it was opened from. */
  #generation: NativeGeneration | undefined
  /** How often `advance` has begun, and has ended: odd while it is under way. */
  #advances = 0
  /** Nodes that the file has. */
  #saved = 0

  constructor(vectors: NativeStore, slots: Uint32Array, host: EngineHost) {
    this.#vectors = vectors
    this.#host = host
    const { dimension, metric, precision, codes = DEFAULT_CODES } = host.options
    const { M = DEFAULT_M, efConstruction = DEFAULT_EF_CONSTRUCTION } = host.options
    this.#native = createHnsw(dimension, metric, M, efConstruction, codes, precision)
    this.#native.put(slots)
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

  /** Makes it that of a generation, whose rows the vectors are; false where that has none of these options. Before anything else. */
  open(generation: NativeGeneration): boolean {
    if (!this.#native.open(generation)) return false
    this.#generation = generation
    this.#saved = this.nodes
    return true
  }

  get sound(): boolean {
    return this.#generation?.damaged() !== true
  }

  get unchecked(): boolean {
    return this.#generation?.checked() === false
  }

  async check(): Promise<void> {
    while (this.sound && !(await this.#generation!.check(this.#host.pool, this.#stop))) await nextTurn()
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
    this.#advances++
    try {
      await this.#advance()
    } finally {
      this.#advances++
    }
  }

  async #advance(): Promise<void> {
    const { pool } = this.#host
    if (this.#native.undecided()) await this.#native.choose(pool, this.#vectors, this.#stop)
    await this.#native.build(pool, this.#vectors)
    if (!this.behind && this.#native.scattered()) await this.#native.renumber(pool, this.#stop)
  }

  async fault(stop: AbortFlag): Promise<string | undefined> {
    const advances = this.#advances
    const [alive, names, slots, unreached] = (await this.#native.check(
      this.#host.pool,
      stop,
    )) as unknown as number[]
    // While nodes are added, lists name some that were none when it began.
    const isQuiet = advances % 2 === 0 && advances === this.#advances
    if (isQuiet && names! > 0) return `${names} times its lists name what is no node`
    if (slots! > 0) return `${slots} of its nodes stand for a slot that has another one`
    if (unreached! > MOST_UNREACHED * alive!) return `no way leads to ${unreached} of its ${alive} nodes`
    return undefined
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

  /** Whether there are codes of the vectors themselves, and most have one, that are shorter than these, and can be relied on. */
  get #isShort(): boolean {
    const { codes, waiting } = this
    if (this.unchecked || !this.sound || this.#host.options.precision !== undefined) return false
    return codes !== undefined && codes !== 'float32' && waiting <= this.#native.alive()
  }

  async save(files: IndexFiles, position: number): Promise<void> {
    const native = this.#native
    // After a failure too: the next attempt is worth its cost only after more work.
    this.#saved = native.nodes()
    await saveIndex(files, { kind: MAPPED.kind, position }, [MAPPED.suffix], ([path]) =>
      saveGeneration(this.#host.pool, path!, this.#vectors, native, null),
    )
  }
}
