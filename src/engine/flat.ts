import type { NativePool, NativeStore } from '../native.ts'
import { Answers, ROOM } from './answers.ts'
import type { AbortFlag, Engine, EngineHost, EngineQuery } from './engine.ts'
import { packQueries } from './pack.ts'

/**
 * The exact scan. It keeps nothing of its own: native code scores every live slot in float32, and in float64 whatever the
 * error bound cannot exclude.
 */
export class FlatEngine implements Engine {
  readonly name = 'flat'
  readonly pending = 0
  readonly left = 0
  readonly index = { state: 'ready', error: undefined } as const
  readonly scans = true
  readonly mostCandidates = Infinity
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

  search(queries: readonly EngineQuery[], since: number, abort: AbortFlag | undefined): Promise<Answers> {
    return scan(this.#store, this.#pool, queries, since, abort)
  }

  searchSync(queries: readonly EngineQuery[], since: number): Answers {
    return scanSync(this.#store, queries, since, ROOM)
  }

  async fault(): Promise<undefined> {}

  async settled(): Promise<void> {}

  async rebuild(): Promise<void> {}

  async close(): Promise<void> {}

  /** Queries come after `load`. */
  get #store(): NativeStore {
    return this.#vectors!
  }
}

/** The exact answers, found by the database's threads. Rejects as `Engine.search`. */
export async function scan(
  vectors: NativeStore,
  pool: NativePool,
  queries: readonly EngineQuery[],
  since: number,
  abort: AbortFlag | undefined,
): Promise<Answers> {
  const texts: string[] = []
  const numbers = await vectors.scan(pool, since, texts, ...packQueries(queries, abort))
  return new Answers(numbers, texts, queries.length)
}

/** The same on the calling thread; where `room` is given, to be read before that is used again. */
export function scanSync(
  vectors: NativeStore,
  queries: readonly EngineQuery[],
  since: number,
  room: Float64Array | null,
): Answers {
  const texts: string[] = []
  const numbers = vectors.scanSync(since, texts, room, ...packQueries(queries, undefined))
  return new Answers(numbers, texts, queries.length)
}
