import type { NativeStore } from '../../native.ts'
import { nextTurn, SLICE_MS } from '../../turns.ts'
import { DEFAULT_EF, DEFAULT_EF_CONSTRUCTION, DEFAULT_M, FEWEST_SLOTS } from '../defaults.ts'
import type { EngineOptions, EngineQuery, IndexFiles } from '../engine.ts'
import type { Graph, SavedGraph } from '../graph.ts'
import { loadGraph, saveGraph } from '../graph-file.ts'
import type { Table } from '../table-file.ts'
import { NONE, SlotTable } from './slot-table.ts'
import { hasSlot, union } from './slots.ts'
import { normOf, referenceLength } from './space.ts'
import { VectorIndex } from './vector-index.ts'

/** A walk looks at some ten to thirty rows for each candidate, each at a higher price than a scan pays. */
const SCAN_FACTOR = 16

/** Rows whose norms decide the reference length. */
const SAMPLE = 1_000

/** Nodes that are dead without the index knowing each cost a candidate. */
const MOST_UNMARKED = 1_000

const NO_SLOTS = new Uint32Array(0)

/**
 * An index of hnswlib. It is synchronous: work is done on the calling thread, in slices.
 *
 * A vector never changes in the index: a slot with another vector gets another node, and the old one is marked deleted.
 * While the index is being written to a file nothing else may change it; marks wait then.
 */
export class HnswlibGraph implements Graph {
  readonly manyToSave = 50_000
  readonly #vectors: NativeStore
  readonly #options: EngineOptions
  readonly #table = new SlotTable()
  #index: VectorIndex | undefined
  /** Dead nodes that are still to be marked. */
  readonly #unmarked: number[] = []
  #writing = false
  #unsaved = 0

  constructor(vectors: NativeStore, slots: Uint32Array, options: EngineOptions) {
    this.#vectors = vectors
    this.#options = options
    for (const slot of slots) this.#table.put(slot)
  }

  get nodes(): number {
    return this.#table.nodes
  }

  get waiting(): number {
    return this.#table.waiting
  }

  get unsaved(): number {
    return this.#unsaved
  }

  get worn(): boolean {
    return this.nodes > FEWEST_SLOTS && this.nodes > 2 * this.#table.alive
  }

  get behind(): boolean {
    const { waiting } = this.#table
    return this.#unmarked.length > 0 || (waiting > 0 && (this.nodes > 0 || waiting >= FEWEST_SLOTS))
  }

  liveSlots(): Uint32Array {
    return this.#table.live()
  }

  put(slots: Uint32Array): void {
    for (const slot of slots) this.#bury(this.#table.put(slot))
  }

  remove(slots: Uint32Array): void {
    for (const slot of slots) this.#bury(this.#table.remove(slot))
  }

  async advance(): Promise<void> {
    await nextTurn()
    const end = performance.now() + SLICE_MS
    while (this.behind && performance.now() < end) this.#step()
  }

  /** Its slices are short, and hnswlib cannot be interrupted while it reads. */
  stop(): void {}

  /** One mark, or one insertion. Only when `behind`. */
  #step(): void {
    const dead = this.#unmarked.pop()
    if (dead !== undefined) {
      this.#index!.markDeleted(dead)
      return
    }
    const slot = this.#table.next(this.#options.metric !== 'dot')
    this.#index ??= this.#newIndex()
    this.#index.add(this.#vectors.vector(slot)!)
    this.#table.assign(slot)
    this.#unsaved++
  }

  /** Whether `candidates` is faster than scoring all slots, and complete. */
  suits({ k, ef = DEFAULT_EF }: EngineQuery): boolean {
    const { alive, waiting } = this.#table
    if (this.#index === undefined || waiting > alive || this.#unmarked.length > MOST_UNMARKED) return false
    return SCAN_FACTOR * Math.max(k, ef) < alive + waiting
  }

  /** The slots to score, ascending: what the index finds, and all that wait. Undefined when all are to be scored. */
  candidates(query: EngineQuery): Uint32Array | undefined {
    if (!this.suits(query)) return undefined
    const { vector, k, ef = DEFAULT_EF, allowed } = query
    const count = k + this.#unmarked.length
    const filter = allowed && ((node: number) => hasSlot(allowed, this.#table.slotOf(node)))
    const found = this.#index!.search(vector, count, ef, filter)
    return found && union(this.#slotsOf(found), this.#waitingSlots(allowed))
  }

  async save(files: IndexFiles, position: number): Promise<void> {
    const index = this.#index!
    while (this.#unmarked.length > 0) this.#step()
    // After a failure too: the next attempt is worth its cost only after more work.
    this.#unsaved = 0
    this.#writing = true
    try {
      const table = { ...this.#format(), position, reference: index.reference, slots: this.#table.slots() }
      await saveGraph(files, table, (path) => index.write(path))
    } finally {
      this.#writing = false
    }
  }

  async load(files: IndexFiles): Promise<SavedGraph | undefined> {
    const saved = await loadGraph(files, this.#format(), (path, { reference }) => {
      return VectorIndex.read(this.#options, reference, path)
    })
    if (saved === undefined) return undefined
    const { graph, table } = saved
    return { position: table.position, adopt: (changed) => this.#adopt(graph, table, changed) }
  }

  #adopt(index: VectorIndex, { slots }: Table, changed: ReadonlySet<number>): void {
    this.#index = index
    for (let node = 0; node < slots.length; node++) {
      const slot = slots[node]!
      if (slot !== NONE && this.#table.isWaiting(slot) && !changed.has(slot)) {
        this.#table.assign(slot)
        continue
      }
      this.#table.assignNone()
      // The others were marked before the graph was saved.
      if (slot !== NONE) this.#unmarked.push(node)
    }
  }

  #format() {
    const { dimension, M = DEFAULT_M, efConstruction = DEFAULT_EF_CONSTRUCTION } = this.#options
    return { kind: 'hnswlib', dimension, M, efConstruction } as const
  }

  #newIndex(): VectorIndex {
    return VectorIndex.create(this.#options, this.#referenceLength(), Math.ceil(1.25 * this.#table.waiting))
  }

  #referenceLength(): number {
    const slots = this.#table.waitingSlots()
    const norms: number[] = []
    for (let i = 0; i < slots.length; i += Math.ceil(slots.length / SAMPLE)) {
      const vector = this.#vectors.vector(slots[i]!)
      if (vector !== undefined) norms.push(normOf(vector))
    }
    return referenceLength(this.#options.metric, norms)
  }

  #bury(node: number): void {
    if (node === NONE) return
    if (this.#writing) this.#unmarked.push(node)
    else this.#index!.markDeleted(node)
  }

  #slotsOf(nodes: readonly number[]): Uint32Array {
    const slots = new Uint32Array(nodes.length)
    let count = 0
    for (const node of nodes) {
      const slot = this.#table.slotOf(node)
      if (slot !== NONE) slots[count++] = slot
    }
    return (count === slots.length ? slots : slots.slice(0, count)).sort()
  }

  #waitingSlots(allowed: Uint32Array | undefined): Uint32Array {
    if (this.#table.waiting === 0) return NO_SLOTS
    const waiting = this.#table.waitingSlots()
    return allowed === undefined ? waiting : waiting.filter((slot) => hasSlot(allowed, slot))
  }
}
