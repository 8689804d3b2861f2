import type { NativePool, NativeStore, NativeWhitening } from '../native.ts'

/** So many rows without an image are scored exactly with every query, as fast as a few milliseconds. */
const FEW = 256

/**
 * The images of a store's rows by one matrix (`native/score/whitened.h`), which a scan by the Mahalanobis distance ranks rows by
 * before it scores the nearest exactly. It is told what changes in the store; rows without an image are scored exactly.
 */
export class Images {
  readonly native: NativeWhitening
  readonly #vectors: NativeStore
  #underWay: Promise<void> | undefined

  constructor(native: NativeWhitening, vectors: NativeStore) {
    this.native = native
    this.#vectors = vectors
  }

  /** Whether so many rows have no image that they are to get one before the next scan. */
  get lacking(): boolean {
    return this.native.waiting() > FEW
  }

  /**
   * Where many rows have no image, makes those of all on the database's threads, in batches of 10 to 20 milliseconds; all who ask share one. Rejects
   * when the abort flag is set, with `OUT_OF_MEMORY`, and with `ABORTED` when the pool closes.
   */
  async complete(pool: NativePool, abort: Int32Array | undefined): Promise<void> {
    if (!this.lacking) return
    while (this.native.waiting() > 0) {
      if (abort !== undefined && Atomics.load(abort, 0) !== 0) throw new Error('stopped')
      this.#underWay ??= this.native.advance(pool, this.#vectors).finally(() => {
        this.#underWay = undefined
      })
      await this.#underWay
    }
  }

  /** The same on the calling thread. A batch that threads are at is taken over. */
  completeSync(): void {
    if (!this.lacking) return
    while (this.native.waiting() > 0) this.native.advanceSync(this.#vectors)
  }
}
