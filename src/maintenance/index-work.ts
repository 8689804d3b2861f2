import { setTimeout } from 'node:timers/promises'
import type { Session, Source } from '../source.ts'
import type { MaintenanceProgress } from './types.ts'
import { parseWork, type Work } from './work.ts'

const INTERVAL_MS = 20

/**
 * Waits until nothing waits for the index of a collection. The work goes on by itself, whether or not anybody waits for it.
 *
 * @throws SkalarError `BAD_OPTION`, `NOT_FOUND`, `CORRUPTED`, `CLOSED`; why the work was given up, `OUT_OF_MEMORY` for example; the signal's reason;
 *   what `onProgress` throws
 */
export async function indexed(source: Source, session: Session, options: unknown): Promise<void> {
  const work = parseWork<MaintenanceProgress>(session, options)
  work.check()
  await source.replica.catchUp()
  await follow(source, source.engine.settled(), work)
}

/** Builds the index of a collection anew beside the one that there is. Throws as `indexed`, and SkalarError `READ_ONLY`. */
export async function rebuild(source: Source, session: Session, options: unknown): Promise<void> {
  const work = parseWork<MaintenanceProgress>(session, options)
  work.check()
  source.environment.assertWritable()
  await source.replica.catchUp()
  const ended = new AbortController()
  try {
    await follow(source, source.engine.rebuild(ended.signal), work)
  } finally {
    ended.abort()
  }
}

/** Tells how work comes on until it is done. */
async function follow(source: Source, end: Promise<void>, work: Work<MaintenanceProgress>): Promise<void> {
  let isDone = false
  const settled = end.finally(() => {
    isDone = true
  })
  // When this call ends before, nobody is told of it here; `stats().index` tells.
  settled.catch(() => {})
  let total = 0
  while (!isDone) {
    const { left } = source.engine
    total = Math.max(total, left)
    work.tell({ done: total - left, total })
    await Promise.race([settled, setTimeout(INTERVAL_MS)])
  }
  await settled
  work.tell({ done: total, total })
}
