import type { Answers } from '../../engine/answers.ts'
import { fromNative } from '../../native.ts'
import { Abort } from '../../query/abort.ts'
import { filtersOf, settled } from '../../query/allowed.ts'
import { type AnyMatch, shapeInTurns, shapeSync } from '../../query/shape.ts'
import type { Source } from '../../source.ts'
import { turnWhenBusy } from '../../turns.ts'
import type { Id } from '../../types.ts'
import { answer, type Steps } from './answer.ts'
import type { Lookups } from './lookups.ts'
import type { Recommendation } from './request.ts'

/** How often what writes have overtaken is done again before the calling thread does it without a pause. */
const ATTEMPTS = 5

/**
 * Recommendations as of what was committed when it was called, or later. The steps: catch up with the log, find what filters let
 * through, look up what is given, search and choose, read the metadata; and all of it again if writes came between.
 *
 * @throws SkalarError `NOT_FOUND`, `BAD_VECTOR`, `OUT_OF_MEMORY`; the reason of `signal`
 */
export async function recommend(
  source: Source,
  requests: readonly Recommendation[],
  lookups: Lookups,
  signal: AbortSignal | undefined,
): Promise<AnyMatch[][]> {
  const abort = new Abort({ signal })
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const lists = await tryOnce(source, requests, lookups, abort)
      if (lists !== undefined) return lists
    }
    return recommendSync(source, requests, lookups)
  } catch (error) {
    abort.check()
    throw fromNative(error)
  } finally {
    abort.dispose()
  }
}

async function tryOnce(
  source: Source,
  requests: readonly Recommendation[],
  lookups: Lookups,
  abort: Abort,
): Promise<AnyMatch[][] | undefined> {
  const { replica } = source
  abort.check()
  await replica.catchUp()
  const ids = idsOf(requests)
  for (let next = 0; next < ids.length; ) {
    next = lookups.known.look(ids, next)
    await turnWhenBusy()
    abort.check()
  }
  const { filters, scans } = lookups.filters(filtersOf(source, requests))
  if (scans.length > 0) for (const request of requests) lookups.known.refuseUnknown(request)
  for (const { scan } of scans) await scan.run(() => abort.check())
  await replica.catchUp()
  await turnWhenBusy()
  abort.check()
  const steps = begin(source, requests, lookups, filters)
  if (steps === undefined) return undefined
  const { position: since, vectors } = replica
  let step = steps.next()
  while (!step.done) {
    if (step.value === undefined) {
      await turnWhenBusy()
      abort.check()
      step = steps.next()
      continue
    }
    const { engine, queries } = step.value
    const answers = await abort.race(engine.search(queries, since, abort.flag))
    abort.check()
    step = steps.next(answers)
  }
  const answers = step.value
  if (answers === undefined || replica.vectors !== vectors) return undefined
  // Slots may have been given to other vectors while this waited.
  const wantsVectors = requests.some(({ settings }) => settings.includeVector)
  if (replica.position !== since && wantsVectors) return undefined
  const lists = await shapeInTurns(source, requests, answers, since, abort)
  const grouped = requests.some(({ perGroup }) => perGroup !== undefined)
  // What groups were counted by is what is shown.
  if (grouped && replica.state().position !== since) return undefined
  return lists
}

/** The same on the calling thread, where nothing can overtake it. */
function recommendSync(source: Source, requests: readonly Recommendation[], lookups: Lookups): AnyMatch[][] {
  const { replica } = source
  for (let attempt = 1; ; attempt++) {
    replica.catchUpSync()
    const { filters, scans } = lookups.filters(filtersOf(source, requests))
    for (const { scan } of scans) scan.runSync()
    const steps = begin(source, requests, lookups, filters)
    const since = replica.position
    const answers = steps && finishSync(steps, since)
    const lists = answers && shapeSync(source, requests, answers, since, attempt >= ATTEMPTS)
    if (lists !== undefined) return lists
  }
}

function finishSync(steps: Steps<Answers | undefined>, since: number): Answers | undefined {
  let step = steps.next()
  while (!step.done) {
    const search = step.value
    step = search === undefined ? steps.next() : steps.next(search.engine.searchSync(search.queries, since))
  }
  return step.value
}

/** Brings everything to one state, of which the steps that are returned speak; undefined where filters cannot. */
function begin(
  source: Source,
  requests: readonly Recommendation[],
  lookups: Lookups,
  filters: ReturnType<typeof filtersOf>,
): Steps<Answers | undefined> | undefined {
  const { live } = source.replica.catchUpSync()
  const allowed = settled(filters)
  if (allowed === undefined) {
    lookups.forget()
    return undefined
  }
  lookups.keep(filters)
  lookups.known.settle()
  return answer(source, requests, {
    known: lookups.known,
    live,
    valuesOf: (field) => lookups.valuesOf(field),
    allowedOf: ({ settings: { test } }) => test && allowed.get(test),
  })
}

function idsOf(requests: readonly Recommendation[]): Id[] {
  return requests.flatMap(({ positive, negative, exclude }) => [...positive.ids, ...negative.ids, ...exclude])
}
