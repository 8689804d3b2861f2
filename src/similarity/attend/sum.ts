import type { Id } from '../../types.ts'
import type { Step } from '../step.ts'
import type { Found } from './find.ts'
import { missingMass, missingOf, type Total } from './formula.ts'
import { type Part, type Pass, runPass, runPassSync } from './pass.ts'
import type { Call, State } from './state.ts'

export interface Weight {
  id: Id
  weight: number
}

/** What was summed, still without projections. */
export interface Sums {
  readonly weights: Weight[][]
  readonly missingMass: number[]
  /** For each query the sums of its heads, one behind the other. */
  readonly outputs: Float64Array[]
}

/** Sums over all records that take part. Undefined when writes have come between. */
export function sumAll(call: Call, state: State): Step<Sums | undefined> {
  const { source, request } = call
  const { members, heads, values, since } = state
  const pass: Pass = {
    heads,
    formula: request.formula,
    bound: false,
    top: request.k,
    values,
    slots: members?.slots,
    places: members?.places,
    excluded: undefined,
  }
  const toSums = (parts: readonly Part[]) => {
    if (parts.some(({ answers }) => answers.stale)) return undefined
    return { ...told(call, state, parts), missingMass: request.queries.map(() => 0) }
  }
  return {
    later: async (flag) => toSums(await runPass(source, source.pool, pass, since, flag)),
    now: () => toSums(runPassSync(source, pass, since)),
  }
}

/** Sums over the records that were found for each query, which has one head, and how much the others can weigh. */
export function sumFound(call: Call, state: State, found: Found): Step<Sums | undefined> {
  const { source } = call
  const { since } = state
  const reads = found.slots.map((_, query) => readPass(call, state, found, query))
  const rest = found.totals === undefined ? restPass(call, state, found) : undefined
  const toSums = (read: readonly Part[], others: readonly Part[] | undefined) => {
    if (read.some(({ answers }) => answers.stale)) return undefined
    const totals = found.totals ?? others!.flatMap((part) => part.totals)
    return { ...told(call, state, read), missingMass: missing(call, state, found, read, totals) }
  }
  return {
    later: async (flag) => {
      const run = (pass: Pass) => runPass(source, source.pool, pass, since, flag)
      const [others, ...read] = await Promise.all([rest && run(rest), ...reads.map(run)])
      return toSums(read.flat() as Part[], others)
    },
    now: () => {
      const run = (pass: Pass) => runPassSync(source, pass, since)
      return toSums(reads.flatMap(run), rest && run(rest))
    },
  }
}

/** Of what was found for a query. */
function readPass({ request }: Call, { heads, values, members }: State, found: Found, query: number): Pass {
  const slots = found.slots[query]!
  return {
    heads: [heads[query]!],
    formula: request.formula,
    bound: false,
    top: slots.length,
    values,
    slots,
    places: values === 'own' ? undefined : slots.map((slot) => members!.placeOf(slot)),
    excluded: undefined,
  }
}

/** What all others can weigh at most. */
function restPass({ request }: Call, { heads, members }: State, found: Found): Pass {
  return {
    heads,
    formula: request.formula,
    bound: true,
    top: 0,
    values: 'none',
    slots: members?.slots,
    places: undefined,
    excluded: found.slots,
  }
}

function missing(
  { source, request: { formula } }: Call,
  { heads }: State,
  { totals: all }: Found,
  read: readonly Part[],
  totals: readonly Total[],
): number[] {
  const { dimension } = source.definition
  const of = all === undefined ? missingMass : missingOf
  return heads.map(({ query }, i) => {
    const lengths = { query: Math.sqrt(query.reduce((sum, x) => sum + x * x, 0)), dimension }
    return of(formula, read[i]!.totals[0]!, totals[i]!, lengths)
  })
}

function told({ request }: Call, { heads }: State, parts: readonly Part[]): Omit<Sums, 'missingMass'> {
  const weights = parts.flatMap(({ answers, heads: count }) => {
    let hit = 0
    return Array.from({ length: count }, (_, head) =>
      Array.from({ length: answers.hitsOf(head) }, () => ({
        id: answers.id(hit),
        weight: answers.score(hit++),
      })),
    )
  })
  const outputs: Float64Array[] = []
  const sums = parts.map((part) => part.sums)
  const whole = new Float64Array(sums.reduce((length, part) => length + part.length, 0))
  let end = 0
  for (const part of sums) {
    whole.set(part, end)
    end += part.length
  }
  let at = 0
  for (let first = 0; first < heads.length; first += request.heads) {
    const own = heads.slice(first, first + request.heads)
    const length = own.reduce((sum, { values }) => sum + values.count, 0)
    outputs.push(whole.subarray(at, at + length))
    at += length
  }
  return { weights, outputs }
}
