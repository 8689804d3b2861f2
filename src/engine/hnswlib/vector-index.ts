import { DEFAULT_EF_CONSTRUCTION, DEFAULT_M } from '../defaults.ts'
import type { PlainOptions } from '../engine.ts'
import { type HnswlibIndex, loadHnswlib } from './package.ts'
import { Space } from './space.ts'

/** Neighbours asked for beyond those wanted: float32 may have ranked them a little too low. */
const MORE = 4

/** An index of hnswlib over vectors of one metric, numbered 0, 1, … as they are added. It grows by itself. */
export class VectorIndex {
  readonly #index: HnswlibIndex
  readonly #space: Space
  #count: number

  private constructor(index: HnswlibIndex, space: Space, count: number) {
    this.#index = index
    this.#space = space
    this.#count = count
  }

  /** An empty one with room for so many vectors. */
  static create(options: PlainOptions, reference: number, room: number): VectorIndex {
    const { metric, dimension, M = DEFAULT_M, efConstruction = DEFAULT_EF_CONSTRUCTION } = options
    const { HierarchicalNSW } = loadHnswlib()
    const space = new Space(metric, dimension, reference)
    const index = new HierarchicalNSW(space.name, space.dimension)
    index.initIndex(room, M, efConstruction)
    return new VectorIndex(index, space, 0)
  }

  /** One that `write` wrote, on a libuv thread. Nothing but that may be in the file. Rejects when it cannot be read. */
  static async read(
    { metric, dimension }: PlainOptions,
    reference: number,
    path: string,
  ): Promise<VectorIndex> {
    const { HierarchicalNSW } = loadHnswlib()
    const space = new Space(metric, dimension, reference)
    const index = new HierarchicalNSW(space.name, space.dimension)
    await index.readIndex(path)
    return new VectorIndex(index, space, index.getCurrentCount())
  }

  /** The reference length of its space. */
  get reference(): number {
    return this.#space.reference
  }

  /** Vectors in it, deleted ones included. */
  get count(): number {
    return this.#count
  }

  add(vector: Float32Array): void {
    if (this.#count === this.#index.getMaxElements()) this.#index.resizeIndex(2 * this.#count)
    this.#index.addPoint(this.#space.point(vector), this.#count)
    this.#count++
  }

  /** Never found again. Not a second time for the same number. */
  markDeleted(number: number): void {
    this.#index.markDelete(number)
  }

  /** What it is given for a vector: those with equal ones are the same to it. In a new array, without −0. */
  pointOf(vector: Float32Array): Float32Array {
    const point = Float32Array.from(this.#space.point(vector))
    for (let i = 0; i < point.length; i++) point[i]! += 0
    return point
  }

  /**
   * Calls `take` for the nearest numbers, nearest first, until those have stood for `k` answers: it returns for how many
   * a number does. Then for a few more that may be as near. `spare` numbers that stand for none are made up for. False when
   * float32 cannot tell which the nearest are.
   */
  search(
    { vector, k, ef }: { readonly vector: Float32Array; readonly k: number; readonly ef: number },
    spare: number,
    filter: ((number: number) => boolean) | undefined,
    take: (number: number) => number,
  ): boolean {
    const query = this.#space.query(vector)
    if (query === undefined) return false
    const most = Math.min(k + spare + MORE, this.#count)
    this.#index.setEf(Math.max(ef, most))
    const { neighbors, distances } =
      filter === undefined ? this.#index.searchKnn(query, most) : this.#index.searchKnn(query, most, filter)
    let answers = 0
    let i = 0
    while (i < neighbors.length && answers < k) answers += take(neighbors[i++]!)
    const end = Math.min(i + MORE, neighbors.length)
    if (i === end) return true
    const farthest = distances[i - 1]! + 2 * this.#space.error
    while (i < end && distances[i]! <= farthest) take(neighbors[i++]!)
    return true
  }

  /** On a libuv thread; nothing may be added or deleted until it is done. A full disk leaves a short file. */
  async write(path: string): Promise<void> {
    await this.#index.writeIndex(path)
  }
}
