import type { Generation } from '../generation.ts'
import type {
  BaseMetric,
  NativeGeneration,
  NativeHeads,
  NativePool,
  NativePrecision,
  NativeStore,
} from '../native.ts'
import type { CodesName, CollectionMetricName, EngineName, IndexStats, MetricName } from '../types.ts'
import type { Answers } from './answers.ts'
import type { Images } from './images.ts'

/** One question to an engine. */
export interface EngineQuery {
  /** As given by the user, of the collection's dimension; finite. */
  readonly vector: Float32Array
  /** What scores are of. For another than the collection's only scans are asked. */
  readonly metric: BaseMetric
  /** Of the metric `apart`. */
  readonly center: number
  /** Of the metric `mahalanobis`; one for all queries of a call. */
  readonly images?: Images | undefined
  /** At most this many answers; at least 1. */
  readonly k: number
  /** Only answers at least this near, in the metric's direction. */
  readonly threshold: number | undefined
  /**
   * Only answers behind this one in the total order: score, then slot. Without a slot, only answers with a worse score.
   * Approximate engines are never asked this.
   */
  readonly after: { readonly score: number; readonly slot: number | undefined } | undefined
  /** Never answered: the record that is its own neighbour. */
  readonly excluded: number | undefined
  /** When given, nothing else is answered: slots in ascending order. */
  readonly allowed: Uint32Array | undefined
  /** The answer is that of a scan of all slots. Only engines that scan by themselves are asked this. */
  readonly exact: boolean
  /** How many candidates an approximate engine considers; undefined leaves it to the engine. `k` raises it. */
  readonly ef: number | undefined
}

/** Stops work under way: its first element is set to one of `STOP`, once. */
export type AbortFlag = Int32Array

/** The same in `native/base/abort.h`. */
export const STOP = {
  /** Nobody wants an answer any more. */
  abort: 1,
  /** What was found so far is the answer. */
  outOfTime: 2,
} as const

/** How a collection wants its engine to be. */
export interface EngineOptions {
  readonly dimension: number
  readonly metric: CollectionMetricName
  /** Of the metric mahalanobis. */
  readonly precision: NativePrecision | undefined
  /** Neighbours of a node. Undefined leaves it to the engine; `flat` has none. */
  readonly M: number | undefined
  /** Candidates considered while building. Undefined leaves it to the engine; `flat` builds nothing. */
  readonly efConstruction: number | undefined
  /** What a graph ranks by. Undefined leaves it to the engine; only `hnsw` has a choice. */
  readonly codes: CodesName | 'auto' | undefined
}

/** The same where no matrix is needed. */
export type PlainOptions = EngineOptions & { readonly metric: MetricName }

/** Files derived from the rows under a number. Which of them are in force is in the catalogue. */
export interface IndexFiles {
  /** Whether anything but `current` may be called. */
  readonly writable: boolean
  readonly folder: string
  /** Makes the folder. Rejects when another database, or none, is where ours was: nothing there is ours to make. */
  makeFolder(): Promise<void>
  /** The index in force. */
  current(): Generation | undefined
  /**
   * To be called before files are made whose names begin with this one and a dot, so that they are deleted should this
   * process die. False when nobody will ask for this number again.
   */
  begin(name: string): Promise<boolean>
  /**
   * Puts an index whose files are on disk in the place of its predecessor, whose files are then to be deleted. False when
   * another one has been put there meanwhile, it took too long, or nobody will ask for this number again.
   */
  publish(next: Generation, predecessor: Generation | undefined): Promise<boolean>
  /** Deletes files whose name was begun, unless it is in force. */
  giveUp(name: string): Promise<void>
  /** Deletes files that are not in force any more. */
  tidy(): Promise<void>
}

/** What an engine is given to work with. */
export interface EngineHost {
  readonly options: EngineOptions
  /** The database's threads. */
  readonly pool: NativePool
  /** Undefined when there are none, and none are to be made. */
  indexFiles(number: number): IndexFiles | undefined
  /**
   * The slots that were put or removed after a log position of the rows under a number; undefined when the log does not
   * reach back that far, or the collection has moved on.
   */
  changedSince(number: number, position: number): ReadonlySet<number> | undefined
}

/** The state of the store that an engine is told about. */
export interface StorePosition {
  /** The number the rows are stored under. */
  readonly number: number
  /** The log position that the store has reached. */
  readonly position: number
}

/**
 * Finds the nearest of the live slots of one space. One engine belongs to one collection in one JavaScript thread.
 *
 * The store (`NativeStore`) is the truth about vectors: an engine keeps what it needs to find candidates quickly, and may
 * lose it at any time. What it answers is always ranked by exact scores.
 *
 * Contract, checked by `test/contract/` for every engine:
 * - answers are live at the time of the call, distinct, ordered by score and then slot, and honour every condition of the
 *   query; with `ef` at the number of live slots they are the exact answer;
 * - a slot that `load` or `put` announced is found from then on, one that `remove` announced never again;
 * - answers are `stale` when one of their slots has changed since log position `since`;
 * - nothing here touches LMDB, and nothing holds the calling thread for long, but for `searchSync` and where an engine
 *   says so of itself.
 */
export interface Engine {
  /** The name that chooses it in `index.engine`. */
  readonly name: EngineName

  /**
   * Whether it answers `exact` queries by itself, faster than the flat scan; those without `after` and `allowed`, by any metric that
   * is a function of a dot product and lengths.
   */
  readonly scans: boolean

  /** Asked for more candidates, `k` or `ef`, it is slower than a scan, and scans itself; 0 while it always is. */
  readonly mostCandidates: number

  /** What its index ranks by to find candidates; undefined where it has none, or nothing to tell. */
  readonly codes?: CodesName | undefined

  /** Live slots that its index has still to take in; until then they are scanned with every query. */
  readonly pending: number

  /** Slots that work under way has still to take in: `pending`, or those of an index that is to replace this one. */
  readonly left: number

  /** How its work in the background comes on. */
  readonly index: IndexStats

  /** Forget everything: from now on `vectors` is the store. It has what the generation has, where that is given. */
  load(vectors: NativeStore, at: StorePosition, generation?: NativeGeneration): void

  /** Slots that the store has just come to hold; some may be known already, with another vector then. */
  put(slots: Uint32Array, at: StorePosition): void

  /** Slots that the store has just forgotten. Unknown ones are passed over. */
  remove(slots: Uint32Array, at: StorePosition): void

  /**
   * Answers queries on the database's threads, as one call. `since` is the log position that the queries are based on.
   * Soon after the flag is set it rejects with an error whose `code` is `ABORTED`, or answers with what it has found.
   */
  search(queries: readonly EngineQuery[], since: number, abort: AbortFlag | undefined): Promise<Answers>

  /** The same on the calling thread. The answers are to be read before the next call. */
  searchSync(queries: readonly EngineQuery[], since: number): Answers

  /** What is wrong with its index in memory; undefined when nothing is found. Rejects soon once it is told to stop. */
  fault(stop: AbortFlag): Promise<string | undefined>

  /**
   * Resolves when nothing waits for its index, and no work on it is under way. A failure that rests is tried again at once; rejects with why the work
   * was given up.
   */
  settled(): Promise<void>

  /**
   * Builds its index anew, while it goes on searching in the one it has; resolves when that is replaced, or the signal has fired. Rejects as
   * `settled`, and leaves the index as it was then.
   */
  rebuild(signal: AbortSignal): Promise<void>

  /**
   * What the live slots weigh at most in attention, by codes that are shorter than vectors: the totals of `NativeStore.attend`, of
   * logits no smaller than theirs. Undefined where it has no such codes now. Not of the affinity laplacian.
   */
  weigh?(heads: NativeHeads): Promise<Float64Array> | undefined

  /** The same on the calling thread. */
  weighSync?(heads: NativeHeads): Float64Array | undefined

  /** Ends work in the background and keeps what is worth keeping. Nothing is called afterwards. */
  close(): Promise<void>
}
