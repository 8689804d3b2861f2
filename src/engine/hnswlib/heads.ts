import { NONE, withRoom } from './slot-table.ts'

/**
 * The living nodes of a graph by the points that hnswlib has for them: a table of hashes, with chains through the nodes.
 *
 * It holds hashes, no points: whoever looks for one compares it with those of the few nodes that are named.
 */
export class Heads {
  /** Of each node, also of those that are dead by now. */
  #hashes: Uint32Array = new Uint32Array(0)
  /** The node behind a node in its chain. */
  #next: Uint32Array = new Uint32Array(0)
  /** The first node of each chain; a power of two of them. */
  #chains = new Uint32Array(1024).fill(NONE)
  #size = 0

  /** The node with this hash for which `same` is true, or `NONE`. */
  find(hash: number, same: (node: number) => boolean): number {
    let node = this.#chains[this.#chainOf(hash)]!
    while (node !== NONE && !(this.#hashes[node] === hash && same(node))) node = this.#next[node]!
    return node
  }

  /** A node that is not in the table. */
  add(node: number, hash: number): void {
    this.#hashes = withRoom(this.#hashes, node)
    this.#next = withRoom(this.#next, node)
    this.#hashes[node] = hash
    if (++this.#size > this.#chains.length) this.#lengthen()
    this.#prepend(node)
  }

  /** A node that is in the table. */
  remove(node: number): void {
    const chain = this.#chainOf(this.#hashes[node]!)
    const behind = this.#next[node]!
    let before = this.#chains[chain]!
    if (before === node) this.#chains[chain] = behind
    else {
      while (this.#next[before] !== node) before = this.#next[before]!
      this.#next[before] = behind
    }
    this.#size--
  }

  /** Of the first so many nodes, a copy; those that were never in the table have any. */
  hashes(nodes: number): Uint32Array {
    const hashes = new Uint32Array(nodes)
    hashes.set(this.#hashes.subarray(0, nodes))
    return hashes
  }

  #lengthen(): void {
    const chains = this.#chains
    this.#chains = new Uint32Array(2 * chains.length).fill(NONE)
    for (const first of chains) {
      for (let node = first; node !== NONE; ) {
        const behind = this.#next[node]!
        this.#prepend(node)
        node = behind
      }
    }
  }

  #prepend(node: number): void {
    const chain = this.#chainOf(this.#hashes[node]!)
    this.#next[node] = this.#chains[chain]!
    this.#chains[chain] = node
  }

  #chainOf(hash: number): number {
    return hash & (this.#chains.length - 1)
  }
}

/** In files, so another function is another version of them. `point` has no −0, which equals 0 and has other bits. */
export function hashOf(point: Float32Array): number {
  const bits = new Uint32Array(point.buffer, point.byteOffset, point.length)
  let hash = 0
  for (const word of bits) {
    hash = Math.imul(hash ^ word, 0x9e37_79b1)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash, 0x85eb_ca77)
  return (hash ^ (hash >>> 13)) >>> 0
}
