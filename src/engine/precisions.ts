import { createWhitening, type NativeStore } from '../native.ts'
import { type Factored, factored, factorInSteps } from '../similarity/precision.ts'
import { nextTurn, SLICE_MS } from '../turns.ts'
import { Images } from './images.ts'

/** Matrices whose images are kept: each takes as much memory as the vectors. */
const KEPT = 3

/** The matrix of a Mahalanobis distance, as it was given. */
export class Precision {
  /** Row by row; finite. */
  readonly data: Float64Array
  readonly dimension: number
  /** Names it in errors. */
  readonly path: string
  /** Once it is known to be symmetric and positive definite. */
  factors: Factored | undefined

  constructor(data: Float64Array, dimension: number, path: string) {
    this.data = data
    this.dimension = dimension
    this.path = path
  }
}

interface Entry {
  readonly data: Float64Array
  readonly factors: Factored
  /** Made when first needed, and again for another store. */
  images: Images | undefined
}

/**
 * What is kept of the matrices that a collection was asked for last: factors, and images of all rows. A matrix is known by its content;
 * of more than a few the least recently used goes.
 *
 * Invariant: images that are kept have been told of every change of the store. Others may be used as long as there was none.
 */
export class Precisions {
  #vectors: NativeStore | undefined
  /** Most recently used first. */
  #kept: Entry[] = []

  load(vectors: NativeStore): void {
    this.#vectors = vectors
    for (const entry of this.#kept) entry.images = undefined
  }

  put(slots: Uint32Array): void {
    for (const { images } of this.#kept) images?.native.put(slots)
  }

  remove(slots: Uint32Array): void {
    for (const { images } of this.#kept) images?.native.remove(slots)
  }

  /** Bytes allocated for images. */
  get memory(): number {
    return this.#kept.reduce((sum, { images }) => sum + (images?.native.memory() ?? 0), 0)
  }

  /**
   * Sees to it that a matrix has its factors, in slices. `check` throws to end it.
   *
   * @throws SkalarError `BAD_OPTION` when it is not symmetric and positive definite
   */
  async check(precision: Precision, check: () => void): Promise<void> {
    precision.factors ??= this.#find(precision)?.factors
    if (precision.factors !== undefined) return
    const steps = factorInSteps(precision.data, precision.dimension, precision.path)
    for (;;) {
      const end = performance.now() + SLICE_MS
      while (performance.now() < end) {
        const { done, value } = steps.next()
        if (!done) continue
        this.#keep({ data: precision.data, factors: value, images: undefined })
        precision.factors = value
        return
      }
      await nextTurn()
      check()
    }
  }

  /** The same at once. */
  checkSync(precision: Precision): void {
    precision.factors ??=
      this.#find(precision)?.factors ?? factored(precision.data, precision.dimension, precision.path)
  }

  /** The images by a matrix that was checked. As of now: to be asked for anew once the store has changed. Queries come after `load`. */
  imagesOf(precision: Precision): Images {
    const factors = precision.factors!
    const entry = this.#find(precision) ?? { data: precision.data, factors, images: undefined }
    this.#keep(entry)
    const vectors = this.#vectors!
    entry.images ??= new Images(
      createWhitening(vectors, factors.matrix, factors.factor, factors.exponents),
      vectors,
    )
    return entry.images
  }

  #find({ data, factors }: Precision): Entry | undefined {
    return this.#kept.find((entry) => entry.factors === factors || sameNumbers(entry.data, data))
  }

  #keep(entry: Entry): void {
    if (this.#kept[0] === entry) return
    this.#kept = [entry, ...this.#kept.filter((other) => other !== entry)].slice(0, KEPT)
  }
}

/** Whether arrays have the same bits. */
export function sameNumbers(a: Float64Array, b: Float64Array): boolean {
  return a === b || bytesOf(a).equals(bytesOf(b))
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
