import type { Hit } from '../../engine/answers.ts'
import { METRICS, type NativeChoices } from '../../native.ts'
import type { Source } from '../../source.ts'
import type { Step } from '../step.ts'
import type { FieldValues } from './groups.ts'
import { similarityOf } from './rank.ts'
import type { Recommendation } from './request.ts'

/*
 * Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998), which native code computes (`native/score/diversity.h`): again
 * and again the candidate x with the largest
 *
 *     λ · relevance(x) − (1 − λ) · max similarity(x, y) over the y chosen before,  λ = 1 − diversity
 *
 * first the most relevant, of equal ones the one that stands first. Both are on one scale: of `mean` that of similarities; of
 * `sum`, the score over the number of the given; of `best`, similarities go through the same function as scores.
 */

/** What is to be chosen from for one request. */
export interface Choice {
  readonly request: Recommendation
  /** Best first. */
  readonly candidates: readonly Hit[]
  /** The groups of each, where these have limits. */
  readonly groups: readonly (readonly unknown[])[] | undefined
}

/** The numbers of a choice: candidates, k, diversity, squashed, limit. */
const PARAMS = 5

/** Candidates whose groups are read between two looks at the clock. */
const STRETCH = 64

/** Pauses where it yields; then nothing may have changed. */
export function* choiceOf(
  request: Recommendation,
  candidates: readonly Hit[],
  values: FieldValues | undefined,
): Generator<undefined, Choice, unknown> {
  if (values === undefined) return { request, candidates, groups: undefined }
  const groups: (readonly unknown[])[] = []
  for (const { ordinal } of candidates) {
    groups.push(values.of(ordinal))
    if (groups.length % STRETCH === 0) yield
  }
  return { request, candidates, groups }
}

/** The candidates that are chosen for each, in the order of choosing. */
export function chooseDiverse(source: Source, choices: readonly Choice[]): Step<Hit[][]> {
  const { replica, pool } = source
  const packed = pack(source, choices)
  return {
    later: async (flag) => chosenOf(choices, await replica.vectors.diversify(pool, ...packed, flag ?? null)),
    now: () => chosenOf(choices, replica.vectors.diversifySync(...packed, null)),
  }
}

function chosenOf(choices: readonly Choice[], places: Uint32Array): Hit[][] {
  let next = 0
  return choices.map(({ candidates }) => {
    const count = places[next++]!
    return Array.from({ length: count }, () => candidates[places[next++]!]!)
  })
}

function pack(source: Source, choices: readonly Choice[]): NativeChoices {
  const all = choices.reduce((sum, { candidates }) => sum + candidates.length, 0)
  const params = new Float64Array(PARAMS * choices.length)
  const slots = new Uint32Array(all)
  const relevance = new Float64Array(all)
  let next = 0
  for (const [i, { request, candidates, groups }] of choices.entries()) {
    const { diversity, strategy, settings, perGroup } = request
    const limit = groups === undefined ? 0 : Math.min(perGroup!.limit, candidates.length)
    params.set([candidates.length, settings.k, diversity, Number(strategy === 'best'), limit], PARAMS * i)
    for (const { slot, score } of candidates) {
      slots[next] = slot
      relevance[next++] = relevanceOf(source, request, score)
    }
  }
  const metric = METRICS[source.definition.metric]
  return [metric, params, slots, relevance, ...packGroups(choices, all), source.precisions.own ?? null]
}

/** Groups as numbers, from 0 on for each choice; nulls where none of the choices has any. */
function packGroups(
  choices: readonly Choice[],
  all: number,
): [ends: Uint32Array | null, numbers: Uint32Array | null] {
  if (choices.every(({ groups }) => groups === undefined)) return [null, null]
  const ends = new Uint32Array(all)
  const numbers: number[] = []
  let next = 0
  for (const { candidates, groups } of choices) {
    const known = new Map<unknown, number>()
    for (let i = 0; i < candidates.length; i++) {
      for (const group of groups?.[i] ?? []) {
        let number = known.get(group)
        if (number === undefined) {
          number = known.size
          known.set(group, number)
        }
        numbers.push(number)
      }
      ends[next++] = numbers.length
    }
  }
  return [ends, Uint32Array.from(numbers)]
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
