import type { Hit } from '../../engine/answers.ts'
import { METRICS } from '../../native.ts'
import { isDistance } from '../../query/measure.ts'
import type { Source } from '../../source.ts'
import type { Ranks } from './aim.ts'
import type { Recommendation } from './request.ts'

/** Exact scores that are computed between two looks at the clock: a millisecond at most. */
const STRETCH = 4_096

/*
 * Ranking candidates by all that was given, exactly. With sim the score of the collection's metric, and −distance where that is one:
 *
 *   best   s(max sim(p, x)) where that is above max sim(n, x), else −s(max sim(n, x)),
 *          with s(t) = (1 + t / (1 + |t|)) / 2, which keeps the order and lies in (0, 1) (Qdrant's best_score)
 *   sum    Σ sim(p, x) − Σ sim(n, x) (Qdrant's sum_scores)
 */

/** How alike two vectors are, from a score of the collection's metric. */
export function similarityOf({ definition }: Source, score: number): number {
  return isDistance(definition.metric) ? -score : score
}

/** Any number to one in (0, 1), in the same order. */
export function squash(similarity: number): number {
  return (1 + similarity / (1 + Math.abs(similarity))) / 2
}

/** Candidates with their scores, best first, equal ones by slot. Pauses where it yields: then nothing may have changed. */
export function* ranked(
  source: Source,
  { strategy }: Recommendation,
  { positive, negative }: Ranks,
  candidates: readonly Hit[],
): Generator<undefined, Hit[], unknown> {
  const slots = Uint32Array.from(candidates, ({ slot }) => slot)
  const best = strategy === 'best'
  const merge = best ? keepLargest : add
  const likes = yield* merged(source, positive, slots, merge, best ? Number.NEGATIVE_INFINITY : 0)
  const dislikes = yield* merged(source, negative, slots, merge, best ? Number.NEGATIVE_INFINITY : 0)
  // Of `best` by what scores are made of, which are rounded to the same number sooner.
  const hits = candidates.map((hit, i) => {
    const like = likes[i]!
    const dislike = dislikes[i]!
    if (!best) return { hit: { ...hit, score: like - dislike }, liked: 0, key: like - dislike }
    if (like > dislike) return { hit: { ...hit, score: squash(like) }, liked: 1, key: like }
    return { hit: { ...hit, score: -squash(dislike) }, liked: 0, key: -dislike }
  })
  hits.sort((a, b) => b.liked - a.liked || b.key - a.key || a.hit.slot - b.hit.slot)
  return hits.map(({ hit }) => hit)
}

type Merge = (into: Float64Array, i: number, similarity: number) => void

const keepLargest: Merge = (into, i, similarity) => {
  if (similarity > into[i]!) into[i] = similarity
}

const add: Merge = (into, i, similarity) => {
  into[i]! += similarity
}

/** What becomes of the similarities of all vectors to each slot. */
function* merged(
  source: Source,
  vectors: readonly Float32Array[],
  slots: Uint32Array,
  merge: Merge,
  none: number,
): Generator<undefined, Float64Array, unknown> {
  const { replica, definition, precisions } = source
  const all = new Float64Array(slots.length).fill(none)
  let done = 0
  for (const vector of vectors) {
    for (let begin = 0; begin < slots.length; begin += STRETCH) {
      const some = slots.subarray(begin, begin + STRETCH)
      const scores = replica.vectors.scores(vector, METRICS[definition.metric], some, precisions.own ?? null)
      for (let i = 0; i < scores.length; i++) merge(all, begin + i, similarityOf(source, scores[i]!))
      done += some.length
      if (done < STRETCH) continue
      done = 0
      yield
    }
  }
  return all
}
