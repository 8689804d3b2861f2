import { createRequire } from 'node:module'
import { isMainThread } from 'node:worker_threads'
import { open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb'
import { writeCounts } from '../native.ts'

/*
 * How a process ends while there are environments open.
 *
 * lmdb-js closes its environments when `exit` is emitted. A write that is under way then goes on in one that is no longer
 * there, or is waited for by the thread that holds its lock. LMDB needs no closing, killing is safe for it: so nothing is
 * closed, and where a write is under way the process leaves before Node waits for it (`native/binding/exit.h`).
 */

const require = createRequire(import.meta.url)
let prepared = false

/** Opens an environment that is open to the last moment of the process. */
export function openToLast(options: RootDatabaseOptionsWithPath): RootDatabase {
  const before = process.listeners('exit')
  const root = open(options)
  for (const listener of process.listeners('exit')) {
    if (!before.includes(listener) || isOfLmdb(listener)) process.off('exit', listener)
  }
  // Electron has a way of its own to exit, which must not be replaced.
  if (isMainThread && !prepared && !process.versions.electron) writeCounts().leaveWhileWriting()
  prepared = true
  return root
}

/** Runs what gives lmdb-js a write; it is under way until the promise is settled. */
export async function writing<T>(write: () => Promise<T>): Promise<T> {
  const counts = writeCounts()
  counts.beginWrite()
  try {
    return await write()
  } finally {
    counts.endWrite()
  }
}

/** It is there already where the application uses lmdb-js itself. */
function isOfLmdb(listener: unknown): boolean {
  return Object.values(require.cache).some((module) => module?.exports?.onExit === listener)
}
