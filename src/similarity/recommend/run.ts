import type { Answers } from '../../engine/answers.ts'
import { fromNative } from '../../native.ts'
import { Abort } from '../../query/abort.ts'
import { type Filters, filtersOf, settled } from '../../query/allowed.ts'
import { type AnyMatch, shapeInTurns, shapeSync } from '../../query/shape.ts'
import type { Source } from '../../source.ts'
import { turnWhenBusy } from '../../turns.ts'
import { answer, type Steps } from './answer.ts'
import { LATE, type Looked, refuseUnknown } from './known.ts'
import type { Lookups } from './lookups.ts'
import type { Recommendation } from './request.ts'

/** How often what writes have overtaken is done again before the calling thread does it without a pause. */
const ATTEMPTS = 5

/** Of the ids of a request: positive, negative, exclude. */
type LookedIds = readonly Looked[]

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
  const looked = new Map<Recommendation, LookedIds>()
  for (const request of requests) {
    const { positive, negative, exclude } = request
    const found: Looked[] = []
    for (const ids of [positive.ids, negative.ids, exclude]) {
      const slots = lookups.known.lookInMemory(ids) ?? inTurns(lookups.known.look(ids), abort)
      found.push(slots instanceof Promise ? await slots : slots)
    }
    // Before filters are evaluated, which takes long.
    refuseUnknown(positive, found[0]!)
    refuseUnknown(negative, found[1]!)
    looked.set(request, found)
  }
  const { filters, scans } = lookups.filters(filtersOf(source, requests))
  for (const { scan } of scans) await scan.run(() => abort.check())
  await replica.catchUp()
  await turnWhenBusy()
  abort.check()
  const steps = begin(source, requests, lookups, filters, looked)
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
    const result = await abort.race(step.value.later(abort.flag))
    abort.check()
    step = steps.next(result)
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
    const steps = begin(source, requests, lookups, filters, new Map())
    const since = replica.position
    const answers = steps && finishSync(steps)
    const lists = answers && shapeSync(source, requests, answers, since, attempt >= ATTEMPTS)
    if (lists !== undefined) return lists
  }
}

function finishSync(steps: Steps<Answers | undefined>): Answers | undefined {
  let step = steps.next()
  while (!step.done) step = steps.next(step.value?.now())
  return step.value
}

/** Brings everything to one state, of which the steps that are returned speak; undefined where filters cannot. */
function begin(
  source: Source,
  requests: readonly Recommendation[],
  lookups: Lookups,
  filters: Filters,
  looked: ReadonlyMap<Recommendation, LookedIds>,
): Steps<Answers | undefined> | undefined {
  const { live } = source.replica.catchUpSync()
  const allowed = settled(filters)
  if (allowed === undefined) {
    lookups.forget()
    return undefined
  }
  lookups.keep(filters)
  const { known } = lookups
  known.settle()
  return answer(source, requests, {
    slotsOf: (request) => {
      const { positive, negative, exclude } = request
      const [likes = LATE, dislikes = LATE, seen = LATE] = looked.get(request) ?? []
      return {
        positive: known.slotsOf(positive.ids, likes),
        negative: known.slotsOf(negative.ids, dislikes),
        exclude: known.slotsOf(exclude, seen),
      }
    },
    live,
    valuesOf: (field) => lookups.valuesOf(field),
    allowedOf: ({ settings: { test } }) => test && allowed.get(test),
  })
}

/** Goes on while there is time left in this turn, without an await. */
function inTurns<T>(steps: Generator<undefined, T, unknown>, abort: Abort): T | Promise<T> {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    const turn = turnWhenBusy()
    if (turn === undefined) continue
    return turn.then(() => {
      abort.check()
      return inTurns(steps, abort)
    })
  }
}
