import { Answers } from '../../engine/answers.ts'
import type { AbortFlag } from '../../engine/engine.ts'
import { AFFINITIES, type NativeAttention, type NativeHeads, type NativePool } from '../../native.ts'
import type { Source } from '../../source.ts'
import type { Formula, Total } from './formula.ts'
import type { Head } from './heads.ts'

/** Heads of one call of native code: what one slice of it does must not take long. */
const AT_ONCE = 32

const WINDOW = 4
const TOTAL = 4

/** Where values are, other than the vectors themselves: with `places` of members. */
export interface ValuesAt {
  readonly from: NativeHeads[5]
  readonly stride: number
}

/** What is asked of native code. */
export interface Pass {
  readonly heads: readonly Head[]
  readonly formula: Formula
  /** Upper bounds in place of logits. */
  readonly bound: boolean
  /** So many of the heaviest are told. */
  readonly top: number
  /** What is summed: nothing, the vectors themselves, or others. */
  readonly values: 'none' | 'own' | ValuesAt
  /** The only slots that take part; undefined for all. */
  readonly slots: Uint32Array | undefined
  readonly places: Uint32Array | undefined
  /** For each head ascending slots that take no part. */
  readonly excluded: readonly Uint32Array[] | undefined
}

/** What came of some heads of a pass. */
export interface Part {
  readonly heads: number
  readonly answers: Answers
  readonly totals: readonly Total[]
  /** Of all its heads, one behind the other. */
  readonly sums: Float64Array
}

/** On the database's threads. What they see is the store as it is now. Rejects as `Engine.search`. */
export function runPass(
  source: Source,
  pool: NativePool,
  pass: Pass,
  since: number,
  flag: AbortFlag | undefined,
): Promise<Part[]> {
  const { vectors } = source.replica
  const parts = callsOf(source, pass, flag).map(async (call) => {
    const texts: string[] = []
    return partOf(await vectors.attend(pool, since, texts, ...call), texts)
  })
  return Promise.all(parts)
}

/** The same on the calling thread. */
export function runPassSync(source: Source, pass: Pass, since: number): Part[] {
  const { vectors } = source.replica
  return callsOf(source, pass, undefined).map((call) => {
    const texts: string[] = []
    return partOf(vectors.attendSync(since, texts, ...call), texts)
  })
}

/**
 * Upper bounds by the codes of the collection's index, for the heads of a pass without values. Undefined where it has none that tell
 * more than lengths do.
 */
export function runBounds(
  source: Source,
  pass: Pass,
  flag: AbortFlag | undefined,
): Promise<Total[]> | undefined {
  const parts = callsOf(source, pass, flag).map((call) => source.engine.weigh?.(call))
  if (parts.some((part) => part === undefined)) return undefined
  return Promise.all(parts).then((totals) => totals.flatMap((numbers) => totalsOf(numbers!)))
}

/** The same on the calling thread. */
export function runBoundsSync(source: Source, pass: Pass): Total[] | undefined {
  const parts = callsOf(source, pass, undefined).map((call) => source.engine.weighSync?.(call))
  if (parts.some((part) => part === undefined)) return undefined
  return parts.flatMap((numbers) => totalsOf(numbers!))
}

function callsOf({ definition }: Source, pass: Pass, flag: AbortFlag | undefined): NativeHeads[] {
  const { formula, bound, top, values, slots, places } = pass
  const { affinity, scale, center, slack } = formula
  const numbers = [AFFINITIES[affinity], scale, center, Number(bound), slack, top, Number(values === 'own')]
  const at = typeof values === 'string' ? { from: null, stride: 0 } : values
  const calls: NativeHeads[] = []
  for (let first = 0; first < pass.heads.length; first += AT_ONCE) {
    const heads = pass.heads.slice(first, first + AT_ONCE)
    const queries = new Float32Array(definition.dimension * heads.length)
    const windows = new Uint32Array(WINDOW * heads.length)
    for (const [i, head] of heads.entries()) {
      queries.set(head.query, definition.dimension * i)
      windows.set([head.keys.begin, head.keys.count, head.values.begin, head.values.count], WINDOW * i)
    }
    const excluded = pass.excluded?.slice(first, first + AT_ONCE) ?? null
    calls.push([
      queries,
      windows,
      Float64Array.from(numbers),
      excluded,
      slots ?? null,
      at.from,
      at.from === null ? null : (places ?? null),
      at.stride,
      flag ?? null,
    ])
  }
  return calls
}

function partOf([numbers, totals, sums]: NativeAttention, texts: readonly string[]): Part {
  const heads = totals.length / TOTAL
  return { heads, answers: new Answers(numbers, texts, heads), totals: totalsOf(totals), sums }
}

function totalsOf(numbers: Float64Array): Total[] {
  return Array.from({ length: numbers.length / TOTAL }, (_, i) => {
    const [max, sum, rows, longest] = numbers.subarray(TOTAL * i, TOTAL * (i + 1))
    return { max: max!, sum: sum!, rows: rows!, longest: longest! }
  })
}
