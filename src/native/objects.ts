// What the addon's objects can do that work on vectors.

/** Threads of our own for native work; libuv's four stay free for files and DNS. */
export interface NativePool {
  /** Ends the threads; what is under way stops first, and is rejected with `ABORTED`. */
  close(): void
}

/**
 * The queries of one call; all is read before it returns.
 * - `count`: how many
 * - `vectors`: dimension × number of queries
 * - `params`: for each query k, threshold, after's score, after's slot, the slot to leave out, NaN for none; ef; 1 for an
 *   answer that is to be exact, else 0; the number of the metric; of `apart`, its center
 * - `allowed`: for each query the only slots it may return, ascending, or null
 * - `abort`: one element; other than 0 stops the work
 * - `whitening`: of the store, where the metric is `mahalanobis`
 */
export type NativeQueries = [
  count: number,
  vectors: Float32Array,
  params: Float64Array,
  allowed: readonly (Uint32Array | null)[] | null,
  abort: Int32Array | null,
  whitening: NativeWhitening | null,
]

/**
 * The heads of one pass of attention. Nothing of it is to change until it is done.
 * - `queries`: dimension × number of heads
 * - `windows`: for each head begin and count of the key components that its query has, and of the value components it sums; multiples
 *   of 16
 * - `formula`: the number of the affinity, scale, center, 1 for upper bounds in place of logits, how much these are raised relatively,
 *   how many of the heaviest are told, 1 where the keys are the values too
 * - `excluded`: for each head ascending slots that take no part
 * - `members`: the only slots that take part, ascending
 * - `values`: other values than the keys, and `places` where they are: for each member a slot of a store, or a row of a matrix
 * - `stride`: components from one row of that matrix to the next, a multiple of 16
 * - `abort`: one element; other than 0 stops the work
 */
export type NativeHeads = [
  queries: Float32Array,
  windows: Uint32Array,
  formula: Float64Array,
  excluded: readonly Uint32Array[] | null,
  members: Uint32Array | null,
  values: NativeStore | Float32Array | null,
  places: Uint32Array | null,
  stride: number,
  abort: Int32Array | null,
]

/**
 * Choices of diverse candidates (`native/score/diversity.h`). Nothing of it is to change until it is done.
 * - `metric`: its number
 * - `params`: for each choice how many candidates there are, how many are to be chosen, diversity, 1 where similarities are squashed,
 *   and how many of one group may be chosen, 0 for any number
 * - `slots`, `relevance`: of all candidates, the most relevant of each choice first
 * - `ends`: where the numbers of each candidate's groups end in `groups`; null where there are none
 * - `precision`: of the metric `mahalanobis`
 */
export type NativeChoices = [
  metric: number,
  params: Float64Array,
  slots: Uint32Array,
  relevance: Float64Array,
  ends: Uint32Array | null,
  groups: Uint32Array | null,
  precision: NativePrecision | null,
]

export type NativeAttention = [answers: Float64Array, totals: Float64Array, outputs: Float64Array]

/**
 * A saved generation: rows, ids and a graph of one log position, mapped from a file that never changes
 * (`native/store/section_file.h`).
 */
export interface NativeGeneration {
  /** Compares checksums for some milliseconds: whether all of them were compared by now. One at a time. */
  check(pool: NativePool, abort: Int32Array | null): Promise<boolean>
  /** All checksums were compared. */
  checked(): boolean
  /** Some of it is not as it was written: whatever was made with it is void. */
  damaged(): boolean
  /** Bytes of the file. */
  bytes(): number
}

/** The vectors of one space in memory, with the ids of their records (`native/store/vector_store.h`). */
export interface NativeStore {
  /** Takes `rows` (layout: docs/format.md) into `slots`, as of a log position. */
  put(slots: Uint32Array, rows: Uint8Array, position: number): void
  remove(slots: Uint32Array, position: number): void
  /** Id `i` lies before `bytes[ends[i]]` and behind the one before. */
  setIds(ordinals: Uint32Array, bytes: Uint8Array, ends: Uint32Array): void
  /** The vector as it was given; undefined when the slot is not live. */
  vector(slot: number): Float32Array | undefined
  /**
   * Adds the vectors of the first `count` slots, or their unit vectors, times a weight to `sums`, which has room for whole lanes of 16.
   * Dead ones are passed over.
   */
  addVectors(slots: Uint32Array, count: number, weight: number, directions: boolean, sums: Float64Array): void
  /**
   * The exact scores of slots against a vector by the metric of this number, with its matrix if it has one; NaN of slots that are not
   * live.
   */
  scores(
    vector: Float32Array,
    metric: number,
    slots: Uint32Array,
    precision: NativePrecision | null,
  ): Float64Array
  /** The numbers of the answers, as `Answers` reads them; ids that are strings are put into `texts`. */
  scan(pool: NativePool, since: number, texts: string[], ...queries: NativeQueries): Promise<Float64Array>
  /** Puts the numbers into `room`, if any, and returns that, where they fit. */
  scanSync(since: number, texts: string[], room: Float64Array | null, ...queries: NativeQueries): Float64Array
  /**
   * Attention over its vectors (`native/score/attention.h`): answers whose scores are weights, as `Answers` reads them; for each
   * head the numbers of its total; and all outputs, one behind the other.
   */
  attend(pool: NativePool, since: number, texts: string[], ...heads: NativeHeads): Promise<NativeAttention>
  attendSync(since: number, texts: string[], ...heads: NativeHeads): NativeAttention
  /** For each choice how many candidates were chosen, and their places, in the order in which they were. */
  diversify(pool: NativePool, ...choices: [...NativeChoices, abort: Int32Array | null]): Promise<Uint32Array>
  diversifySync(...choices: [...NativeChoices, abort: Int32Array | null]): Uint32Array
  /** Whether rows of its generation were found to be damaged: what it answers is void, and `stale`. */
  damaged(): boolean
  /** All live slots, ascending. */
  live(): Uint32Array
  /** The length of the longest vector that was ever put over that of the shortest. */
  spread(): number
  /** Bytes allocated for vectors. */
  memory(): number
}

/** The graph over the live slots of one space (`native/hnsw/index.h`). */
export interface NativeHnsw {
  /** Slots that have come, or have got another vector: they wait to be linked. */
  put(slots: Uint32Array): void
  remove(slots: Uint32Array): void
  /** Nodes, dead ones included. */
  nodes(): number
  /** Slots that have a node. */
  alive(): number
  /** Slots that wait for one. */
  waiting(): number
  /** A walk for more candidates is slower than scoring all slots; 0 while any walk is. */
  mostCandidates(): number
  /** The number of the format that vectors are kept in to rank them by: an index of `CODES`. */
  codes(): number
  /** Whether that is still to be chosen, before the first `build`. */
  undecided(): boolean
  /** Chooses it by what suits the slots that wait. */
  choose(pool: NativePool, store: NativeStore, abort: Int32Array | null): Promise<void>
  /** Links slots that wait, for a few milliseconds. One at a time. */
  build(pool: NativePool, store: NativeStore): Promise<void>
  /** Whether renumbering its nodes for locality is worth its time. */
  scattered(): boolean
  /** Not while `build` is under way, and none may begin before it is done. */
  renumber(pool: NativePool, abort: Int32Array | null): Promise<void>
  /** As `NativeStore.scan`. */
  search(
    pool: NativePool,
    store: NativeStore,
    since: number,
    texts: string[],
    ...queries: NativeQueries
  ): Promise<Float64Array>
  /** Puts the numbers into `room`, and returns that, where they fit. */
  searchSync(
    store: NativeStore,
    since: number,
    texts: string[],
    room: Float64Array,
    ...queries: NativeQueries
  ): Float64Array
  /**
   * Whether a generation has a graph of these options, which it then is, over the live slots of a store of that generation. First of
   * all. Nothing may be linked before all of the generation is checked.
   */
  open(generation: NativeGeneration): boolean
  /**
   * What rows weigh at most (`native/hnsw/weight_bounds.h`): the totals of `NativeStore.attend`. Values are passed over. The codes are
   * not `float32`, or there is no node; the affinity is not laplacian.
   */
  weigh(pool: NativePool, store: NativeStore, ...heads: NativeHeads): Promise<Float64Array>
  weighSync(store: NativeStore, ...heads: NativeHeads): Float64Array
  /** Nodes that are alive; names, slots and nodes of which something is wrong: `GraphFaults` of `native/hnsw/check.h`. At any time. */
  check(pool: NativePool, abort: Int32Array | null): Promise<Float64Array>
  /** All slots that have a node or wait for one, ascending. */
  live(): Uint32Array
  /** Bytes allocated. */
  memory(): number
}

/** The matrix of a Mahalanobis distance (`native/score/precision.h`). */
export interface NativePrecision {
  /** Bytes allocated. */
  memory(): number
}

/** The images of a store's rows by the matrix of a Mahalanobis distance (`native/score/whitening.h`). */
export interface NativeWhitening {
  /** Slots that have come to the store, or have got another vector: they wait for an image. */
  put(slots: Uint32Array): void
  remove(slots: Uint32Array): void
  /** Slots that wait for one. */
  waiting(): number
  /** Makes images of some that wait. One at a time. */
  advance(pool: NativePool, store: NativeStore): Promise<void>
  /** On the calling thread; may take over those that `advance` is at. */
  advanceSync(store: NativeStore): void
  /** Bytes allocated. */
  memory(): number
}

/** A support-vector machine (`native/score/kernel_machine.h`); as large in memory as its vectors, from the first decision on. */
export interface NativeKernelMachine {
  /**
   * The decision values of all pairs of classes for `vectors`, row by row, are put into `results`, pair by pair. Resolves once
   * these are complete; rejects with `ABORTED` or `OUT_OF_MEMORY`. Nothing of it is to change until then.
   * - `supports`: the machine's vectors, class by class; the same in each call
   * - `vectors`: finite, at least one
   * - `state`: one element; other than 0 stops the work
   * - `workers`: threads that share the work, at most
   */
  decide(
    pool: NativePool,
    supports: Float32Array,
    vectors: Float64Array,
    results: Float64Array,
    state: Int32Array,
    workers: number,
  ): Promise<void>
}
