/**
 * The public types. A collection may be given the type of its metadata and of its ids:
 * `db.collection<Film, number>('films')`; filters, patches, selections and matches then follow from it.
 */

import type { SkalarError } from './errors.ts'

/** Well-formed string of 1 to 1,024 UTF-8 bytes without NUL, or a safe integer. `1` and `'1'` are two ids. */
export type Id = string | number

/** A plain object. It comes back equal: dates, typed arrays, Map, Set and bigint included. */
// biome-ignore lint/suspicious/noExplicitAny: metadata of an untyped collection is whatever its user reads from it
export type Metadata = { [key: string]: any }

/** `number[]` or any numeric typed array, copied before the call returns. A Buffer is refused: its bytes are no numbers. */
export type VectorInput = ArrayLike<number> & { readonly readFloatLE?: never }

/** Rows of one length: a typed array row by row, whose number of columns is known otherwise, or an array of rows. */
export type MatrixInput = VectorInput | readonly VectorInput[]

/** `cosine` and `dot` are similarities, larger is nearer; `euclidean` is a distance, smaller is nearer. */
export type MetricName = 'cosine' | 'dot' | 'euclidean'

/** What a collection ranks by, unless a query says otherwise; and the name of it. */
export type CollectionMetric = MetricName | MahalanobisMetric
export type CollectionMetricName = MetricName | 'mahalanobis'

/**
 * What a query ranks by: a metric, or a kernel of scikit-learn's definition. Distances (`euclidean`, `chebyshev`, `manhattan`,
 * `mahalanobis`): less is nearer; all others: more.
 */
export type QueryMetric = MetricName | 'chebyshev' | 'manhattan' | MahalanobisMetric | KernelMetric

/** √((x − q)ᵀ P (x − q)): P is the inverse of a covariance matrix, symmetric and positive definite, as rows or row by row. */
export type MahalanobisMetric = { mahalanobis: MatrixInput }

/** `gamma` is above 0, by default 1 / dimension; `degree` an integer of at least 1, by default 3; `coef0` by default 1. */
export type KernelMetric =
  /** x·q */
  | { kernel: 'linear' }
  /** (gamma x·q + coef0) ** degree */
  | {
      kernel: 'polynomial'
      gamma?: number | undefined
      degree?: number | undefined
      coef0?: number | undefined
    }
  /** exp(−gamma |x − q|²) */
  | { kernel: 'rbf'; gamma?: number | undefined }
  /** exp(−gamma Σ|x − q|) */
  | { kernel: 'laplacian'; gamma?: number | undefined }
  /** tanh(gamma x·q + coef0) */
  | { kernel: 'sigmoid'; gamma?: number | undefined; coef0?: number | undefined }

/**
 * What finds the candidates of a query. `hnsw`, the default, is our graph; `hnswlib` one by the optional package
 * hnswlib-node; `flat` is the exact scan of all. Scores are exact whatever finds them.
 */
export type EngineName = 'hnsw' | 'hnswlib' | 'flat'

export type Durability = 'commit' | 'flushed'

type Leaf =
  | string
  | number
  | boolean
  | bigint
  | symbol
  | null
  | undefined
  | Date
  | ArrayBufferView
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | ((...a: never) => unknown)

type Depth = [never, 0, 1, 2, 3]

/** The dotted paths of `T`, through arrays to the fields of their elements, four levels deep. */
export type Path<T, D extends number = 3> = [D] extends [never]
  ? never
  : T extends Leaf
    ? never
    : T extends readonly (infer E)[]
      ? Path<E, D>
      : { [K in keyof T & string]: K | `${K}.${Path<NonNullable<T[K]>, Depth[D]>}` }[keyof T & string]

/** The type at a dotted path of `T`. */
export type At<T, P extends string> = T extends readonly (infer E)[]
  ? At<E, P>
  : P extends keyof T
    ? T[P]
    : P extends `${infer H}.${infer R}`
      ? H extends keyof T
        ? At<NonNullable<T[H]>, R>
        : never
      : never

type Item<V> = V extends ArrayBufferView ? V : V extends readonly (infer E)[] ? E : V
type Ordered<V> = Extract<Item<V>, number | bigint | string | Date>

/** Operators on the values of one path; `docs/filters.md` has their exact meaning. */
export interface Operators<V> {
  $eq?: Item<V> | null
  $ne?: Item<V> | null
  $gt?: Ordered<V>
  $gte?: Ordered<V>
  $lt?: Ordered<V>
  $lte?: Ordered<V>
  $in?: readonly (Item<V> | null)[]
  $nin?: readonly (Item<V> | null)[]
  $all?: readonly Item<V>[]
  $exists?: boolean
  $not?: Operators<V>
}

export type Condition<V> = Item<V> | null | Operators<V>

interface Logic<M extends object, I extends Id> {
  $and?: readonly Filter<M, I>[]
  $or?: readonly Filter<M, I>[]
  $not?: Filter<M, I>
  $id?: Condition<I>
}

/** A MongoDB-style filter on metadata and id. */
export type Filter<M extends object = Metadata, I extends Id = Id> = Logic<M, I> &
  (string extends keyof M
    ? // biome-ignore lint/suspicious/noExplicitAny: an untyped collection has no known paths
      { [path: string]: any }
    : { [P in Path<M>]?: Condition<NonNullable<At<M, P>>> })

type NameOf<V> = [V] extends [never]
  ? never
  : [V] extends [string]
    ? 'string'
    : [V] extends [number]
      ? 'number'
      : [V] extends [boolean]
        ? 'boolean'
        : [V] extends [Date]
          ? 'date'
          : never

export type FieldType =
  | 'string'
  | 'number'
  | 'boolean'
  | 'date'
  | 'string[]'
  | 'number[]'
  | 'boolean[]'
  | 'date[]'

type FieldOf<V> = [V] extends [readonly (infer E)[]] ? `${NameOf<E>}[]` : NameOf<V>

/** Metadata paths that are to be indexed, with their types. */
export type Fields<M extends object> = string extends keyof M
  ? { readonly [path: string]: FieldType }
  : { readonly [P in Path<M>]?: FieldOf<NonNullable<At<M, P>>> }

export interface Cancel {
  /** Stops the call, which rejects with `signal.reason`. What was committed before stays. */
  signal?: AbortSignal | undefined
}

export interface OpenOptions {
  /**
   * When a write resolves. `commit` (default): once it is committed, which survives a killed process; it is put on disk a moment
   * later, and a power cut before that takes it as a whole, and never what was flushed. `flushed`: once it is on disk, which
   * survives power loss, and takes some milliseconds. Each open of a folder has its own.
   */
  durability?: Durability | undefined
  /** Refuse every write. The database must exist, and `lock.mdb` be writable: readers lock what they read. Default false. */
  readOnly?: boolean | undefined
  /**
   * Says that nobody, in no process, writes while it is open: implies `readOnly`, makes and opens no lock file in the folder, and needs no
   * permission to write, so that a database on a read-only file system can be opened. Answers may be wrong if somebody writes all the same. Default false.
   */
  immutable?: boolean | undefined
  /** Worker threads for searches, 1 to 256. Default: the number of cores. */
  threads?: number | undefined
}

export interface CollectionOptions<M extends object> {
  /** Components of every vector, 1 to 65,535. Needed to create a collection, unless a matrix tells it. */
  dimension?: number | undefined
  /** Default `cosine`. A matrix is stored with the collection, and need not be given again. */
  metric?: CollectionMetric | undefined
  fields?: Fields<M> | undefined
  index?: IndexOptions | undefined
}

/** How a collection is searched. */
export interface IndexOptions {
  /** Default `hnsw`. */
  engine?: EngineName | undefined
  /** Neighbours of a node of the graph, 2 to 512; default 16. More of them find more, and take memory and time. */
  M?: number | undefined
  /** Candidates considered for the neighbours of a new node, 1 to 4,096; default 200. */
  efConstruction?: number | undefined
  /**
   * What the graph of engine `hnsw` keeps of each vector to find candidates by; scores are exact with any. Default `auto`:
   * what suits the dimension and, by a quick measurement, the vectors that there are when the graph is begun.
   */
  codes?: CodesName | 'auto' | undefined
}

/**
 * Per component 4 bits, 8 bits (of which searches mostly read 4), or all 32. Fewer are less memory; how many a search takes
 * to be fast, and to find the neighbours, depends on the data.
 */
export type CodesName = 'float32' | 'int8' | 'int4'

/** What `importHnswlib` does with an index file of hnswlib. */
export interface ImportOptions<I extends Id> extends Cancel {
  /** The id for each label: an array indexed by it, a Map, or a function. Default: the label itself. */
  ids?: readonly I[] | ReadonlyMap<number, I> | ((label: number) => I) | undefined
  /** Called after each commit with the number of records committed so far. */
  onProgress?: ((progress: { done: number }) => void) | undefined
}

export type RecordInput<M extends object, I extends Id> = { id: I; vector: VectorInput } & ({} extends M
  ? { metadata?: M | undefined }
  : { metadata: M })

export type StoredRecord<
  M extends object,
  I extends Id,
  V extends boolean = false,
  N extends boolean = false,
> = {
  id: I
  metadata: M
} & (V extends true ? { vector: Float32Array } : {}) &
  (N extends true ? { version: number } : {})

export interface GetOptions<V extends boolean, N extends boolean> {
  includeVector?: V | undefined
  /** Adds `version`, the number that `update` takes as `ifVersion`. */
  includeVersion?: N | undefined
}

type Select<M> = readonly (keyof M & string)[]

/** One result of a query. */
export type Match<
  M extends object = Metadata,
  I extends Id = Id,
  S extends Select<M> | undefined = undefined,
  V extends boolean = false,
> = { id: I; score: number } & (S extends readonly []
  ? {}
  : S extends Select<M>
    ? { metadata: Pick<M, S[number]> }
    : { metadata: M }) &
  (V extends true ? { vector: Float32Array } : {})

/** What to look for: a vector, or the stored vector of a record, which is then left out. */
export type QueryTarget<I extends Id> =
  | { vector: VectorInput; id?: undefined }
  | { id: I; vector?: undefined }

export interface QuerySettings<
  M extends object,
  I extends Id,
  S extends Select<M> | undefined = undefined,
  V extends boolean = false,
> {
  /** At most this many matches. Default 10. */
  k?: number | undefined
  filter?: Filter<M, I> | undefined
  /** Metadata keys to return; `[]` returns ids and scores only, and reads nothing from disk. Default: all. */
  select?: S | undefined
  includeVector?: V | undefined
  /**
   * What to rank by in place of the collection's own metric, with its scores. Where its order is another one, all records
   * are scanned (docs/similarity.md says when it is not).
   */
  metric?: QueryMetric | undefined
  /**
   * Instead of a scan for another `metric`: so many candidates (at least `k`) are found by the collection's metric, and ranked by
   * this one.
   */
  candidates?: number | undefined
  /** Candidates an approximate engine considers (`hnsw` on average, docs/hnsw.md); the exact scan needs none. Default 100. */
  ef?: number | undefined
  /** Never approximate. */
  exact?: boolean | undefined
  /** Only matches at least this near, in the metric's direction. */
  threshold?: number | undefined
  /**
   * Continue behind the last match of the page before, whose other options are the same: all pages together show every
   * record once, as long as nothing changes. A keyset, not a snapshot: docs/hnsw.md.
   */
  after?: { id: I; score: number } | undefined
}

export type QueryOptions<
  M extends object,
  I extends Id,
  S extends Select<M> | undefined = undefined,
  V extends boolean = false,
> = Cancel &
  QueryTarget<I> &
  QuerySettings<M, I, S, V> & {
    /** Milliseconds after which the query rejects with `TIMEOUT`, and what it has found in `error.matches`. */
    timeout?: number | undefined
  }

/** How a query was answered. */
export interface Explanation {
  /** The exact scan, or the engine that was asked. */
  readonly plan: 'scan' | EngineName
  /** Why this plan was chosen. */
  readonly reason: string
  /** Nodes of the graph whose neighbours were looked at; of a scan, the records scored. */
  readonly visited: number
  /** Approximate scores computed. */
  readonly distances: number
  /** Records that these scores left as possible matches. */
  readonly candidates: number
  /** Exact scores computed, of the candidates that approximate scores could not rule out. */
  readonly reranked: number
  /** Milliseconds from call to answer. */
  readonly ms: number
  /**
   * Where they went: catching up with writes and reading what the filter lets through, searching (with the wait for a
   * thread), and reading metadata.
   */
  readonly phases: { readonly filter: number; readonly search: number; readonly read: number }
}

/** A shallow merge: a key set to undefined is removed; required keys cannot be removed. */
export type Patch<M extends object> = {
  [K in keyof M]?: M[K] | ({} extends Pick<M, K> ? undefined : never)
}

/** One id, several, or all records that a filter matches. */
export type Target<M extends object, I extends Id> = I | readonly I[] | { filter: Filter<M, I> }

export interface UpsertOptions extends Cancel {
  /** `insert` refuses ids that exist, `update` ids that do not. Default `upsert`. */
  mode?: 'upsert' | 'insert' | 'update' | undefined
  /** Records of an iterable per commit, 1 to 1,000; fewer where they come to 4 MB. Default 1,000. */
  batchSize?: number | undefined
  /** What an invalid record of an iterable does: fail the call (default), be left out, or be left out and reported. */
  onInvalid?: 'throw' | 'skip' | ((error: SkalarError, record: unknown) => void) | undefined
  /** Called after each commit with the number of records committed so far. */
  onProgress?: ((progress: { done: number }) => void) | undefined
}

export interface UpdateOptions extends Cancel {
  /** A new vector for the record. */
  vector?: VectorInput | undefined
  /** Change nothing and fail with `CONFLICT` unless the record is of this version. */
  ifVersion?: number | undefined
}

export interface RecordsOptions<M extends object, I extends Id, V extends boolean> extends Cancel {
  filter?: Filter<M, I> | undefined
  includeVector?: V | undefined
  /** Begin behind this id. */
  after?: I | undefined
  limit?: number | undefined
}

export interface UpsertResult {
  readonly inserted: number
  readonly updated: number
}

/** How an index comes on in the background. */
export interface IndexStats {
  /**
   * `building` while there is work under way, `failed` when the last attempt was given up, else `ready`. Queries are right in any state:
   * what the index lacks is scanned.
   */
  readonly state: 'ready' | 'building' | 'failed'
  /**
   * Why the last attempt was given up, until another one succeeds. A build is tried again by itself, a save after more work and when
   * the database is closed.
   */
  readonly error: Error | undefined
}

export interface CollectionStats {
  readonly records: number
  readonly dimension: number
  readonly metric: CollectionMetricName
  readonly engine: EngineName
  /** Records that the index has still to take in, in the background; until then queries scan them. */
  readonly pending: number
  /** Whether it does so, or cannot. */
  readonly index: IndexStats
  /** What the graph of engine `hnsw` ranks by to find candidates; undefined while there is none. */
  readonly codes: CodesName | undefined
  /** Bytes of memory that the vectors take in this process, with their images by matrices of Mahalanobis distances. */
  readonly memory: number
}
