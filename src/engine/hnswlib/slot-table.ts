/** Stands for no slot, and for no node. Keys of the store reserve the same number. */
export const NONE = 0xffff_ffff

const GOLDEN = (Math.sqrt(5) - 1) / 2

/** In place of a node: the slot waits for one. */
const WAITING = 0xffff_fffe

/**
 * Which slot a node of the graph stands for, and which slots wait for a node.
 *
 * Invariants: a live slot has one node or waits; a node stands for one live slot, or is dead for good.
 */
export class SlotTable {
  #slotOf: Uint32Array = new Uint32Array(0)
  #nodeOf: Uint32Array = new Uint32Array(0)
  /** All that wait, in the order they came, and some that no longer do. */
  #queue: number[] = []
  /** Of the queue's items those before this one are done. */
  #head = 0
  #step = 0
  #nodes = 0
  #alive = 0
  #waiting = 0
  /** A superset of the waiting slots, ascending. */
  #snapshot: Uint32Array | undefined

  /** Nodes, dead ones included. */
  get nodes(): number {
    return this.#nodes
  }

  /** Nodes that stand for a slot. */
  get alive(): number {
    return this.#alive
  }

  get waiting(): number {
    return this.#waiting
  }

  slotOf(node: number): number {
    return this.#slotOf[node]!
  }

  /** The slot of each node, dead ones with `NONE`; a copy. */
  slots(): Uint32Array {
    return this.#slotOf.slice(0, this.#nodes)
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
    this.#slotOf[node] = NONE
    this.#alive--
    return node
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

  /** Gives a waiting slot the next node. */
  assign(slot: number): void {
    this.#slotOf = withRoom(this.#slotOf, this.#nodes)
    this.#slotOf[this.#nodes] = slot
    this.#nodeOf[slot] = this.#nodes
    this.#nodes++
    this.#alive++
    this.#waiting--
  }

  /** Adds a node that is dead from the start. */
  assignNone(): void {
    this.#slotOf = withRoom(this.#slotOf, this.#nodes)
    this.#slotOf[this.#nodes++] = NONE
  }

  isWaiting(slot: number): boolean {
    return this.#nodeOf[slot] === WAITING
  }
}

/** The array, or a longer copy, such that `index` lies within it. */
function withRoom(array: Uint32Array, index: number): Uint32Array {
  if (index < array.length) return array
  const longer = new Uint32Array(Math.max(1024, 2 * array.length, index + 1)).fill(NONE, array.length)
  longer.set(array)
  return longer
}
