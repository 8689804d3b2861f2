import type { NativeAnswers } from '../../native.ts'

/** Answers to queries that were asked one by one, as answers of one call. */
export function joinAnswers(parts: readonly NativeAnswers[]): NativeAnswers {
  if (parts.length === 1) return parts[0]!
  const total = parts.reduce((sum, { slots }) => sum + slots.length, 0)
  const joined = {
    ids: parts.flatMap(({ ids }) => ids),
    slots: new Uint32Array(total),
    ordinals: new Uint32Array(total),
    scores: new Float64Array(total),
    counts: new Uint32Array(3 * parts.length),
    stale: parts.some(({ stale }) => stale),
  }
  let begin = 0
  for (const [i, { slots, ordinals, scores, counts }] of parts.entries()) {
    joined.slots.set(slots, begin)
    joined.ordinals.set(ordinals, begin)
    joined.scores.set(scores, begin)
    begin += slots.length
    joined.counts.set([begin, counts[1]!, counts[2]!], 3 * i)
  }
  return joined
}

/** The answers to each query of a call. */
export function splitAnswers(answers: NativeAnswers): NativeAnswers[] {
  const { ids, slots, ordinals, scores, counts, stale } = answers
  const parts: NativeAnswers[] = []
  let begin = 0
  for (let i = 0; i < counts.length; i += 3) {
    const end = counts[i]!
    parts.push({
      ids: ids.slice(begin, end),
      slots: slots.subarray(begin, end),
      ordinals: ordinals.subarray(begin, end),
      scores: scores.subarray(begin, end),
      counts: Uint32Array.of(end - begin, counts[i + 1]!, counts[i + 2]!),
      stale,
    })
    begin = end
  }
  return parts
}
