import type { Hit } from '../../engine/answers.ts'
import { METRICS } from '../../native.ts'
import type { Source } from '../../source.ts'
import { type FieldValues, GroupCounts } from './groups.ts'
import { similarityOf, squash } from './rank.ts'
import type { Recommendation } from './request.ts'

/** Candidates that diversity chooses from: so many times `k`, and no fewer than this. */
const TIMES = 4
const FEWEST = 50

/** How many of the candidates are looked at first. */
export function firstWidth({ diversity, perGroup, settings: { k } }: Recommendation): number {
  if (diversity > 0) return Math.max(FEWEST, TIMES * k)
  return perGroup === undefined ? k : TIMES * k
}

/** Reads the clock; work goes on when it is the caller's turn again. */
type Pauses<T> = Generator<undefined, T, unknown>

/** Up to `k` of the candidates, which come best first: all conditions among them are kept. */
export function* picked(
  source: Source,
  request: Recommendation,
  candidates: readonly Hit[],
  values: FieldValues | undefined,
): Pauses<readonly Hit[]> {
  if (request.diversity > 0) return yield* diverse(source, request, candidates, values)
  const { settings, perGroup } = request
  if (perGroup === undefined) return candidates.slice(0, settings.k)
  const counts = new GroupCounts(perGroup)
  const chosen: Hit[] = []
  for (const [i, hit] of candidates.entries()) {
    if (chosen.length === settings.k) break
    const own = values!.of(hit.ordinal)
    if (counts.hasRoom(own)) {
      counts.add(own)
      chosen.push(hit)
    }
    if (i % 64 === 63) yield
  }
  return chosen
}

/**
 * Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): again and again the candidate x with the largest
 *
 *     λ · relevance(x) − (1 − λ) · max similarity(x, y) over the y chosen before,  λ = 1 − diversity
 *
 * first the most relevant, of equal ones the one that stands first. Both are on one scale: of `mean` that of similarities; of
 * `sum`, the score over the number of the given; of `best`, similarities go through the same function as scores.
 */
function* diverse(
  source: Source,
  request: Recommendation,
  candidates: readonly Hit[],
  values: FieldValues | undefined,
): Pauses<readonly Hit[]> {
  const { replica, definition } = source
  const { diversity, settings, perGroup } = request
  const slots = Uint32Array.from(candidates, ({ slot }) => slot)
  const relevance = Float64Array.from(candidates, ({ score }) => relevanceOf(source, request, score))
  const redundance = new Float64Array(candidates.length).fill(Number.NEGATIVE_INFINITY)
  const gone = new Uint8Array(candidates.length)
  const counts = perGroup && new GroupCounts(perGroup)
  const chosen: Hit[] = []
  while (chosen.length < settings.k) {
    const next = yield* nextPlace()
    if (next === -1) break
    gone[next] = 1
    chosen.push(candidates[next]!)
    if (chosen.length < settings.k) see(replica.vectors.vector(slots[next]!)!)
    if (chosen.length % 8 === 0 || slots.length > 512) yield
  }
  return chosen

  /** The place of the best candidate that has room in its groups; those without are out for good. */
  function* nextPlace(): Pauses<number> {
    for (;;) {
      const place = best()
      if (place === -1 || counts === undefined) return place
      const own = values!.of(candidates[place]!.ordinal)
      if (counts.hasRoom(own)) {
        counts.add(own)
        return place
      }
      gone[place] = 1
      if (slots.length > 512) yield
    }
  }

  function best(): number {
    let place = -1
    let most = Number.NEGATIVE_INFINITY
    for (let i = 0; i < slots.length; i++) {
      if (gone[i] === 1) continue
      const value = marginal(i)
      if (place !== -1 && value <= most) continue
      place = i
      most = value
    }
    return place
  }

  function marginal(i: number): number {
    // The first is the most relevant, whatever λ is.
    if (chosen.length === 0) return relevance[i]!
    return (1 - diversity) * relevance[i]! - diversity * redundance[i]!
  }

  function see(vector: Float32Array): void {
    const scores = replica.vectors.scores(vector, METRICS[definition.metric], slots)
    for (let i = 0; i < scores.length; i++) {
      const similarity = similarityOf(source, scores[i]!)
      const scaled = request.strategy === 'best' ? squash(similarity) : similarity
      if (scaled > redundance[i]!) redundance[i] = scaled
    }
  }
}

function relevanceOf(
  source: Source,
  { strategy, positive, negative }: Recommendation,
  score: number,
): number {
  if (strategy === 'best') return score
  if (strategy === 'mean') return similarityOf(source, score)
  const given = positive.ids.length + positive.vectors.length + negative.ids.length + negative.vectors.length
  return score / given
}
