import { SkalarError } from '../../errors.ts'
import { listen } from '../../listen.ts'
import { createKernelMachine } from '../../native/matrices.ts'
import { fromNative, type NativeKernelMachine } from '../../native.ts'
import { MOST_THREADS, pool } from '../pool.ts'
import { type Parts, pairsOf } from './parts.ts'

/** Of kernel values that one call computes, 32 MiB, and of vectors that it is given. */
const MOST_VALUES = 2 ** 22
const MOST_VECTORS = 1024

/** How many vectors are evaluated at a time. */
export function batchOf({ ends }: Parts): number {
  return Math.max(1, Math.min(MOST_VECTORS, Math.floor(MOST_VALUES / ends.at(-1)!)))
}

/** Makes decisions. The addon is loaded, and supports are laid out for it, with the first of them; they are kept. */
export class Decider {
  readonly #parts: Parts
  #native: NativeKernelMachine | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * The decision values of all pairs, pair by pair, for vectors row by row.
   *
   * @throws SkalarError `OUT_OF_MEMORY`; the signal's reason
   */
  async decide(vectors: Float64Array, signal: AbortSignal | undefined): Promise<Float64Array<ArrayBuffer>> {
    signal?.throwIfAborted()
    this.#native ??= nativeOf(this.#parts)
    const { labels, dimension, supports } = this.#parts
    const results = new Float64Array(pairsOf(labels.length) * (vectors.length / dimension))
    const state = new Int32Array(1)
    const unlisten = signal && listen(signal, () => Atomics.store(state, 0, 1))
    try {
      await this.#native.decide(pool(), supports, vectors, results, state, MOST_THREADS)
    } catch (error) {
      signal?.throwIfAborted()
      throw fromNative(error)
    } finally {
      unlisten?.()
    }
    return results
  }
}

function nativeOf({ dimension, kernel, ends, weights, offsets }: Parts): NativeKernelMachine {
  const { gamma, coef0, degree } = kernel.parameters
  const parameters = Float64Array.of(gamma, coef0, degree)
  return createKernelMachine(dimension, kernel.measure, parameters, ends, weights, offsets)
}

/** @throws SkalarError `BAD_VECTOR` */
export function checkDecisions(results: Float64Array, vectors: number, pathOf: (i: number) => string): void {
  const at = results.findIndex((value) => !Number.isFinite(value))
  if (at === -1) return
  const path = pathOf(at % vectors)
  const message = `the kernel's values of ${path} are beyond the range of float64: scale it as what the machine was trained on`
  throw new SkalarError('BAD_VECTOR', message, { path })
}
