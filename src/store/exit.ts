import { isMainThread } from 'node:worker_threads'
import { writeCounts } from '../native.ts'

/*
 * How a process ends while there are environments open. LMDB needs no closing, killing is safe for it. But Node waits for its
 * own threads, and one that writes waits for JavaScript that will not run again: where a write is under way the process leaves
 * before Node waits (`native/binding/exit.h`).
 */

let prepared = false

/** To be called before the first write. */
export function leaveWhileWriting(): void {
  // Electron has a way of its own to exit, which must not be replaced.
  if (isMainThread && !prepared && !process.versions.electron) writeCounts().leaveWhileWriting()
  prepared = true
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
