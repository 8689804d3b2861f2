import type { Answers } from '../engine/answers.ts'
import type { Source } from '../source.ts'
import { recordAt } from '../store/records.ts'
import type { RecordRow } from '../store/rows.ts'
import type { Id, Metadata } from '../types.ts'
import type { Request, Settings } from './request.ts'

/** A match before its type is known. */
export interface AnyMatch {
  id: Id
  score: number
  metadata?: Metadata
  vector?: Float32Array
}

/**
 * Turns answers into matches, reading metadata where it is asked for, as of the last `refresh`. Undefined when a record has
 * changed since log position `since`, on which the answers are based: then they may be wrong, and the queries are to be
 * asked again. The `last` time such a record is left out instead.
 */
export function shape(
  source: Source,
  requests: readonly Request[],
  answers: Answers,
  since: number,
  last = false,
): AnyMatch[][] | undefined {
  if (answers.stale && !last) return undefined
  const filtered = requests.some(({ settings }) => settings.test !== undefined)
  const changed = filtered && source.replica.state().position !== since
  const lists: AnyMatch[][] = []
  let begin = 0
  for (let i = 0; i < requests.length; i++) {
    const end = begin + answers.hitsOf(i)
    const matches = shapeOne(source, requests[i]!.settings, answers, begin, end, changed)
    // A match is left out whose record has changed.
    if (matches.length < end - begin && !last) return undefined
    lists.push(matches)
    begin = end
  }
  return lists
}

function shapeOne(
  source: Source,
  { test, select, includeVector }: Settings,
  answers: Answers,
  begin: number,
  end: number,
  changed: boolean,
): AnyMatch[] {
  const retest = changed ? test : undefined
  const wantsMetadata = select === undefined || select.length > 0
  const matches: AnyMatch[] = []
  for (let i = begin; i < end; i++) {
    const match: AnyMatch = { id: answers.id(i), score: answers.score(i) }
    if (wantsMetadata || retest !== undefined) {
      const metadata = currentRow(source, answers, i)?.metadata
      if (metadata === undefined || retest?.(match.id, metadata) === false) continue
      if (wantsMetadata) match.metadata = pick(metadata, select)
    }
    if (includeVector) match.vector = source.replica.vectors.vector(answers.slot(i))!
    matches.push(match)
  }
  return matches
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
