import type { Answers } from '../engine/answers.ts'
import type { Source } from '../source.ts'
import { changesSince } from '../store/changes-since.ts'
import { recordAt } from '../store/records.ts'
import type { RecordRow } from '../store/rows.ts'
import { turnWhenBusy } from '../turns.ts'
import type { Id, Metadata } from '../types.ts'
import type { Abort } from './abort.ts'
import type { Settings } from './request.ts'

/** A match before its type is known. */
export interface AnyMatch {
  id: Id
  score: number
  metadata?: Metadata
  vector?: Float32Array
}

/** What matters of a request here. */
interface Shaped {
  readonly settings: Settings
}

/** Hits that are shaped between two looks at the clock. */
const STRIDE = 8

/** What a pause in shaping comes to: nothing, time that passed, or the wish to end with what there is. */
type Pause = 'none' | 'passed' | 'stop'

/**
 * Turns answers into matches, reading metadata where it is asked for, as of the last `refresh`. Undefined when a record has
 * changed since log position `since`, on which the answers are based: then they may be wrong, and the queries are to be
 * asked again. The `last` time such a record is left out instead.
 */
export function shapeSync(
  source: Source,
  requests: readonly Shaped[],
  answers: Answers,
  since: number,
  last: boolean,
): AnyMatch[][] | undefined {
  const shaping = shape(source, requests, answers, since, last)
  let step = shaping.next('none')
  while (!step.done) step = shaping.next('none')
  return step.value
}

/**
 * The same as of its end, with turns for others as often as they are due. Where time is up, it ends with what there is by
 * then.
 */
export async function shapeInTurns(
  source: Source,
  requests: readonly Shaped[],
  answers: Answers,
  since: number,
  abort: Abort,
): Promise<AnyMatch[][] | undefined> {
  const { environment } = source
  environment.refresh()
  const shaping = shape(source, requests, answers, since, false)
  let step = shaping.next('none')
  while (!step.done) {
    const turn = turnWhenBusy()
    if (turn === undefined) {
      step = shaping.next('none')
    } else if (abort.outOfTime) {
      step = shaping.next('stop')
    } else {
      await turn
      abort.check()
      environment.refresh()
      step = shaping.next('passed')
    }
  }
  return step.value
}

/**
 * Works in stretches: time may pass at each `yield`, after which LMDB is refreshed. Records change meanwhile, and each
 * stretch sees the latest commit. So where time has passed, what has changed since the beginning is looked at in the
 * end: metadata is read again, so that all of it is of one moment, and where a vector has changed the queries are to
 * be asked again.
 */
function* shape(
  source: Source,
  requests: readonly Shaped[],
  answers: Answers,
  since: number,
  last: boolean,
): Generator<void, AnyMatch[][] | undefined, Pause> {
  if (answers.stale && !last) return undefined
  const { replica } = source
  const { vectors, position: from } = replica
  const filtered = requests.some(({ settings }) => settings.test !== undefined)
  const changed = filtered && replica.state().position !== since
  const lists: AnyMatch[][] = requests.map(() => [])
  let paused = false
  let stopped = false
  let hit = 0
  for (let i = 0; i < requests.length && !stopped; i++) {
    const { settings } = requests[i]!
    const list = lists[i]!
    for (const end = hit + answers.hitsOf(i); hit < end && !stopped; hit++) {
      const match = shapeOne(source, settings, answers, hit, changed)
      if (match !== undefined) list.push(match)
      else if (!last) return undefined
      if (hit % STRIDE !== STRIDE - 1) continue
      const pause = yield
      if (replica.vectors !== vectors) return undefined
      paused ||= pause === 'passed'
      stopped = pause === 'stop'
    }
  }
  return paused ? settled(source, requests, answers, lists, from) : lists
}

/**
 * The matches as of now, after pauses since log position `from`. Undefined when of one of them more has changed than
 * its metadata.
 */
function settled(
  source: Source,
  requests: readonly Shaped[],
  answers: Answers,
  lists: AnyMatch[][],
  from: number,
): AnyMatch[][] | undefined {
  if (requests.every(({ settings }) => !readsMore(settings))) return lists
  const { environment, replica } = source
  const state = replica.state()
  if (state.number !== replica.number) return undefined
  if (state.position === from) return lists
  const changes = changesSince(environment, state, from)
  if (changes === undefined) return undefined
  let begin = 0
  for (const [i, list] of lists.entries()) {
    const { settings } = requests[i]!
    for (let place = 0; place < list.length; place++) {
      const hit = begin + place
      if (changes.slots.has(answers.slot(hit))) return undefined
      if (!changes.ordinals.has(answers.ordinal(hit))) continue
      const match = shapeOne(source, settings, answers, hit, true)
      if (match === undefined) return undefined
      list[place] = match
    }
    begin += answers.hitsOf(i)
  }
  return lists
}

/** Whether matches tell more than what answers hold. */
function readsMore({ test, select, includeVector }: Settings): boolean {
  return includeVector || test !== undefined || select === undefined || select.length > 0
}

/** Undefined when the record has another vector by now, or none, or fails a test that it is to be put to again. */
function shapeOne(
  source: Source,
  { test, select, includeVector, measure: { kernel } }: Settings,
  answers: Answers,
  hit: number,
  changed: boolean,
): AnyMatch | undefined {
  const base = answers.score(hit)
  const match: AnyMatch = { id: answers.id(hit), score: kernel === undefined ? base : kernel.score(base) }
  const retest = changed ? test : undefined
  const wantsMetadata = select === undefined || select.length > 0
  if (wantsMetadata || retest !== undefined) {
    const metadata = currentRow(source, answers, hit)?.metadata
    if (metadata === undefined || retest?.(match.id, metadata) === false) return undefined
    if (wantsMetadata) match.metadata = pick(metadata, select)
  }
  if (includeVector) match.vector = source.replica.vectors.vector(answers.slot(hit))!
  return match
}

/** The record row of an answer; undefined when the record has another vector by now, or none. */
function currentRow(source: Source, answers: Answers, index: number): RecordRow | undefined {
  const row = recordAt(source.environment, source.replica.number, answers.ordinal(index))
  return row?.slot === answers.slot(index) ? row : undefined
}

function pick(metadata: Metadata, select: readonly string[] | undefined): Metadata {
  if (select === undefined) return metadata
  const picked: Metadata = {}
  for (const key of select) if (Object.hasOwn(metadata, key)) picked[key] = metadata[key]
  return picked
}
