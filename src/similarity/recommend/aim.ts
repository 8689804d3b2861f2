import { SkalarError } from '../../errors.ts'
import { firstBadVector } from '../../native.ts'
import { squaredNorm } from '../../norm.ts'
import { isDistance } from '../../query/measure.ts'
import type { Source } from '../../source.ts'
import { padded } from '../lanes.ts'
import { refuseUnknown } from './known.ts'
import type { Given, Recommendation } from './request.ts'

/*
 * What a strategy looks for, of positives p and negatives n; x̂ is the unit vector of x. The cosine does not know lengths, so
 * that its strategies do not either: where a collection has that metric, p stands for p̂ and n for n̂.
 *
 *   mean                   mean(p) + mean(p) − mean(n): one query (Qdrant's average_vector)
 *   sum, dot               Σ p·x − Σ n·x = (Σp − Σn)·x: one query
 *   sum, cosine            Σ p̂·x̂ − Σ n̂·x̂ = |Σp̂ − Σn̂| cos(Σp̂ − Σn̂, x): one query, and its length
 *   sum, distances; best   no query has this order: neighbours of each p, ranked among themselves (candidates.ts)
 */
export interface Aim {
  /** Made, or where `ranks` is set those of the positives. */
  readonly vectors: readonly Float32Array[]
  /** What scores are to be multiplied by. */
  readonly factor: number
  /** How to rank what is found; undefined where scores do. */
  readonly ranks: Ranks | undefined
  /** Slots never to be answered: given records, and those excluded. Some stand there more than once. */
  readonly left: readonly (readonly (number | undefined)[])[]
}

export interface Ranks {
  readonly positive: readonly Float32Array[]
  readonly negative: readonly Float32Array[]
}

/** Where sums are made, in whole lanes, and slots are told to native code; each call begins anew. */
let sums = new Float64Array()
let slotRoom = new Uint32Array(64)

/** Slots of what a request names, undefined where there is no record. */
export interface LookedUp {
  readonly positive: readonly (number | undefined)[]
  readonly negative: readonly (number | undefined)[]
  readonly exclude: readonly (number | undefined)[]
}

/**
 * `room` is where a vector that is made is put.
 *
 * @throws SkalarError `NOT_FOUND`, `BAD_VECTOR` where nothing can be made of the vectors
 */
export function aimOf(source: Source, request: Recommendation, looked: LookedUp, room: Float32Array): Aim {
  refuseUnknown(request.positive, { slots: looked.positive })
  refuseUnknown(request.negative, { slots: looked.negative })
  const positive = looked.positive as readonly number[]
  const negative = looked.negative as readonly number[]
  const left = [positive, negative, looked.exclude]
  if (!makesOneVector(source, request)) {
    const ranks = {
      positive: vectorsOf(source, request.positive, positive),
      negative: vectorsOf(source, request.negative, negative),
    }
    return { vectors: ranks.positive, factor: 1, ranks, left }
  }
  const lanes = padded(room.length)
  if (sums.length !== lanes) sums = new Float64Array(lanes)
  else sums.fill(0)
  const { strategy } = request
  const shares = strategy === 'mean' ? sharesOf(request) : { positive: 1, negative: -1 }
  addAll(source, request.positive, positive, shares.positive)
  addAll(source, request.negative, negative, shares.negative)
  const factor = strategy === 'sum' && source.definition.metric === 'cosine' ? lengthOf(sums) : 1
  for (let i = 0; i < room.length; i++) room[i] = sums[i]!
  refuseBad(room, source, request)
  return { vectors: [room], factor, ranks: undefined, left }
}

/** Whether one query has the order that is wanted. */
export function makesOneVector({ definition }: Source, { strategy }: Recommendation): boolean {
  return strategy === 'mean' || (strategy === 'sum' && !isDistance(definition.metric))
}

function sharesOf({ positive, negative }: Recommendation): { positive: number; negative: number } {
  const likes = positive.ids.length + positive.vectors.length
  const dislikes = negative.ids.length + negative.vectors.length
  // Of no dislikes there is no mean to stay away from.
  return { positive: (dislikes > 0 ? 2 : 1) / likes, negative: -1 / dislikes }
}

function vectorsOf({ replica }: Source, { vectors }: Given, slots: readonly number[]): Float32Array[] {
  return [...slots.map((slot) => replica.vectors.vector(slot)!), ...vectors]
}

/** Adds vectors, or their directions where the metric is the cosine, times a weight, in float64. */
function addAll(
  { replica, definition }: Source,
  { vectors }: Given,
  slots: readonly number[],
  weight: number,
): void {
  const directions = definition.metric === 'cosine'
  if (slots.length > slotRoom.length) slotRoom = new Uint32Array(2 * slots.length)
  slotRoom.set(slots)
  if (slots.length > 0) replica.vectors.addVectors(slotRoom, slots.length, weight, directions, sums)
  for (const vector of vectors) {
    const factor = directions ? weight / Math.sqrt(squaredNorm(vector)) : weight
    for (let i = 0; i < vector.length; i++) sums[i]! += factor * vector[i]!
  }
}

function lengthOf(sums: Float64Array): number {
  return Math.sqrt(sums.reduce((squares, sum) => squares + sum * sum, 0))
}

/** @throws SkalarError `BAD_VECTOR` where nothing can be near to a vector that was made */
function refuseBad(vector: Float32Array, { definition }: Source, { path, negative }: Recommendation): void {
  if (firstBadVector(vector, vector.length, definition.metric === 'cosine') !== 0) return
  const given = negative.ids.length + negative.vectors.length > 0 ? 'positive and negative' : 'positive'
  const problem = vector.every(Number.isFinite)
    ? `leads nowhere: the vectors of ${given} cancel out, so that nothing is near; use strategy "best"`
    : `has vectors whose sum, with those of negative, is beyond the range of float32: scale them down`
  throw new SkalarError('BAD_VECTOR', `${path}.positive ${problem}`, { path: `${path}.positive` })
}
