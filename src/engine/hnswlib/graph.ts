import type { NativeStore } from '../../native.ts'
import { nextTurn, SLICE_MS } from '../../turns.ts'
import { DEFAULT_EF, DEFAULT_EF_CONSTRUCTION, DEFAULT_M, FEWEST_SLOTS } from '../defaults.ts'
import type { EngineQuery, IndexFiles, PlainOptions } from '../engine.ts'
import type { Graph, SavedGraph } from '../graph.ts'
import { loadGraph, saveGraph } from './graph-file.ts'
import { Heads, hashOf } from './heads.ts'
import { NONE, SlotTable } from './slot-table.ts'
import { hasSlot, union } from './slots.ts'
import { normOf, referenceLength } from './space.ts'
import { type Table, UNEQUAL } from './table-file.ts'
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
 * A vector never changes in the index: a slot with another vector gets another node, and the old one is marked deleted unless
 * it stands for other slots. Of living nodes no two are at the same point: `copies.ts` says why.
 * While the index is being written to a file nothing else may change it; marks wait then.
 */
export class HnswlibGraph implements Graph {
  readonly manyToSave = 50_000
  readonly #vectors: NativeStore
  readonly #options: PlainOptions
  readonly #table = new SlotTable()
  /** The living nodes. */
  readonly #heads = new Heads()
  #index: VectorIndex | undefined
  /** Dead nodes that are still to be marked. */
  readonly #unmarked: number[] = []
  #writing = false
  #unsaved = 0

  constructor(vectors: NativeStore, slots: Uint32Array, options: PlainOptions) {
    this.#vectors = vectors
    this.#options = options
    for (const slot of slots) this.#table.put(slot)
  }

  /** Copies too: each is a part of what there is to save. */
  get nodes(): number {
    const { nodes, alive, living } = this.#table
    return nodes + alive - living
  }

  get waiting(): number {
    return this.#table.waiting
  }

  get unsaved(): number {
    return this.#unsaved
  }

  get worn(): boolean {
    const { nodes, living } = this.#table
    return nodes > FEWEST_SLOTS && nodes > 2 * living
  }

  get behind(): boolean {
    const { waiting } = this.#table
    return this.#unmarked.length > 0 || (waiting > 0 && (this.nodes > 0 || waiting >= FEWEST_SLOTS))
  }

  liveSlots(): Uint32Array {
    return this.#table.live()
  }

  readonly sound = true
  readonly unchecked = false

  async check(): Promise<void> {}

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

  /** The package does not show what it has. */
  async fault(): Promise<undefined> {}

  /** Its slices are short, and hnswlib cannot be interrupted while it reads. */
  stop(): void {}

  /** One mark, or one insertion. Only when `behind`. */
  #step(): void {
    const dead = this.#unmarked.pop()
    if (dead !== undefined) {
      this.#index!.markDeleted(dead)
      return
    }
    this.#takeIn(this.#table.next(this.#options.metric !== 'dot'))
    this.#unsaved++
  }

  /** Gives a slot the node that is at its point, or another one. */
  #takeIn(slot: number): void {
    this.#index ??= this.#newIndex()
    const vector = this.#vectors.vector(slot)!
    const point = this.#index.pointOf(vector)
    const hash = hashOf(point)
    const head = this.#heads.find(hash, (node) => areEqual(this.#index!.pointOf(this.#vectorOf(node)), point))
    if (head !== NONE) {
      this.#table.join(slot, head, areEqual(this.#vectorOf(head), vector))
      return
    }
    this.#index.add(vector)
    this.#heads.add(this.#table.nodes, hash)
    this.#table.assign(slot)
  }

  get mostCandidates(): number {
    const { alive, waiting } = this.#table
    if (this.#index === undefined || waiting > alive || this.#unmarked.length > MOST_UNMARKED) return 0
    return Math.floor((alive + waiting - 1) / SCAN_FACTOR)
  }

  /** The slots to score, ascending: what the index finds, and all that wait. Undefined when all are to be scored. */
  candidates(query: EngineQuery): Uint32Array | undefined {
    const { vector, k, ef = DEFAULT_EF, allowed } = query
    if (Math.max(k, ef) > this.mostCandidates) return undefined
    const slots: number[] = []
    const certain = this.#index!.search(
      { vector, k, ef },
      this.#unmarked.length,
      allowed && ((node) => this.#isAllowed(node, allowed)),
      (node) => this.#take(node, query, slots),
    )
    return certain ? union(Uint32Array.from(slots).sort(), this.#waitingSlots(allowed)) : undefined
  }

  #isAllowed(node: number, allowed: Uint32Array): boolean {
    if (hasSlot(allowed, this.#table.slotOf(node))) return true
    for (const slot of this.#table.slotsOf(node)) if (hasSlot(allowed, slot)) return true
    return false
  }

  /** Adds what a query may be answered of a node. Of equal vectors those in the lowest slots come first, so `k` will do. */
  #take(node: number, { k, allowed, excluded }: EngineQuery, slots: number[]): number {
    const most = this.#table.areEqual(node) ? k : Infinity
    let taken = 0
    for (const slot of this.#table.slotsOf(node)) {
      if (taken === most) break
      if (slot === excluded || (allowed !== undefined && !hasSlot(allowed, slot))) continue
      slots.push(slot)
      taken++
    }
    return taken
  }

  async save(files: IndexFiles, position: number): Promise<void> {
    const index = this.#index!
    while (this.#unmarked.length > 0) this.#step()
    // After a failure too: the next attempt is worth its cost only after more work.
    this.#unsaved = 0
    this.#writing = true
    try {
      const table = { ...this.#format(), position, reference: index.reference, ...this.#content() }
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

  /** What the nodes stand for, as of now. */
  #content() {
    const table = this.#table
    return { slots: table.slots(), copies: table.copies(), hashes: this.#heads.hashes(table.nodes) }
  }

  #adopt(index: VectorIndex, { slots, copies, hashes }: Table, changed: ReadonlySet<number>): void {
    const table = this.#table
    const holds = (slot: number) => slot !== NONE && table.isWaiting(slot) && !changed.has(slot)
    this.#index = index
    for (const slot of slots) {
      if (holds(slot)) table.assign(slot)
      else table.assignNone()
    }
    for (let i = 0; i < copies.length; i += 2) {
      const [head, slot] = [copies[i]!, copies[i + 1]!]
      if (holds(slot)) table.join(slot, head % UNEQUAL, head < UNEQUAL)
    }
    for (const [node, slot] of slots.entries()) {
      if (table.slotOf(node) !== NONE) this.#heads.add(node, hashes[node]!)
      // The others were marked before the graph was saved.
      else if (slot !== NONE) this.#unmarked.push(node)
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
    this.#heads.remove(node)
    if (this.#writing) this.#unmarked.push(node)
    else this.#index!.markDeleted(node)
  }

  /** Of a living node, that of its lowest slot. */
  #vectorOf(node: number): Float32Array {
    return this.#vectors.vector(this.#table.slotOf(node))!
  }

  #waitingSlots(allowed: Uint32Array | undefined): Uint32Array {
    if (this.#table.waiting === 0) return NO_SLOTS
    const waiting = this.#table.waitingSlots()
    return allowed === undefined ? waiting : waiting.filter((slot) => hasSlot(allowed, slot))
  }
}

function areEqual(a: Float32Array, b: Float32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
