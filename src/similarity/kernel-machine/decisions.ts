import { SkalarError } from '../../errors.ts'
import { listen } from '../../listen.ts'
import { computeDecisions } from '../../native/matrices.ts'
import { fromNative } from '../../native.ts'
import { MOST_THREADS, pool } from '../pool.ts'
import { type Parts, pairsOf } from './parts.ts'

/** Of kernel values that one call computes, 32 MiB, and of vectors that it is given. */
const MOST_VALUES = 2 ** 22
const MOST_VECTORS = 1024

/** How many vectors are evaluated at a time. */
export function batchOf({ ends }: Parts): number {
  return Math.max(1, Math.min(MOST_VECTORS, Math.floor(MOST_VALUES / ends.at(-1)!)))
}

/** What the addon is told of a machine with every call. */
export type Ready = Parts & { readonly wide: Float64Array<ArrayBuffer> }

/** With supports as they are computed with. */
export function ready(parts: Parts): Ready {
  return { ...parts, wide: new Float64Array(parts.supports) }
}

/**
 * The decision values of all pairs, pair by pair, for vectors row by row.
 *
 * @throws SkalarError `OUT_OF_MEMORY`; the signal's reason
 */
export async function decisionsOf(
  { wide, dimension, kernel, ends, weights, offsets, labels }: Ready,
  vectors: Float64Array,
  signal: AbortSignal | undefined,
): Promise<Float64Array<ArrayBuffer>> {
  signal?.throwIfAborted()
  const results = new Float64Array(pairsOf(labels.length) * (vectors.length / dimension))
  const state = new Int32Array(1)
  const unlisten = signal && listen(signal, () => Atomics.store(state, 0, 1))
  const { gamma, coef0, degree } = kernel.parameters
  try {
    await computeDecisions(pool(), {
      supports: wide,
      vectors,
      columns: dimension,
      measure: kernel.measure,
      parameters: Float64Array.of(gamma, coef0, degree),
      ends,
      weights,
      offsets,
      results,
      state,
      workers: MOST_THREADS,
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw fromNative(error)
  } finally {
    unlisten?.()
  }
  return results
}

/** @throws SkalarError `BAD_VECTOR` */
export function checkDecisions(results: Float64Array, vectors: number, pathOf: (i: number) => string): void {
  const at = results.findIndex((value) => !Number.isFinite(value))
  if (at === -1) return
  const path = pathOf(at % vectors)
  const message = `the kernel's values of ${path} are beyond the range of float64: scale it as what the machine was trained on`
  throw new SkalarError('BAD_VECTOR', message, { path })
}
