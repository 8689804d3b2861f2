import type { NativeAnswers, NativeStore } from '../native.ts'
import type { EngineName } from '../types.ts'

/** One question to an engine. */
export interface EngineQuery {
  /** As given by the user, of the collection's dimension; finite. */
  readonly vector: Float32Array
  /** At most this many answers; at least 1. */
  readonly k: number
  /** Only answers at least this near, in the metric's direction. */
  readonly threshold: number | undefined
  /**
   * Only answers behind this one in the total order: score, then slot. Without a slot, only answers with a worse score.
   */
  readonly after: { readonly score: number; readonly slot: number | undefined } | undefined
  /** Never answered: the record that is its own neighbour. */
  readonly excluded: number | undefined
  /** When given, nothing else is answered: slots in ascending order. */
  readonly allowed: Uint32Array | undefined
  /** How many candidates an approximate engine considers; undefined leaves it to the engine. */
  readonly ef: number | undefined
}

/** Stops work under way: its first element is set to another value than 0. */
export type AbortFlag = Int32Array

/**
 * Finds the nearest of the live slots of one space. One engine belongs to one collection in one process.
 *
 * The store (`NativeStore`) is the truth about vectors: an engine keeps what it needs to find candidates quickly, and may
 * lose it at any time. What it answers is always ranked by exact scores.
 *
 * Contract, checked by `test/contract/` for every engine:
 * - answers are live at the time of the call, distinct, ordered by score and then slot, and honour every condition of the
 *   query; with `ef` at the number of live slots they are the exact answer;
 * - a slot that `put` announced is found from then on, one that `remove` announced never again;
 * - answers are `stale` when one of their slots has changed since log position `since`;
 * - nothing here touches LMDB, and nothing long happens on the calling thread but in `searchSync`.
 */
export interface Engine {
  /** The name that chooses it in `index.engine`. */
  readonly name: EngineName

  /** Forget everything: from now on `vectors` is the store, and empty. */
  reset(vectors: NativeStore): void

  /** Slots that the store has just come to hold; some may be known already, with another vector then. */
  put(slots: Uint32Array): void

  /** Slots that the store has just forgotten. Unknown ones are passed over. */
  remove(slots: Uint32Array): void

  /**
   * Answers queries on the database's threads, as one call. `since` is the log position that the queries are based on.
   * Rejects with an error whose `code` is `ABORTED` soon after the flag is set.
   */
  search(queries: readonly EngineQuery[], since: number, abort: AbortFlag | undefined): Promise<NativeAnswers>

  /** The same on the calling thread. */
  searchSync(queries: readonly EngineQuery[], since: number): NativeAnswers

  /** Lets go of what garbage collection would not. Nothing is called afterwards. */
  close(): void
}
