import type { AbortFlag } from '../engine/engine.ts'

/** Work that the database's threads can do, or the calling one. */
export interface Step<T> {
  /** Rejects as `Engine.search`. */
  later(flag: AbortFlag | undefined): Promise<T>
  now(): T
}
