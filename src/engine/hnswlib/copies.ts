/*
 * Copies: slots whose vectors hnswlib cannot tell apart, because the points it is given for them (`space.ts`) are equal.
 *
 * Linked one by one they would be lost: each refuses all others as neighbours but a few, and a walk that has come to some of them
 * goes nowhere. So only the first of them is added to hnswlib, the **head**; the others share its node, and whoever finds
 * the node has all of them. `heads.ts` finds the node that a new vector is to share.
 *
 * Which of them was added does not matter afterwards: when its slot goes, the node stands for the others. It is dead
 * when the last one has gone, and is not used again.
 */

/** A block is split when it is longer: moving so many numbers costs less than finding their place. */
const BLOCK = 512

/**
 * The slots of one node, two at least: a set in ascending order, so that who wants a few has those that come first among equal
 * scores, and looks at no more. Adding and deleting take the time of a search among the blocks, however many slots there are.
 */
export class Copies implements Iterable<number> {
  /** Whether the vectors themselves are equal, and so all their scores. */
  equal = true
  /** Ascending, each within and from one to the next; none is empty but the only one. */
  readonly #blocks: number[][] = [[]]
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The lowest slot. */
  get first(): number {
    return this.#blocks[0]![0]!
  }

  /** One that is not among them. */
  add(slot: number): void {
    const at = this.#blockOf(slot)
    const block = this.#blocks[at]!
    block.splice(placeIn(block, slot), 0, slot)
    this.#size++
    if (block.length > BLOCK) this.#blocks.splice(at + 1, 0, block.splice(BLOCK / 2))
  }

  /** One that is among them. */
  delete(slot: number): void {
    const at = this.#blockOf(slot)
    const block = this.#blocks[at]!
    block.splice(placeIn(block, slot), 1)
    this.#size--
    if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(at, 1)
  }

  *[Symbol.iterator](): Generator<number> {
    for (const block of this.#blocks) yield* block
  }

  /** The last block that begins at or below the slot, or the first one. */
  #blockOf(slot: number): number {
    let low = 0
    let high = this.#blocks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#blocks[middle]![0]! <= slot) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** How many numbers of an ascending array are lower. */
function placeIn(numbers: readonly number[], number: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numbers[middle]! < number) low = middle + 1
    else high = middle
  }
  return low
}
