import { availableParallelism } from 'node:os'
import { createPool, type NativePool } from '../native.ts'

/** More than any call asks for. */
export const MOST_THREADS = 256

let ours: NativePool | undefined

/**
 * Threads for what is computed without a database, one for each core; of this JavaScript thread, made when they are first needed.
 * They do not keep the process alive.
 */
export function pool(): NativePool {
  ours ??= createPool(Math.min(availableParallelism(), MOST_THREADS))
  return ours
}
