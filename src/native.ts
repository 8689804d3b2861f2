import { createRequire } from 'node:module'
import { types } from 'node:util'
import { SkalarError } from './errors.ts'
import { CODES, METRICS } from './native/numbers.ts'
import type {
  NativeGeneration,
  NativeHnsw,
  NativeKernelMachine,
  NativePool,
  NativePrecision,
  NativeStore,
  NativeWhitening,
} from './native/objects.ts'
import type { NativeCommits, NativeLockFile } from './native/shared-files.ts'
import type { CollectionMetricName } from './types.ts'

export * from './native/numbers.ts'
export type * from './native/objects.ts'
export type * from './native/shared-files.ts'

interface Addon {
  readonly target: string
  readonly refusedTarget: string | null
  normalizeRows(rows: Uint8Array, dimension: number, refuseZero: boolean): number
  sealRow(row: Uint8Array): void
  firstDamagedRow(rows: Uint8Array, bytes: number): number
  firstBadVector(vectors: Float32Array, dimension: number, refuseZero: boolean): number
  hasMemory(bytes: number): boolean
  lockFile(file: number, shared: boolean): boolean
  firstBadRow(elements: Float32Array | Float64Array, columns: number, refuseZero: boolean): number
  similarities<T extends Float32Array | Float64Array>(
    pool: NativePool,
    left: T,
    right: T,
    columns: number,
    measure: number,
    parameters: Float64Array,
    results: T,
    state: Int32Array,
    workers: number,
  ): Promise<void>
  /** lmdb-js is about to be given a write. */
  beginWrite(): void
  /** It is done with it. */
  endWrite(): void
  /** Makes the process leave at once when it exits while any thread writes. In the main thread. */
  leaveWhileWriting(): void
  readonly LockFile: new (path: string) => NativeLockFile
  readonly Commits: new (path: string, writable: boolean) => NativeCommits
  readonly Pool: new (threads: number) => NativePool
  readonly Generation: new (path: string, crc: number) => NativeGeneration
  saveGeneration(
    pool: NativePool,
    path: string,
    store: NativeStore,
    graph: NativeHnsw | null,
    abort: Int32Array | null,
  ): Promise<number>
  readonly Store: new (dimension: number, generation: NativeGeneration | null) => NativeStore
  readonly Precision: new (
    matrix: Float64Array,
    factor: Float64Array,
    exponents: Int32Array,
  ) => NativePrecision
  readonly Whitening: new (store: NativeStore, precision: NativePrecision) => NativeWhitening
  readonly KernelMachine: new (
    columns: number,
    measure: number,
    parameters: Float64Array,
    ends: Uint32Array,
    weights: Float64Array,
    offsets: Float64Array,
  ) => NativeKernelMachine
  readonly Hnsw: new (
    dimension: number,
    metric: number,
    M: number,
    efConstruction: number,
    codes: number | null,
    precision: NativePrecision | null,
  ) => NativeHnsw
}

const require = createRequire(import.meta.url)
const platform = `${process.platform}-${process.arch}`
let loaded: Addon | undefined

/** Loads the addon at its first use, so that `import 'skalar'` itself cannot fail. For this file and `native/` alone. */
export function addon(): Addon {
  loaded ??= load()
  return loaded
}

function load(): Addon {
  const candidates = [`../prebuilds/${platform}/skalar.node`, '../native/build/Release/skalar.node']
  const failures: unknown[] = []
  for (const candidate of candidates) {
    try {
      return checked(require(candidate))
    } catch (error) {
      if (error instanceof SkalarError) throw error
      failures.push(error)
    }
  }
  const reasons = failures.map((error) => `\n  ${(error as Error).message.split('\n')[0]}`).join('')
  throw new SkalarError(
    'NATIVE_UNAVAILABLE',
    `skalar has no working native addon for ${platform} on Node ${process.version}:${reasons}\n` +
      'In a checkout run `npm run build` (it needs Python, make and a C++20 compiler). As a dependency, reinstall ' +
      'skalar on this platform: node_modules copied from another one do not work.',
    { cause: new AggregateError(failures) },
  )
}

function checked(candidate: Addon): Addon {
  if (candidate.refusedTarget === null) return candidate
  throw new SkalarError(
    'NATIVE_UNAVAILABLE',
    `SKALAR_SIMD=${candidate.refusedTarget} is not a target of this CPU and build: unset it, or name one of ` +
      'avx512, avx2, neon, scalar that this machine has',
  )
}

/** The instruction set in use: `avx512`, `avx2`, `neon` or `scalar`. */
export function simdTarget(): string {
  return addon().target
}

/** Counters in a file, which a writer makes. Throws where that fails. */
export function openCommits(path: string, writable: boolean): NativeCommits {
  const { Commits } = addon()
  return told(() => new Commits(path, writable))
}

/** Of `lock.mdb`, before LMDB opens it. */
export function openLockFile(path: string): NativeLockFile {
  const { LockFile } = addon()
  return told(() => new LockFile(path))
}

/** A saved generation whose header has this checksum. Throws where there is none that is whole. */
export function openGeneration(path: string, crc: number): NativeGeneration {
  const { Generation } = addon()
  return told(() => new Generation(path, crc))
}

/**
 * Writes what a store and a graph over it are at this moment, and has it on disk: the checksum of its header. No `build` of the graph
 * may be under way, or begin before it is done.
 */
export function saveGeneration(
  pool: NativePool,
  path: string,
  store: NativeStore,
  graph: NativeHnsw,
  abort: Int32Array | null,
): Promise<number> {
  return addon().saveGeneration(pool, path, store, graph, abort)
}

/** What `src/store/exit.ts` tells of writes. */
export function writeCounts(): Pick<Addon, 'beginWrite' | 'endWrite' | 'leaveWhileWriting'> {
  return addon()
}

export function createPool(threads: number): NativePool {
  const { Pool } = addon()
  return told(() => new Pool(threads))
}

/** An empty one, or one with what a generation has, of the same dimension; else it throws. */
export function createStore(dimension: number, generation?: NativeGeneration): NativeStore {
  const { Store } = addon()
  return told(() => new Store(dimension, generation ?? null))
}

export function createHnsw(
  dimension: number,
  metric: CollectionMetricName,
  M: number,
  efConstruction: number,
  codes: (typeof CODES)[number] | 'auto',
  precision: NativePrecision | undefined,
): NativeHnsw {
  const { Hnsw } = addon()
  const number = codes === 'auto' ? null : CODES.indexOf(codes)
  return told(() => new Hnsw(dimension, METRICS[metric], M, efConstruction, number, precision ?? null))
}

/** Whether so many bytes would be granted just now. */
export function hasMemory(bytes: number): boolean {
  return addon().hasMemory(bytes)
}

/**
 * Locks an open file, for its opener alone or `shared`, in place of the lock that it had, until it is closed or the process ends
 * (`native/store/file_lock.h`). False, and without a lock, where somebody else has one that forbids it.
 */
export function lockFile(file: number, shared: boolean): boolean {
  return addon().lockFile(file, shared)
}

/** Writes the checksum of a row of any kind into its bytes 4 to 7 (`native/store/row.h`). */
export function sealRow(row: Uint8Array): void {
  addon().sealRow(row)
}

/** The index of the first of rows of so many bytes each whose checksum is wrong, or their number. */
export function firstDamagedRow(rows: Uint8Array, bytes: number): number {
  return addon().firstDamagedRow(rows, bytes)
}

/**
 * Turns rows that carry raw vectors into rows that carry lengths and scaled vectors, in place. Returns the index of the first
 * row with a component that is not finite (or without direction, where `refuseZero`), or the number of rows.
 */
export function normalizeRows(rows: Uint8Array, dimension: number, refuseZero: boolean): number {
  return told(() => addon().normalizeRows(rows, dimension, refuseZero))
}

/**
 * The index of the first of vectors side by side that has a component that is not finite (or none but zeros, where
 * `refuseZero`), or their number.
 */
export function firstBadVector(vectors: Float32Array, dimension: number, refuseZero: boolean): number {
  return addon().firstBadVector(vectors, dimension, refuseZero)
}

/** An error of the addon as a SkalarError; any other as it is. */
export function fromNative(error: unknown): unknown {
  if (!types.isNativeError(error) || error instanceof SkalarError) return error
  const { code } = error as { code?: unknown }
  return code === 'OUT_OF_MEMORY' ? new SkalarError(code, error.message, { cause: error }) : error
}

/** What a call of the addon returns; as `addon`. @throws its error as `fromNative` tells it */
export function told<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw fromNative(error)
  }
}
