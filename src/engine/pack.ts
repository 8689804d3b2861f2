import { METRICS, type NativeQueries } from '../native.ts'
import { DEFAULT_EF } from './defaults.ts'
import type { AbortFlag, EngineQuery } from './engine.ts'

const PARAMS = 9

/** Native code reads a call's parameters before it returns, so that all calls can share this. */
let shared = new Float64Array(PARAMS * 64)

/** Queries as typed arrays: one crossing into native code, however many there are. Valid until the next call. */
export function packQueries(queries: readonly EngineQuery[], abort: AbortFlag | undefined): NativeQueries {
  const allowed = queries.some((query) => query.allowed !== undefined)
    ? queries.map((query) => query.allowed ?? null)
    : null
  const whitening = queries[0]?.images?.native ?? null
  return [queries.length, concatenated(queries), paramsOf(queries), allowed, abort ?? null, whitening]
}

function paramsOf(queries: readonly EngineQuery[]): Float64Array {
  if (shared.length < PARAMS * queries.length) shared = new Float64Array(2 * PARAMS * queries.length)
  let i = 0
  for (const { k, threshold, after, excluded, ef, exact, metric, center } of queries) {
    shared[i++] = k
    shared[i++] = threshold ?? Number.NaN
    shared[i++] = after?.score ?? Number.NaN
    shared[i++] = after?.slot ?? Number.NaN
    shared[i++] = excluded ?? Number.NaN
    shared[i++] = ef ?? DEFAULT_EF
    shared[i++] = Number(exact)
    shared[i++] = METRICS[metric]
    shared[i++] = center
  }
  return shared
}

function concatenated(queries: readonly EngineQuery[]): Float32Array {
  const first = queries[0]?.vector ?? new Float32Array()
  if (queries.length === 1) return first
  const dimension = first.length
  const { buffer, byteOffset, byteLength } = first
  const adjacent = queries.every(({ vector }, i) => {
    return vector.buffer === buffer && vector.byteOffset === byteOffset + i * byteLength
  })
  if (adjacent) return new Float32Array(buffer, byteOffset, dimension * queries.length)
  const vectors = new Float32Array(dimension * queries.length)
  for (const [i, { vector }] of queries.entries()) vectors.set(vector, i * dimension)
  return vectors
}
