import { isDate } from 'node:util/types'
import { SkalarError } from '../errors.ts'
import { squaredNorm } from '../norm.ts'
import { booleanOption, checkOptions, numberOption } from '../options.ts'
import type { VectorInput } from '../types.ts'
import { isArray, lengthOfView } from '../validate/built-in.ts'
import { describe } from '../validate/describe.ts'
import { mapItems } from '../validate/items.ts'
import { badVector, writeVector } from '../validate.ts'

/** One like or dislike of a history. */
export interface TasteEntry {
  vector: VectorInput
  /** How much it counts: above 0 a like, below 0 a dislike. Default 1. */
  weight?: number | undefined
  /** When it was; needed with a `halfLife`. */
  at?: Date | number | undefined
}

export interface TasteOptions {
  /** Milliseconds after which an entry counts half. Default: nothing fades. */
  halfLife?: number | undefined
  /** Divide vectors by their lengths first. Default false. */
  unit?: boolean | undefined
}

interface Entry {
  readonly vector: Float32Array
  readonly weight: number
  /** Milliseconds; 0 where nothing fades. */
  readonly at: number
}

/**
 * A user's vector from what they liked (`weight` above 0, by default 1) and disliked (below 0), when (`at`):
 *
 *     Σ wᵢ fᵢ xᵢ / Σ |wᵢ| fᵢ   with fᵢ = 2^(−(latest at − atᵢ) / halfLife); 1 without a halfLife
 *
 * Counting ages from now on instead of from the latest entry would come to the same. In float64, rounded once. `unit: true`
 * divides each vector by its length first, as the metric `cosine` does not know it.
 *
 * @throws SkalarError `BAD_VECTOR`, `DIMENSION_MISMATCH`, `BAD_OPTION`
 */
export function taste(history: readonly TasteEntry[], options?: TasteOptions): Float32Array {
  const { halfLife: given, unit: flag } = checkOptions(options, ['halfLife', 'unit'], 'options')
  const halfLife = numberOption(given, 'options.halfLife', { above: 0 })
  const unit = booleanOption(flag, 'options.unit', false)
  const entries = parseHistory(history, halfLife !== undefined, unit)
  const latest = entries.reduce((time, { at }) => Math.max(time, at), Number.NEGATIVE_INFINITY)
  // Beside the largest weight: they may be so large that they add up to more than a number holds.
  const largest = entries.reduce((most, { weight }) => Math.max(most, Math.abs(weight)), 0)
  const sums = new Float64Array(entries[0]!.vector.length)
  let total = 0
  for (const { vector, weight, at } of entries) {
    const share = (weight / largest) * (halfLife === undefined ? 1 : 2 ** ((at - latest) / halfLife))
    total += Math.abs(share)
    const factor = unit ? share / Math.sqrt(squaredNorm(vector)) : share
    for (let i = 0; i < sums.length; i++) sums[i]! += factor * vector[i]!
  }
  if (total > 0) return Float32Array.from(sums, (sum) => sum / total)
  throw new SkalarError('BAD_OPTION', `history has no weight: ${NO_WEIGHT}`, { path: 'history' })
}

const NO_WEIGHT = 'its weights are 0, or belong to entries that have faded; give a like or a dislike a weight'

function parseHistory(history: unknown, dated: boolean, unit: boolean): Entry[] {
  if (!isArray(history) || history.length === 0) {
    const problem = isArray(history) ? 'is empty' : `must be an array, got ${describe(history)}`
    const message = `history ${problem}: give at least one { vector, weight, at }`
    throw new SkalarError('BAD_OPTION', message, { path: 'history' })
  }
  let dimension: number | undefined
  return mapItems(history, (item, i) => {
    const path = `history[${i}]`
    const { vector: given, weight, at } = checkOptions(item, ['vector', 'weight', 'at'], path)
    dimension ??= lengthOf(given)
    const vector = new Float32Array(dimension)
    writeVector(given, vector, 0, dimension, `${path}.vector`)
    const bad = badVector(vector, given, `${path}.vector`, unit)
    if (bad !== undefined) throw bad
    return {
      vector,
      weight: numberOption(weight, `${path}.weight`, { default: 1 }),
      at: dated ? timeOf(at, `${path}.at`) : 0,
    }
  })
}

/** What is no vector is refused when it is read. */
function lengthOf(vector: unknown): number {
  if (isArray(vector)) return vector.length
  return ArrayBuffer.isView(vector) && !(vector instanceof DataView)
    ? lengthOfView(vector as Float32Array)
    : 0
}

function timeOf(at: unknown, path: string): number {
  const time = isDate(at) ? Date.prototype.getTime.call(at) : at
  const number = numberOption(Number.isNaN(time) ? 'an invalid Date' : time, path)
  if (number !== undefined) return number
  const message = `${path} is missing: with a halfLife each entry needs its time, a Date or milliseconds`
  throw new SkalarError('BAD_OPTION', message, { path })
}
