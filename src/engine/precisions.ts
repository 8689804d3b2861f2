import { createPrecision, createWhitening } from '../native/precisions.ts'
import type { NativePrecision, NativeStore } from '../native.ts'
import { type Precision, sameNumbers } from '../precision-matrix.ts'
import { factored } from '../similarity/precision.ts'
import { Images } from './images.ts'
import { factorInTurns } from './precision.ts'

/** Matrices whose images are kept: each takes as much memory as the vectors. */
const KEPT = 3

interface Entry {
  /** With factors. */
  readonly precision: Precision
  /** Made when first needed. */
  native: NativePrecision | undefined
  /** The same, and again for another store. */
  images: Images | undefined
}

/**
 * What is kept of the matrices that a collection was asked for last: factors, and images of all rows. A matrix is known by its content;
 * of more than a few the least recently used goes, but never that of the collection's own metric.
 *
 * Invariant: images that are kept have been told of every change of the store. Others may be used as long as there was none.
 */
export class Precisions {
  readonly #own: Entry | undefined
  #vectors: NativeStore | undefined
  /** Most recently used first. */
  #kept: Entry[] = []

  /** `own` is the matrix of the collection's metric, with its factors. */
  constructor(own: Precision | undefined) {
    this.#own = own && { precision: own, native: undefined, images: undefined }
  }

  /** The matrix of the collection's metric, as native code has it. */
  get own(): NativePrecision | undefined {
    return this.#own && nativeOf(this.#own)
  }

  load(vectors: NativeStore): void {
    this.#vectors = vectors
    for (const entry of this.#all()) entry.images = undefined
  }

  put(slots: Uint32Array): void {
    for (const { images } of this.#all()) images?.native.put(slots)
  }

  remove(slots: Uint32Array): void {
    for (const { images } of this.#all()) images?.native.remove(slots)
  }

  /** Bytes allocated for images. */
  get memory(): number {
    return this.#all().reduce((sum, { images }) => sum + (images?.native.memory() ?? 0), 0)
  }

  /** As `factorInTurns`. */
  async check(precision: Precision, check: () => void): Promise<void> {
    precision.factors ??= this.#find(precision)?.precision.factors
    if (precision.factors !== undefined) return
    await factorInTurns(precision, check)
    this.#keep({ precision, native: undefined, images: undefined })
  }

  /** The same at once. */
  checkSync(precision: Precision): void {
    precision.factors ??=
      this.#find(precision)?.precision.factors ??
      factored(precision.data, precision.dimension, precision.path)
  }

  /** The images by a matrix that was checked. As of now: to be asked for anew once the store has changed. Queries come after `load`. */
  imagesOf(precision: Precision): Images {
    const entry = this.#find(precision) ?? { precision, native: undefined, images: undefined }
    this.#keep(entry)
    const vectors = this.#vectors!
    entry.images ??= new Images(createWhitening(vectors, nativeOf(entry)), vectors)
    return entry.images
  }

  #all(): Entry[] {
    return this.#own === undefined ? this.#kept : [this.#own, ...this.#kept]
  }

  #find(precision: Precision): Entry | undefined {
    return this.#all().find((entry) => isSame(entry.precision, precision))
  }

  #keep(entry: Entry): void {
    if (entry === this.#own || this.#kept[0] === entry) return
    this.#kept = [entry, ...this.#kept.filter((other) => other !== entry)].slice(0, KEPT)
  }
}

function nativeOf(entry: Entry): NativePrecision {
  entry.native ??= createPrecision(entry.precision.factors!)
  return entry.native
}

function isSame(a: Precision, b: Precision): boolean {
  return a === b || (b.factors !== undefined && a.factors === b.factors) || sameNumbers(a.data, b.data)
}
