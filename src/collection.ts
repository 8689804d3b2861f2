// More than 400 lines, most of them comments: all that can be done with a collection, one thin method each.
import { SkalarError } from './errors.ts'
import { indexed, rebuild } from './maintenance/index-work.ts'
import type { IndexedOptions, Verification, VerifyOptions } from './maintenance/types.ts'
import { verify } from './maintenance/verify/verify.ts'
import { checkOptions, signalOption } from './options.ts'
import { countMatching } from './query/count.ts'
import { explain } from './query/explain.ts'
import { Records } from './query/iterate.ts'
import { queryMany } from './query/many.ts'
import { metricOf } from './query/own-metric.ts'
import { parseInclude, readRecord } from './query/read.ts'
import { parseRequest, parseTest, refuseTimeout } from './query/request.ts'
import { run, runSync } from './query/run.ts'
import { statsOf } from './query/stats.ts'
import { attend } from './similarity/attend/run.ts'
import type { AttendOptions, AttendResult } from './similarity/attend/types.ts'
import { train } from './similarity/kernel-machine/train.ts'
import type { KernelMachine, TrainOptions } from './similarity/kernel-machine/types.ts'
import type { Classification, LabelOf } from './similarity/labels.ts'
import { Duplicates } from './similarity/match/duplicates.ts'
import { MatchedPairs } from './similarity/match/pairs.ts'
import type { DuplicatePair, DuplicatesOptions, MatchedPair, MatchOptions } from './similarity/match/types.ts'
import { Recommendations } from './similarity/recommend/many.ts'
import { recommendOne } from './similarity/recommend/one.ts'
import type { RecommendOptions, RecommendSettings, RecommendUser } from './similarity/recommend/types.ts'
import { classify, type Regression, regress, type VoteOptions } from './similarity/vote.ts'
import type { Handle, Session, Source } from './source.ts'
import { clearCollection } from './store/catalogue.ts'
import { recordOf } from './store/records.ts'
import type {
  Cancel,
  CollectionStats,
  Explanation,
  Filter,
  GetOptions,
  Id,
  ImportOptions,
  Match,
  Metadata,
  MetricName,
  Patch,
  Path,
  QueryOptions,
  QuerySettings,
  QueryTarget,
  RecordInput,
  RecordsOptions,
  StoredRecord,
  Target,
  UpdateOptions,
  UpsertOptions,
  UpsertResult,
} from './types.ts'
import { isArray } from './validate/built-in.ts'
import { validId, validIds } from './validate.ts'
import { remove, update } from './write/change.ts'
import { importHnswlib } from './write/import-hnswlib.ts'
import { upsert } from './write/upsert.ts'

/** Gives other modules of this package what stands behind a handle, without making it public. */
let behind: (collection: unknown) => Handle | undefined

/**
 * A named set of records, of one dimension and metric. Get one from `db.collection(name)`. Reads see every commit that
 * came before them, of this process and of others.
 *
 * Every method throws `SkalarError` `CLOSED` once the database is closed, and `NOT_FOUND` once the collection was dropped;
 * asynchronous methods never throw, they reject.
 */
export class Collection<M extends object = Metadata, I extends Id = Id> {
  readonly #session: Session
  readonly #source: Source
  readonly #purge: () => void

  static {
    // Unlike instanceof, it runs no code of a Proxy.
    behind = (collection) => {
      if (typeof collection !== 'object' || collection === null || !(#source in collection)) return undefined
      return collection.#handle
    }
  }

  /** @internal */
  constructor(session: Session, source: Source, purge: () => void) {
    this.#session = session
    this.#source = source
    this.#purge = purge
  }

  get name(): string {
    return this.#source.name
  }

  /** Components of every vector. */
  get dimension(): number {
    return this.#source.definition.dimension
  }

  /** What it was created with, as `db.collection` takes it: of a Mahalanobis distance a copy of the matrix, row by row. */
  get metric(): MetricName | { mahalanobis: Float64Array } {
    return metricOf(this.#source.definition)
  }

  /** Number of records; within a transaction with what it has written so far. */
  get size(): number {
    this.#beginRead()
    return this.#source.replica.state().live
  }

  /**
   * Writes one record, an array, or whatever an iterable or async iterable yields; a record replaces the one with its id
   * whole; of several with one id in an array the last wins.
   *
   * An array is copied before the call returns, and checked whole before anything is written. Up to 1,000 records and 4 MB
   * (vectors, ids and metadata as they are stored) it is one transaction: all or nothing. A larger one is committed in
   * several, and takes time to be copied: pass an iterable where it has more than a few thousand records. Iterables commit
   * every `batchSize` records or 4 MB. When it fails, `error.committed` tells how many records stay.
   *
   * @throws SkalarError `BAD_RECORD`, `BAD_ID`, `BAD_VECTOR`, `DIMENSION_MISMATCH`, `BAD_METADATA`, `ID_EXISTS`,
   *   `NOT_FOUND`, `READ_ONLY`, `DISK_FULL`, `FULL`
   */
  upsert(
    records: RecordInput<M, I> | Iterable<RecordInput<M, I>> | AsyncIterable<RecordInput<M, I>>,
    options?: UpsertOptions,
  ): Promise<UpsertResult> {
    return this.#session.write(() => upsert(this.#session, this.#source, records, options))
  }

  /**
   * Writes the vectors of an index file that hnswlib wrote (`writeIndex` of hnswlib-node, for example) as records without
   * metadata, in place of the records with their ids; points marked as deleted are left out. The file does not tell its
   * space: of a `cosine` one it holds unit vectors. Its graph is not taken over. hnswlib-node need not be installed.
   * Commits every 1,000 records or 4 MB; when it fails, `error.committed` tells how many records stay.
   *
   * @throws SkalarError `NOT_FOUND`, `CORRUPTED`, `DIMENSION_MISMATCH`, `BAD_OPTION` (also when `ids` lacks a label, or has
   *   one id for two), `BAD_ID`, `BAD_VECTOR`, `READ_ONLY`, `DISK_FULL`, `FULL`
   */
  importHnswlib(path: string, options?: ImportOptions<I>): Promise<UpsertResult> {
    return this.#session.write(() => importHnswlib(this.#session, this.#source, path, options))
  }

  /** The record with an id, or undefined. @throws SkalarError `BAD_ID` */
  get<V extends boolean = false, N extends boolean = false>(
    id: I,
    options?: GetOptions<V, N>,
  ): StoredRecord<M, I, V, N> | undefined {
    this.#beginRead()
    return readRecord(this.#source, validId(id), parseInclude(options)) as
      | StoredRecord<M, I, V, N>
      | undefined
  }

  /** The records with these ids, in their order; undefined where there is none. @throws SkalarError `BAD_ID` */
  getMany<V extends boolean = false, N extends boolean = false>(
    ids: readonly I[],
    options?: GetOptions<V, N>,
  ): (StoredRecord<M, I, V, N> | undefined)[] {
    this.#beginRead()
    if (!isArray(ids)) throw new SkalarError('BAD_ID', 'ids must be an array of ids', { path: 'ids' })
    const include = parseInclude(options)
    const records = validIds(ids).map((id) => readRecord(this.#source, id, include))
    return records as (StoredRecord<M, I, V, N> | undefined)[]
  }

  /** Whether there is a record with this id. @throws SkalarError `BAD_ID` */
  has(id: I): boolean {
    this.#beginRead()
    const { environment, replica } = this.#source
    return recordOf(environment, replica.currentNumber(), validId(id)) !== undefined
  }

  /** How many records there are, or match a filter. @throws SkalarError `BAD_FILTER` */
  async count(options?: Cancel & { filter?: Filter<M, I> | undefined }): Promise<number> {
    const { filter, signal: rawSignal } = checkOptions(options, ['filter', 'signal'], 'options')
    const signal = signalOption(rawSignal, 'options.signal')
    const test = parseTest(filter, 'options.filter')
    return this.#session.run(async () => {
      signal?.throwIfAborted()
      if (test === undefined) return this.size
      return countMatching(this.#source, test, () => {
        signal?.throwIfAborted()
        this.#session.assertOpen()
      })
    })
  }

  /**
   * Changes the metadata of records by a shallow merge (a key set to undefined is removed), and the vector where one is
   * given. Resolves to how many records were changed. Up to 500 ids, and 4 MB of what their records are and get, are one
   * transaction; beyond that, and where a filter finds more, `error.committed` tells how many stay changed.
   *
   * @throws SkalarError `CONFLICT`, `BAD_METADATA`, `BAD_FILTER`, `BAD_ID`, `BAD_VECTOR`, `DIMENSION_MISMATCH`,
   *   `READ_ONLY`, `DISK_FULL`
   */
  update(target: Target<M, I>, patch: Patch<M>, options?: UpdateOptions): Promise<number> {
    return this.#session.write(() => update(this.#session, this.#source, target, patch, options))
  }

  /**
   * Deletes records; resolves to how many there were. To delete all, use `clear()`: an empty filter is refused. In
   * transactions as `update`.
   *
   * @throws SkalarError `BAD_FILTER`, `BAD_ID`, `READ_ONLY`, `DISK_FULL`
   */
  delete(target: Target<M, I>, options?: Cancel): Promise<number> {
    return this.#session.write(() => remove(this.#session, this.#source, target, options))
  }

  /** Deletes all records, at once whatever their number; resolves to it. @throws SkalarError `READ_ONLY`, `DISK_FULL` */
  clear(): Promise<number> {
    return this.#session.write(async () => {
      const { environment, definition, name } = this.#source
      const count = await environment.write(1, () => clearCollection(environment, definition.identity, name))
      this.#purge()
      return count
    })
  }

  /**
   * The records in order of ids, integers before strings, for `for` (which blocks) or `for await` (which does not). Each
   * stretch sees the latest commit; a record that is there throughout is seen exactly once.
   *
   * @throws SkalarError `BAD_FILTER`, `BAD_ID`, `BAD_OPTION`
   */
  records<V extends boolean = false>(
    options?: RecordsOptions<M, I, V>,
  ): Iterable<StoredRecord<M, I, V>> & AsyncIterable<StoredRecord<M, I, V>> {
    this.#session.assertOpen()
    const records: unknown = new Records(this.#session, this.#source, options)
    return records as Iterable<StoredRecord<M, I, V>> & AsyncIterable<StoredRecord<M, I, V>>
  }

  /**
   * The nearest records to a vector, or to a stored record, nearest first; equal scores in a fixed order. Searches on the
   * database's threads.
   *
   * @throws SkalarError `BAD_VECTOR`, `DIMENSION_MISMATCH`, `BAD_FILTER`, `BAD_OPTION`, `BAD_ID`, `NOT_FOUND`,
   *   `OUT_OF_MEMORY`, `TIMEOUT` with what was found in `error.matches`
   */
  query<const S extends readonly (keyof M & string)[] | undefined = undefined, V extends boolean = false>(
    options: QueryOptions<M, I, S, V>,
  ): Promise<Match<M, I, S, V>[]> {
    return this.#session.run(async () => {
      const request = parseRequest(options, this.#source.definition)
      const outcomes = await run(this.#source, [request], request.settings)
      return outcomes[0]!.matches as Match<M, I, S, V>[]
    })
  }

  /**
   * The same on the calling thread: the lowest latency, at the price of blocking it. Takes no `timeout`. Throws as `query`
   * rejects.
   */
  querySync<const S extends readonly (keyof M & string)[] | undefined = undefined, V extends boolean = false>(
    options: QueryOptions<M, I, S, V>,
  ): Match<M, I, S, V>[] {
    this.#session.assertOpen()
    const request = parseRequest(options, this.#source.definition, { borrow: true })
    refuseTimeout(request.settings)
    request.settings.signal?.throwIfAborted()
    return runSync(this.#source, [request])[0]!.matches as Match<M, I, S, V>[]
  }

  /**
   * Several queries as one, on all threads: each is `{ vector }` or `{ id }`, with options of its own over the common
   * ones. Rejects as `query`; the path of the error tells which query it was.
   */
  queryMany<const S extends readonly (keyof M & string)[] | undefined = undefined, V extends boolean = false>(
    queries: readonly (QueryTarget<I> &
      QuerySettings<M, I, readonly (keyof M & string)[] | undefined, boolean>)[],
    options?: Cancel & QuerySettings<M, I, S, V>,
  ): Promise<Match<M, I, S, V>[][]> {
    const lists: unknown = this.#session.run(() => queryMany(this.#source, queries, options))
    return lists as Promise<Match<M, I, S, V>[][]>
  }

  /**
   * The label that near records give a vector, by a weighted vote of the k nearest that have one, or of all of them weighted by a
   * kernel (docs/similarity.md). Rejects as `query`.
   *
   * @throws SkalarError `NOT_FOUND` when no record has the field
   */
  classify<P extends Path<M>>(options: VoteOptions<M, I, P>): Promise<Classification<LabelOf<M, P>>> {
    return this.#session.run(() => classify(this.#source, options)) as Promise<Classification<LabelOf<M, P>>>
  }

  /** The same of a field of numbers: their weighted mean. Rejects as `classify`. */
  regress<P extends Path<M>>(options: VoteOptions<M, I, P>): Promise<Regression> {
    return this.#session.run(() => regress(this.#source, options))
  }

  /**
   * A support-vector machine that has learned the labels of a field (docs/similarity.md). Training runs on a thread of its own,
   * which a signal ends.
   *
   * @throws SkalarError `BAD_OPTION` also where the labels cannot be learned, `BAD_FILTER`, `NOT_FOUND` when no record has the
   *   field, `OUT_OF_MEMORY`
   */
  train<P extends Path<M>>(options: TrainOptions<M, I, P>): Promise<KernelMachine<LabelOf<M, P>>> {
    const machine: unknown = this.#session.run(() => train(this.#source, options))
    return machine as Promise<KernelMachine<LabelOf<M, P>>>
  }

  /**
   * Records like those that are liked, unlike those that are disliked: best first, with `diversity` in the order they were chosen.
   * Neither given nor excluded records are among them. docs/similarity.md says what each strategy means.
   *
   * @throws SkalarError `BAD_OPTION`, `BAD_ID`, `BAD_VECTOR`, `DIMENSION_MISMATCH`, `BAD_FILTER`, `NOT_FOUND` with ids that
   *   there are no records of, `OUT_OF_MEMORY`
   */
  recommend<const S extends readonly (keyof M & string)[] | undefined = undefined, V extends boolean = false>(
    options: RecommendOptions<M, I, S, V>,
  ): Promise<Match<M, I, S, V>[]> {
    const matches: unknown = this.#session.run(() => recommendOne(this.#source, options))
    return matches as Promise<Match<M, I, S, V>[]>
  }

  /**
   * Recommendations for many users, for `for await`: the matches of each, in the order of the users, on all threads and in bounded
   * memory. A user is `{ positive, negative, … }`, with options of its own over the common ones. An array is copied and checked
   * before the call returns; of iterables users are taken as they are needed. Throws as `recommend` rejects, when it is that
   * user's turn; the path of the error tells whose.
   */
  recommendMany<
    const S extends readonly (keyof M & string)[] | undefined = undefined,
    V extends boolean = false,
  >(
    users: Iterable<RecommendUser<M, I>> | AsyncIterable<RecommendUser<M, I>>,
    options?: Cancel & RecommendSettings<M, I, S, V>,
  ): AsyncIterable<Match<M, I, S, V>[]> {
    const lists: unknown = new Recommendations(this.#session, this.#source, users, options)
    return lists as AsyncIterable<Match<M, I, S, V>[]>
  }

  /**
   * Pairs of records of this collection and another one that mean the same, for `for await`: for each record, in order of ids, its best
   * among the `k` nearest of the other one, by a margin over what is near to either (docs/similarity.md). With `mutual` only pairs that
   * are each other's best. The first step throws what is wrong.
   *
   * What is found of a batch, of 256 records at most, is of one moment; a record that is there throughout is looked at once.
   *
   * @throws SkalarError `BAD_OPTION`, `DIMENSION_MISMATCH`, `BAD_FILTER`, `BAD_VECTOR` for a record that `transform` makes nothing
   *   comparable of, `OUT_OF_MEMORY`
   */
  match<N extends object, J extends Id>(
    other: Collection<N, J>,
    options?: MatchOptions<M, I>,
  ): AsyncIterable<MatchedPair<I, J>> {
    const pairs: unknown = new MatchedPairs(this.#handle, other, options, behind)
    return pairs as AsyncIterable<MatchedPair<I, J>>
  }

  /**
   * Pairs of records of this collection that are at least as near as `threshold`, each once, for `for await`: in order of the ids that
   * come first. n equal vectors are n (n − 1) / 2 pairs, in bounded memory. Throws as `match`.
   */
  duplicates(options: DuplicatesOptions<M, I>): AsyncIterable<DuplicatePair<I>> {
    const pairs: unknown = new Duplicates(this.#handle, options)
    return pairs as AsyncIterable<DuplicatePair<I>>
  }

  /** Runs a query and tells how it was answered. Rejects as `query`. */
  explain(
    options: QueryOptions<M, I, readonly (keyof M & string)[] | undefined, boolean>,
  ): Promise<Explanation> {
    return this.#session.run(() => explain(this.#source, options))
  }

  /**
   * Scaled dot-product attention (A. Vaswani et al., "Attention Is All You Need", 2017) over the stored vectors: weights are
   * the softmax of q·k / (√d · temperature), outputs the sums of values by these weights. On the database's threads;
   * docs/similarity.md has all of it.
   *
   * @throws SkalarError `BAD_OPTION`, `BAD_VECTOR`, `DIMENSION_MISMATCH`, `BAD_FILTER`, `BAD_METADATA` for a record whose value
   *   is no number and no array of as many numbers as others have, `OUT_OF_MEMORY`
   */
  attend(options: AttendOptions<M, I>): Promise<AttendResult<I>> {
    return this.#session.run(() => attend(this.#source, options, behind) as Promise<AttendResult<I>>)
  }

  /** Size, memory, and how far the index has come. Brings the records into memory. */
  stats(): Promise<CollectionStats> {
    return this.#session.run(() => statsOf(this.#source))
  }

  /**
   * Resolves when nothing waits for the index any more, and it was saved where that is worth it. Queries are right before that, too: they scan what
   * waits. Rejects with why the work was given up, when it was; a failure before the call is tried again at once.
   *
   * @throws SkalarError `BAD_OPTION`, `OUT_OF_MEMORY`
   */
  indexed(options?: IndexedOptions): Promise<void> {
    return this.#session.run(() => indexed(this.#source, this.#session, options))
  }

  /**
   * Builds the index anew, from the records, and saves it; until then queries use the one that there is. Takes the memory of two. A call that
   * is aborted leaves it as it was. The engine `flat` has none, and is done at once.
   *
   * @throws SkalarError `READ_ONLY`; and as `indexed`
   */
  rebuild(options?: IndexedOptions): Promise<void> {
    return this.#session.run(() => rebuild(this.#source, this.#session, options))
  }

  /**
   * Looks for what is not as it should be: rows against each other and their checksums, all of one moment; the files of the index and its graph;
   * and what the engine finds, against the exact scan. docs/maintenance.md. In slices, while others read and write.
   *
   * @throws SkalarError `BAD_OPTION`, `STORAGE`, `OUT_OF_MEMORY`
   */
  verify(options?: VerifyOptions): Promise<Verification> {
    return this.#session.run(() => verify(this.#source, this.#session, options))
  }

  get #handle(): Handle {
    return { source: this.#source, session: this.#session }
  }

  /** Makes the reads that follow see the latest commit. */
  #beginRead(): void {
    this.#session.assertOpen()
    this.#source.environment.refresh()
  }
}

/** @internal */
export function sourceOf(collection: unknown): Source {
  const source = behind(collection)?.source
  if (source !== undefined) return source
  throw new SkalarError('BAD_OPTION', 'a collection from db.collection() is expected', { path: 'collection' })
}
