import type { NativeAnswers, NativePool, NativeQueries, NativeStore } from '../native.ts'
import type { AbortFlag, Engine, EngineHost, EngineQuery } from './engine.ts'

const PARAMS = 5

/**
 * The exact scan. It keeps nothing of its own: native code scores every live slot in float32, and in float64 whatever the
 * error bound cannot exclude.
 */
export class FlatEngine implements Engine {
  readonly name = 'flat'
  readonly #pool: NativePool
  #vectors: NativeStore | undefined

  constructor(host: EngineHost) {
    this.#pool = host.pool
  }

  load(vectors: NativeStore): void {
    this.#vectors = vectors
  }

  put(): void {}

  remove(): void {}

  search(
    queries: readonly EngineQuery[],
    since: number,
    abort: AbortFlag | undefined,
  ): Promise<NativeAnswers> {
    return this.#store.scan(this.#pool, since, ...packQueries(queries, abort))
  }

  searchSync(queries: readonly EngineQuery[], since: number): NativeAnswers {
    return this.#store.scanSync(since, ...packQueries(queries, undefined))
  }

  async close(): Promise<void> {}

  /** Queries come after `load`. */
  get #store(): NativeStore {
    return this.#vectors!
  }
}

/** Queries as typed arrays: one crossing into native code, however many there are. */
export function packQueries(queries: readonly EngineQuery[], abort: AbortFlag | undefined): NativeQueries {
  const params = new Float64Array(PARAMS * queries.length)
  for (const [i, { k, threshold, after, excluded }] of queries.entries()) {
    params.set([k, threshold ?? NaN, after?.score ?? NaN, after?.slot ?? NaN, excluded ?? NaN], PARAMS * i)
  }
  const filtered = queries.some(({ allowed }) => allowed !== undefined)
  const allowed = filtered ? queries.map((query) => query.allowed ?? null) : null
  return [concatenated(queries), params, allowed, abort ?? null]
}

function concatenated(queries: readonly EngineQuery[]): Float32Array {
  if (queries.length === 1) return queries[0]!.vector
  const dimension = queries[0]?.vector.length ?? 0
  const vectors = new Float32Array(dimension * queries.length)
  for (const [i, { vector }] of queries.entries()) vectors.set(vector, i * dimension)
  return vectors
}
