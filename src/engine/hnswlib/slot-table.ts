import { Copies } from './copies.ts'
import { UNEQUAL } from './table-file.ts'

/** Stands for no slot, and for no node. Keys of the store reserve the same number. */
export const NONE = 0xffff_ffff

const GOLDEN = (Math.sqrt(5) - 1) / 2

/** In place of a node: the slot waits for one. */
const WAITING = 0xffff_fffe

const NO_SLOTS: readonly number[] = []

/**
 * Which slots a node of the graph stands for, and which slots wait for a node.
 *
 * Invariants: a live slot has one node or waits; a node stands for live slots, several if they are copies (`copies.ts`), or is
 * dead for good.
 */
export class SlotTable {
  /** The lowest slot of each node. */
  #slotOf: Uint32Array = new Uint32Array(0)
  #nodeOf: Uint32Array = new Uint32Array(0)
  /** All slots of the nodes that have several. */
  readonly #copies = new Map<number, Copies>()
  /** All that wait, in the order they came, and some that no longer do. */
  #queue: number[] = []
  /** Of the queue's items those before this one are done. */
  #head = 0
  #step = 0
  #nodes = 0
  #living = 0
  #alive = 0
  #waiting = 0
  /** A superset of the waiting slots, ascending. */
  #snapshot: Uint32Array | undefined

  /** Nodes, dead ones included. */
  get nodes(): number {
    return this.#nodes
  }

  /** Nodes that stand for slots. */
  get living(): number {
    return this.#living
  }

  /** Slots that have a node. */
  get alive(): number {
    return this.#alive
  }

  get waiting(): number {
    return this.#waiting
  }

  /** The lowest slot of a node; `NONE` of a dead one. */
  slotOf(node: number): number {
    return this.#slotOf[node]!
  }

  /** All slots of a node, ascending. */
  slotsOf(node: number): Iterable<number> {
    const slot = this.#slotOf[node]!
    return this.#copies.get(node) ?? (slot === NONE ? NO_SLOTS : [slot])
  }

  /** Whether the vectors of a node's slots are known to be equal, and not only the points that hnswlib is given for them. */
  areEqual(node: number): boolean {
    return this.#copies.get(node)?.equal ?? true
  }

  /** The lowest slot of each node, dead ones with `NONE`; a copy. */
  slots(): Uint32Array {
    return this.#slotOf.slice(0, this.#nodes)
  }

  /** The other slots, each behind its node, as files have them (`table-file.ts`). */
  copies(): Uint32Array {
    const copies = new Uint32Array(2 * (this.#alive - this.#living))
    let count = 0
    for (const [node, slots] of this.#copies) {
      for (const slot of slots) {
        if (slot === slots.first) continue
        copies[count++] = slots.equal ? node : node + UNEQUAL
        copies[count++] = slot
      }
    }
    return copies
  }

  /** All slots that have a node or wait. */
  live(): Uint32Array {
    const live = new Uint32Array(this.#alive + this.#waiting)
    let count = 0
    for (let slot = 0; slot < this.#nodeOf.length; slot++) {
      if (this.#nodeOf[slot] !== NONE) live[count++] = slot
    }
    return live
  }

  /** The slots that wait, ascending; some may have a node by now, or be gone. */
  waitingSlots(): Uint32Array {
    if (this.#snapshot === undefined || this.#snapshot.length > 2 * this.#waiting + 64) {
      const slots = new Uint32Array(this.#waiting)
      let count = 0
      for (let slot = 0; slot < this.#nodeOf.length; slot++) {
        if (this.#nodeOf[slot] === WAITING) slots[count++] = slot
      }
      this.#snapshot = slots
    }
    return this.#snapshot
  }

  /** A slot has come, or has got another vector: it waits. Returns the node that is dead now, or `NONE`. */
  put(slot: number): number {
    const dead = this.remove(slot)
    this.#nodeOf = withRoom(this.#nodeOf, slot)
    this.#nodeOf[slot] = WAITING
    this.#queue.push(slot)
    this.#waiting++
    this.#dropDone()
    this.#snapshot = undefined
    return dead
  }

  /** A slot has gone. Returns the node that is dead now, or `NONE`. */
  remove(slot: number): number {
    const node = this.#nodeOf[slot] ?? NONE
    if (node === NONE) return NONE
    this.#nodeOf[slot] = NONE
    if (node === WAITING) {
      this.#waiting--
      return NONE
    }
    this.#alive--
    return this.#leave(slot, node)
  }

  #leave(slot: number, node: number): number {
    const copies = this.#copies.get(node)
    if (copies === undefined) {
      this.#slotOf[node] = NONE
      this.#living--
      return node
    }
    copies.delete(slot)
    this.#slotOf[node] = copies.first
    if (copies.size === 1) this.#copies.delete(node)
    return NONE
  }

  /**
   * Some waiting slot, to be assigned at once; only when there is one. `inOrder` the one that came first, else places
   * are spread by the golden ratio, the same in every run.
   */
  next(inOrder: boolean): number {
    for (;;) {
      this.#dropDone()
      if (!inOrder) this.#swapWithHead()
      const slot = this.#queue[this.#head++]!
      if (this.#nodeOf[slot] === WAITING) return slot
    }
  }

  #swapWithHead(): void {
    this.#step = (this.#step + GOLDEN) % 1
    const place = this.#head + Math.floor(this.#step * (this.#queue.length - this.#head))
    const slot = this.#queue[place]!
    this.#queue[place] = this.#queue[this.#head]!
    this.#queue[this.#head] = slot
  }

  /** Keeps the queue within bounds, however often slots come and go. Now and then, so that it costs little for each. */
  #dropDone(): void {
    if (this.#queue.length < 1024 + 2 * this.#waiting) return
    this.#queue = [...new Set(this.#queue.slice(this.#head))].filter((slot) => this.isWaiting(slot))
    this.#head = 0
  }

  /** Adds the next node, for a waiting slot. */
  assign(slot: number): void {
    this.assignNone()
    this.join(slot, this.#nodes - 1, true)
  }

  /** Adds a node that is dead from the start, unless a slot joins it. */
  assignNone(): void {
    this.#slotOf = withRoom(this.#slotOf, this.#nodes)
    this.#slotOf[this.#nodes++] = NONE
  }

  /** Gives a waiting slot a node that others have, or none has had; `equal`: its vector is theirs. */
  join(slot: number, node: number, equal: boolean): void {
    const first = this.#slotOf[node]!
    if (first === NONE) {
      this.#slotOf[node] = slot
      this.#living++
    } else {
      const copies = this.#copies.get(node) ?? this.#pair(node, first)
      copies.add(slot)
      copies.equal &&= equal
      this.#slotOf[node] = copies.first
    }
    this.#nodeOf[slot] = node
    this.#alive++
    this.#waiting--
  }

  /** Makes room for copies of a node's only slot. */
  #pair(node: number, slot: number): Copies {
    const copies = new Copies()
    copies.add(slot)
    this.#copies.set(node, copies)
    return copies
  }

  isWaiting(slot: number): boolean {
    return this.#nodeOf[slot] === WAITING
  }
}

/** The array, or a longer copy, such that `index` lies within it; what is new is `NONE`. */
export function withRoom(array: Uint32Array, index: number): Uint32Array {
  if (index < array.length) return array
  const longer = new Uint32Array(Math.max(1024, 2 * array.length, index + 1)).fill(NONE, array.length)
  longer.set(array)
  return longer
}
