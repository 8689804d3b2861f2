import type { Answers } from '../engine/answers.ts'
import type { AbortFlag, Engine, EngineQuery } from '../engine/engine.ts'
import type { Images } from '../engine/images.ts'
import { SkalarError } from '../errors.ts'
import { fromNative } from '../native.ts'
import type { Precision } from '../precision-matrix.ts'
import type { Source } from '../source.ts'
import { turnWhenBusy } from '../turns.ts'
import type { Explanation } from '../types.ts'
import { Abort, type Limits } from './abort.ts'
import { type Filters, filtersOf, settled } from './allowed.ts'
import { candidateQuery, searchCandidates, searchCandidatesSync } from './candidates.ts'
import { searchPages, searchPagesSync } from './pages.ts'
import { choosePlan, imagesFor, type Plan } from './plan.ts'
import { toEngineQuery } from './prepare.ts'
import type { Request, Settings } from './request.ts'
import { type AnyMatch, shapeInTurns, shapeSync } from './shape.ts'

/** Requests that are searched in one call: what has been found is shaped while threads search on. */
const AT_ONCE = 128

/** How often a query whose answers were overtaken by writes is asked again before the calling thread does it. */
const ATTEMPTS = 5

/** What a request came to. */
export interface Outcome {
  /** Nearest first. */
  readonly matches: AnyMatch[]
  /** Which engine answered, or that all rows were scanned; and why. */
  readonly plan: Explanation['plan']
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
    for (const precision of precisionsOf(requests)) {
      await source.precisions.check(precision, () => abort.checkAll())
    }
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
  try {
    for (const precision of precisionsOf(requests)) source.precisions.checkSync(precision)
    return answerSync(source, requests)
  } catch (error) {
    throw fromNative(error)
  }
}

function answerSync(source: Source, requests: readonly Request[]): Outcome[] {
  const { replica } = source
  for (let attempt = 1; ; attempt++) {
    if (requests.some(({ settings }) => settings.test !== undefined)) replica.catchUpSync()
    const filters = filtersOf(source, requests)
    for (const { scan } of filters.values()) scan.runSync()
    const jobs = prepare(source, requests, filters)
    const since = replica.position
    const parts = jobs?.map((job) => {
      const answers = onlyScored(job, searchJobSync(source, job, since))
      const lists = shapeSync(source, job.requests, answers, since, attempt >= ATTEMPTS)
      return lists && toOutcomes(source, job, answers, lists)
    })
    const outcomes = jobs && inOrder(jobs, parts!)
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
  const answer = async (job: Job): Promise<Outcome[] | undefined> => {
    const found = await searchJob(source, job, since, abort.flag)
    if (found === undefined) return undefined
    const answers = onlyScored(job, found)
    const answered = replica.position
    const search = lap()
    await turnWhenBusy()
    abort.check()
    if (replica.vectors !== vectors) return undefined
    // Slots may have been given to other vectors while this waited.
    const moved = replica.position !== answered
    if (moved && job.requests.some(({ settings }) => settings.includeVector)) return undefined
    const lists = await shapeInTurns(source, job.requests, answers, since, abort)
    if (phases !== undefined) Object.assign(phases, { filter, search, read: lap() })
    return lists && toOutcomes(source, job, answers, lists)
  }
  return inOrder(jobs, await abort.race(Promise.all(jobs.map(answer))))
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

/** Requests that are answered in one call, `AT_ONCE` at most, in one way, and by one matrix if any. */
interface Job {
  readonly engine: Engine
  readonly way: Plan['way']
  readonly paged: boolean
  readonly requests: Request[]
  readonly queries: EngineQuery[]
  readonly reasons: string[]
  /** Where the requests stand among those of the call. */
  readonly places: number[]
}

async function searchJob(
  source: Source,
  job: Job,
  since: number,
  flag: AbortFlag | undefined,
): Promise<Answers | undefined> {
  const { engine, way, paged, queries } = job
  const images = imagesOf(source, job)
  if (images?.lacking) {
    const { replica, pool } = source
    const { vectors } = replica
    await images.complete(pool, flag)
    if (replica.vectors !== vectors || replica.position !== since) return undefined
  }
  const search = (queries: readonly EngineQuery[]): Promise<Answers | undefined> =>
    way === 'candidates'
      ? searchCandidates(source, engine, settingsOf(job), queries, since, flag)
      : engine.search(queries, since, flag)
  return paged ? searchPages(source, search, queries, since, flag) : search(queries)
}

function searchJobSync(source: Source, job: Job, since: number): Answers {
  const { engine, way, paged, queries } = job
  imagesOf(source, job)?.completeSync()
  const search = (queries: readonly EngineQuery[]): Answers =>
    way === 'candidates'
      ? searchCandidatesSync(source, engine, settingsOf(job), queries, since)
      : engine.searchSync(queries, since)
  return paged ? searchPagesSync(source, search, queries, since) : search(queries)
}

/** The images that a job is to have of nearly all rows. Of candidates their scan needs them, if it is one; pages are scans. */
function imagesOf(source: Source, { engine, way, paged, queries, requests }: Job): Images | undefined {
  if (way !== 'candidates') return imagesFor(paged ? source.flat : engine, queries)
  const first = queries.map((query, i) => candidateQuery(source, requests[i]!.settings, query))
  return imagesFor(engine, first)
}

/** The matrices that requests rank by, each once. */
function precisionsOf(requests: readonly Request[]): Set<Precision> {
  const precisions = new Set<Precision>()
  for (const { settings } of requests) {
    if (settings.measure.precision !== undefined) precisions.add(settings.measure.precision)
  }
  return precisions
}

function settingsOf({ requests }: Job): Settings[] {
  return requests.map(({ settings }) => settings)
}

/** What kernels' scores let through, of answers that were found by conditions on base scores. */
function onlyScored({ requests, queries }: Job, answers: Answers): Answers {
  // A mark whose record is there is a base score, too.
  const marked = (i: number) => queries[i]!.after !== undefined && queries[i]!.after!.slot === undefined
  const decides = ({ settings: { measure, threshold } }: Request, i: number) =>
    measure.kernel !== undefined && (threshold !== undefined || marked(i))
  if (!requests.some(decides)) return answers
  return answers.choose(
    (_, i, base) => {
      const { measure, threshold, after } = requests[i]!.settings
      const score = measure.kernel?.score(base)
      if (score === undefined) return true
      return (threshold === undefined || score >= threshold) && (!marked(i) || score <= after!.score)
    },
    (i) => requests[i]!.settings.k,
  )
}

/**
 * Shares requests out to engines, as of the replica's position. Without a pause until the engines have begun, so that all
 * of it speaks of one state. Undefined when filters can not tell what is allowed.
 */
function prepare(source: Source, requests: readonly Request[], filters: Filters): Job[] | undefined {
  const { replica } = source
  const { live } = requests.every(isInMemory) ? replica.catchUpInMemory() : replica.catchUpSync()
  const allowed = settled(filters)
  if (allowed === undefined) return undefined
  const jobs: Job[] = []
  const open = new Map<string, Job>()
  const matrices: (Images | undefined)[] = []
  let planned: { settings: Settings; plan: Plan } | undefined
  for (let place = 0; place < requests.length; place++) {
    const request = requests[place]!
    const { settings } = request
    let query = toEngineQuery(source, request, allowed)
    // Nothing else of a request decides.
    if (settings !== planned?.settings)
      planned = { settings, plan: choosePlan(source, settings, query, live) }
    const { engine, way, paged, reason } = planned.plan
    if (way === 'scan' && !query.exact) query = { ...query, exact: true }
    if (!matrices.includes(query.images)) matrices.push(query.images)
    const key = `${way} ${engine.name} ${paged} ${matrices.indexOf(query.images)}`
    const job = open.get(key)
    if (job === undefined || job.requests.length === AT_ONCE) {
      // Most calls have one request: arrays that nothing is pushed to are as small as can be.
      const begun = {
        engine,
        way,
        paged,
        requests: [request],
        queries: [query],
        reasons: [reason],
        places: [place],
      }
      open.set(key, begun)
      jobs.push(begun)
      continue
    }
    job.requests.push(request)
    job.queries.push(query)
    job.reasons.push(reason)
    job.places.push(place)
  }
  return jobs
}

/** Whether the answer to a request is all in memory: nothing of it stands in LMDB alone. */
function isInMemory({ target, settings }: Request): boolean {
  const { test, select, after } = settings
  return target.id === undefined && test === undefined && select?.length === 0 && after === undefined
}

function toOutcomes(
  { flat }: Source,
  { engine, way, paged, reasons }: Job,
  answers: Answers,
  lists: readonly AnyMatch[][],
): Outcome[] {
  const plan = paged || way === 'scan' || engine === flat ? 'scan' : engine.name
  return lists.map((matches, i) => ({
    matches,
    plan,
    reason: reasons[i]!,
    visited: answers.visitedOf(i),
    distances: answers.distancesOf(i),
    candidates: answers.candidatesOf(i),
    reranked: answers.rerankedOf(i),
  }))
}

/** What came of all jobs, in the order of the requests; undefined when of one of them nothing did. */
function inOrder(jobs: readonly Job[], parts: readonly (Outcome[] | undefined)[]): Outcome[] | undefined {
  const outcomes: Outcome[] = []
  for (let j = 0; j < jobs.length; j++) {
    const part = parts[j]
    if (part === undefined) return undefined
    const { places } = jobs[j]!
    for (let i = 0; i < part.length; i++) outcomes[places[i]!] = part[i]!
  }
  return outcomes
}
