import { SkalarError } from '../../errors.ts'
import { squaredNorm } from '../../norm.ts'
import type { Source } from '../../source.ts'
import type { KnownIds } from './known.ts'
import type { Given, Recommendation } from './request.ts'

/*
 * What a strategy looks for, of positives p and negatives n; x̂ is the unit vector of x. The cosine does not know lengths, so
 * that its strategies do not either: where a collection has that metric, p stands for p̂ and n for n̂.
 *
 *   mean                   mean(p) + mean(p) − mean(n): one query (Qdrant's average_vector)
 *   sum, dot               Σ p·x − Σ n·x = (Σp − Σn)·x: one query
 *   sum, cosine            Σ p̂·x̂ − Σ n̂·x̂ = |Σp̂ − Σn̂| cos(Σp̂ − Σn̂, x): one query, and its length
 *   sum, euclidean; best   no query has this order: neighbours of each p, ranked among themselves (candidates.ts)
 */
export interface Aim {
  /** Made, or where `ranks` is set those of the positives. */
  readonly vectors: readonly Float32Array[]
  /** What scores are to be multiplied by. */
  readonly factor: number
  /** How to rank what is found; undefined where scores do. */
  readonly ranks: Ranks | undefined
  /** Slots never to be answered: given records, and those excluded. */
  readonly left: ReadonlySet<number>
}

export interface Ranks {
  readonly positive: readonly Float32Array[]
  readonly negative: readonly Float32Array[]
}

/** @throws SkalarError `NOT_FOUND`, `BAD_VECTOR` where nothing can be made of the vectors */
export function aimOf(source: Source, request: Recommendation, known: KnownIds): Aim {
  const positive = known.slotsOf(request.positive)
  const negative = known.slotsOf(request.negative)
  const left = new Set(positive)
  for (const slot of negative) left.add(slot)
  for (const id of request.exclude) {
    const slot = known.slotOf(id)
    if (slot !== undefined) left.add(slot)
  }
  const { strategy } = request
  if (strategy === 'best' || (strategy === 'sum' && source.definition.metric === 'euclidean')) {
    const ranks = {
      positive: vectorsOf(source, request.positive, positive),
      negative: vectorsOf(source, request.negative, negative),
    }
    return { vectors: ranks.positive, factor: 1, ranks, left }
  }
  const sums = new Float64Array(source.definition.dimension)
  const shares = strategy === 'mean' ? sharesOf(request) : { positive: 1, negative: -1 }
  addAll(source, request.positive, positive, shares.positive, sums)
  addAll(source, request.negative, negative, shares.negative, sums)
  const factor = strategy === 'sum' && source.definition.metric === 'cosine' ? lengthOf(sums) : 1
  return { vectors: [rounded(sums, source, request)], factor, ranks: undefined, left }
}

function sharesOf({ positive, negative }: Recommendation): { positive: number; negative: number } {
  const likes = positive.ids.length + positive.vectors.length
  const dislikes = negative.ids.length + negative.vectors.length
  // Of no dislikes there is no mean to stay away from.
  return { positive: (dislikes > 0 ? 2 : 1) / likes, negative: -1 / dislikes }
}

function vectorsOf({ replica }: Source, { vectors }: Given, slots: Uint32Array): Float32Array[] {
  return [...Array.from(slots, (slot) => replica.vectors.vector(slot)!), ...vectors]
}

/** Adds vectors, or their directions where the metric is the cosine, times a weight, in float64. */
function addAll(
  { replica, definition }: Source,
  { vectors }: Given,
  slots: Uint32Array,
  weight: number,
  sums: Float64Array,
): void {
  const directions = definition.metric === 'cosine'
  replica.vectors.addVectors(slots, new Float64Array(slots.length).fill(weight), directions, sums)
  for (const vector of vectors) {
    const factor = directions ? weight / Math.sqrt(squaredNorm(vector)) : weight
    for (let i = 0; i < sums.length; i++) sums[i]! += factor * vector[i]!
  }
}

function lengthOf(sums: Float64Array): number {
  return Math.sqrt(sums.reduce((squares, sum) => squares + sum * sum, 0))
}

/** The sums as a vector to query by. @throws SkalarError `BAD_VECTOR` where they are none */
function rounded(
  sums: Float64Array,
  { definition }: Source,
  { path, negative }: Recommendation,
): Float32Array {
  const vector = Float32Array.from(sums)
  const squares = squaredNorm(vector)
  const given = negative.ids.length + negative.vectors.length > 0 ? 'positive and negative' : 'positive'
  const refused = (problem: string) =>
    new SkalarError('BAD_VECTOR', `${path}.${problem}`, { path: `${path}.positive` })
  if (!Number.isFinite(squares))
    throw refused('positive has vectors whose sum is beyond the range of float32')
  if (squares > 0 || definition.metric !== 'cosine') return vector
  throw refused(
    `positive leads nowhere: the vectors of ${given} cancel out, so nothing is near; use strategy "best"`,
  )
}
