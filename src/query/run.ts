import type { NativeAnswers } from '../native.ts'
import { fromNative } from '../native.ts'
import type { Source } from '../source.ts'
import { turnWhenBusy } from '../turns.ts'
import { Abort } from './abort.ts'
import type { RecordTest } from './match.ts'
import { type AllowedSlots, toEngineQuery } from './prepare.ts'
import { slotScan } from './records.ts'
import type { Request } from './request.ts'
import { type AnyMatch, shape } from './shape.ts'

/** How often a query whose answers were overtaken by writes is asked again before the calling thread does it. */
const ATTEMPTS = 5

export interface Outcome {
  /** For each request its matches, nearest first. */
  readonly matches: AnyMatch[][]
  readonly counts: NativeAnswers['counts']
}

/**
 * Answers requests with what was committed when it was called, or later. The steps: catch up with the log, find what the
 * filters let through, let the engine search, read the metadata; and all of it again if writes came between.
 *
 * @throws SkalarError `NOT_FOUND`, `BAD_VECTOR`, `OUT_OF_MEMORY`; the reason of `signal`
 */
export async function run(
  source: Source,
  requests: readonly Request[],
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const abort = new Abort(signal)
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const outcome = await tryOnce(source, requests, abort)
      if (outcome !== undefined) return outcome
    }
    return runSync(source, requests)
  } catch (error) {
    abort.check()
    throw fromNative(error)
  } finally {
    abort.dispose()
  }
}

/** The same on the calling thread, which nothing can overtake but other processes. */
export function runSync(source: Source, requests: readonly Request[]): Outcome {
  const { replica, engine } = source
  for (;;) {
    replica.catchUpSync()
    const since = replica.position
    const allowed = new Map<RecordTest, Uint32Array>()
    for (const test of testsOf(requests)) {
      const { scan, slots } = slotScan(source, test)
      scan.runSync()
      allowed.set(test, slots())
    }
    const queries = requests.map((request) => toEngineQuery(source, request, allowed))
    const answers = engine.searchSync(queries, since)
    const matches = shape(source, requests, answers, since)
    if (matches !== undefined) return { matches, counts: answers.counts }
  }
}

async function tryOnce(
  source: Source,
  requests: readonly Request[],
  abort: Abort,
): Promise<Outcome | undefined> {
  const { replica, engine } = source
  abort.check()
  await replica.catchUp()
  const { position: since, vectors } = replica
  const allowed = await resolveTests(source, requests, abort)
  if (replica.vectors !== vectors) return undefined
  abort.check()
  const queries = requests.map((request) => toEngineQuery(source, request, allowed))
  const answers = await engine.search(queries, since, abort.flag)
  await turnWhenBusy()
  abort.check()
  if (replica.vectors !== vectors) return undefined
  const matches = shape(source, requests, answers, since)
  return matches && { matches, counts: answers.counts }
}

async function resolveTests(
  source: Source,
  requests: readonly Request[],
  abort: Abort,
): Promise<AllowedSlots> {
  const allowed = new Map<RecordTest, Uint32Array>()
  for (const test of testsOf(requests)) {
    const { scan, slots } = slotScan(source, test)
    await scan.run(() => abort.check())
    allowed.set(test, slots())
  }
  return allowed
}

function testsOf(requests: readonly Request[]): Set<RecordTest> {
  const tests = new Set<RecordTest>()
  for (const { test } of requests) if (test !== undefined) tests.add(test)
  return tests
}
