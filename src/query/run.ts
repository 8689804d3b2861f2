import type { Answers } from '../engine/answers.ts'
import type { Engine, EngineQuery } from '../engine/engine.ts'
import { SkalarError } from '../errors.ts'
import { fromNative } from '../native.ts'
import type { Source } from '../source.ts'
import { turnWhenBusy } from '../turns.ts'
import { Abort, type Limits } from './abort.ts'
import { Allowed } from './allowed.ts'
import type { RecordTest } from './match.ts'
import { choosePlan } from './plan.ts'
import { type AllowedSlots, toEngineQuery } from './prepare.ts'
import type { Request } from './request.ts'
import { type AnyMatch, shape } from './shape.ts'

/** How often a query whose answers were overtaken by writes is asked again before the calling thread does it. */
const ATTEMPTS = 5

/** What a request came to. */
export interface Outcome {
  /** Nearest first. */
  readonly matches: AnyMatch[]
  /** Which engine answered, and why that one. */
  readonly engine: Engine
  readonly reason: string
  /** Nodes of a graph whose neighbours were looked at. */
  readonly visited: number
  /** Approximate scores computed, records that these left as possible matches, and those of them scored exactly. */
  readonly distances: number
  readonly candidates: number
  readonly reranked: number
}

/** Milliseconds that the steps of a call took. */
export interface Phases {
  filter: number
  search: number
  read: number
}

/**
 * Answers requests with what was committed when it was called, or later. The steps: catch up with the log, find what the
 * filters let through, let an engine search, read the metadata; and all of it again if writes came between. `phases` is
 * set to what the last attempt took.
 *
 * @throws SkalarError `NOT_FOUND`, `BAD_VECTOR`, `OUT_OF_MEMORY`, `TIMEOUT`; the reason of `signal`
 */
export async function run(
  source: Source,
  requests: readonly Request[],
  limits: Limits,
  phases?: Phases,
): Promise<Outcome[]> {
  const abort = new Abort(limits)
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const outcomes = await tryOnce(source, requests, abort, phases)
      if (abort.outOfTime) throw timeUp(limits, outcomes)
      if (outcomes !== undefined) return outcomes
    }
    return runSync(source, requests)
  } catch (error) {
    abort.check()
    if (abort.outOfTime && !(error instanceof SkalarError)) throw timeUp(limits)
    throw fromNative(error)
  } finally {
    abort.dispose()
  }
}

/** The same on the calling thread, where nothing can overtake it: LMDB is read at the replica's position throughout. */
export function runSync(source: Source, requests: readonly Request[]): Outcome[] {
  const { replica } = source
  for (let attempt = 1; ; attempt++) {
    if (requests.some(({ test }) => test !== undefined)) replica.catchUpSync()
    const filters = filtersOf(source, requests)
    for (const { scan } of filters.values()) scan.runSync()
    const jobs = prepare(source, requests, filters)
    const since = replica.position
    const answers = jobs?.map(({ engine, queries }) => engine.searchSync(queries, since))
    const outcomes = jobs && toOutcomes(source, jobs, answers!, since, attempt >= ATTEMPTS)
    if (outcomes !== undefined) return outcomes
  }
}

function timeUp({ timeout }: Limits, outcomes: readonly Outcome[] = []): SkalarError {
  const message = `the query took longer than its timeout of ${timeout} ms: error.matches has what it had found`
  return new SkalarError('TIMEOUT', message, { matches: outcomes.flatMap(({ matches }) => matches) })
}

/** Undefined when writes have overtaken the answers. */
async function tryOnce(
  source: Source,
  requests: readonly Request[],
  abort: Abort,
  phases: Phases | undefined,
): Promise<Outcome[] | undefined> {
  const { replica } = source
  const lap = stopwatch()
  abort.check()
  await replica.catchUp()
  const filters = filtersOf(source, requests)
  for (const { scan } of filters.values()) await scan.run(() => abort.checkAll())
  if (filters.size > 0) await replica.catchUp()
  // While there is time left no await: before work is begun, all others would be told of the same time.
  const turn = turnWhenBusy()
  if (turn !== undefined) await turn
  abort.check()
  const jobs = prepare(source, requests, filters)
  if (jobs === undefined) return undefined
  const filter = lap()
  const { position: since, vectors } = replica
  const searches = jobs.map(({ engine, queries }) => engine.search(queries, since, abort.flag))
  const answers = await abort.race(Promise.all(searches))
  const answered = replica.position
  const search = lap()
  await turnWhenBusy()
  abort.check()
  if (replica.vectors !== vectors) return undefined
  // Slots may have been given to other vectors while this waited.
  if (replica.position !== answered && requests.some(({ includeVector }) => includeVector)) return undefined
  source.environment.refresh()
  const outcomes = toOutcomes(source, jobs, answers, since)
  if (phases !== undefined) Object.assign(phases, { filter, search, read: lap() })
  return outcomes
}

/** Tells with each call the milliseconds since the one before. */
function stopwatch(): () => number {
  let before = performance.now()
  return () => {
    const now = performance.now()
    const passed = now - before
    before = now
    return passed
  }
}

/** Requests that one engine answers in one call. */
interface Job {
  readonly engine: Engine
  readonly requests: Request[]
  readonly queries: EngineQuery[]
  readonly reasons: string[]
  /** Where the requests stand among those of the call. */
  readonly places: number[]
}

function filtersOf(source: Source, requests: readonly Request[]): Map<RecordTest, Allowed> {
  const filters = new Map<RecordTest, Allowed>()
  for (const { test } of requests) {
    if (test !== undefined && !filters.has(test)) filters.set(test, new Allowed(source, test))
  }
  return filters
}

/**
 * Shares requests out to engines, as of the replica's position. Without a pause until the engines have begun, so that all
 * of it speaks of one state. Undefined when filters can not tell what is allowed.
 */
function prepare(
  source: Source,
  requests: readonly Request[],
  filters: ReadonlyMap<RecordTest, Allowed>,
): Job[] | undefined {
  const { replica } = source
  const { live } = requests.every(isInMemory) ? replica.catchUpInMemory() : replica.catchUpSync()
  const allowed = settled(filters)
  if (allowed === undefined) return undefined
  const jobs: Job[] = []
  for (const [place, request] of requests.entries()) {
    const query = toEngineQuery(source, request, allowed)
    const { engine, reason } = choosePlan(source, request, query, live)
    let job = jobs.find((each) => each.engine === engine)
    if (job === undefined) {
      job = { engine, requests: [], queries: [], reasons: [], places: [] }
      jobs.push(job)
    }
    job.requests.push(request)
    job.queries.push(query)
    job.reasons.push(reason)
    job.places.push(place)
  }
  return jobs
}

/** Whether the answer to a request is all in memory: nothing of it stands in LMDB alone. */
function isInMemory({ target, test, select, after }: Request): boolean {
  return target.id === undefined && test === undefined && select?.length === 0 && after === undefined
}

function settled(filters: ReadonlyMap<RecordTest, Allowed>): AllowedSlots | undefined {
  const allowed = new Map<RecordTest, Uint32Array>()
  for (const [test, filter] of filters) {
    const slots = filter.settle()
    if (slots === undefined) return undefined
    allowed.set(test, slots)
  }
  return allowed
}

/** In the order of the requests. Undefined when writes have overtaken the answers. */
function toOutcomes(
  source: Source,
  jobs: readonly Job[],
  answers: readonly Answers[],
  since: number,
  last = false,
): Outcome[] | undefined {
  const outcomes: Outcome[] = []
  for (const [j, { engine, requests, reasons, places }] of jobs.entries()) {
    const found = answers[j]!
    const lists = shape(source, requests, found, since, last)
    if (lists === undefined) return undefined
    for (const [i, place] of places.entries()) {
      outcomes[place] = {
        matches: lists[i]!,
        engine,
        reason: reasons[i]!,
        visited: found.visitedOf(i),
        distances: found.distancesOf(i),
        candidates: found.candidatesOf(i),
        reranked: found.rerankedOf(i),
      }
    }
  }
  return outcomes
}
