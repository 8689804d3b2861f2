import type { Id } from '../../types.ts'
import type { Step } from '../step.ts'
import type { Found } from './find.ts'
import { missingMass, missingOf, type Total } from './formula.ts'
import { type Part, type Pass, runBounds, runBoundsSync, runPass, runPassSync } from './pass.ts'
import type { AttendRequest } from './request.ts'
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

/** A bound of the missing mass that is not worth another look. */
const FAR = 0.001

/**
 * Sums over the records that were found for each query, which has one head, and how much the others can weigh: all, where they were
 * looked at, else by their codes or lengths, and where more is asked for and lengths leave much open, by their products with the
 * query. Undefined when writes have come between.
 */
export function sumFound(call: Call, state: State, found: Found): Step<Sums | undefined> {
  const { source, request } = call
  const { since } = state
  const reads = found.slots.map((_, query) => readPass(call, state, found, query))
  const { totals: all } = found
  const rest = all === undefined ? mostOfRest(call, restPass(call, state, found), since) : undefined
  return {
    later: async (flag) => {
      const run = (pass: Pass) => runPass(source, source.pool, pass, since, flag)
      const [others, ...parts] = await Promise.all([rest?.later(flag), ...reads.map(run)])
      // A record that was replaced meanwhile may have been seen neither as it was nor as it is.
      if (rest !== undefined && !state.holds()) return undefined
      const sums = summed(parts.flat() as Part[], others)
      const far = farOf(sums)
      if (far.length === 0) return sums
      return nearer(sums!, far, await run(logitPass(call, state, far)))
    },
    now: () => {
      const run = (pass: Pass) => runPassSync(source, pass, since)
      const sums = summed(reads.flatMap(run), rest?.now())
      const far = farOf(sums)
      return far.length === 0 ? sums : nearer(sums!, far, run(logitPass(call, state, far)))
    },
  }

  function summed(read: readonly Part[], others: readonly Total[] | undefined): Read | undefined {
    if (read.some(({ answers }) => answers.stale)) return undefined
    const totals = read.map((part) => part.totals[0]!)
    const of = all === undefined ? missingMass : missingOf
    const bounds = all ?? others!
    const mass = bounds.map((bound, query) => massOf(of, query, totals[query]!, bound))
    return { ...told(call, state, read), missingMass: mass, totals }
  }

  /** The queries whose bound is to come nearer. */
  function farOf(sums: Read | undefined): number[] {
    if (sums === undefined || all !== undefined || request.bound !== 'products') return []
    return [...sums.missingMass.keys()].filter((query) => sums.missingMass[query]! > FAR)
  }

  function nearer(sums: Read, far: readonly number[], parts: readonly Part[]): Sums {
    const totals = parts.flatMap((part) => part.totals)
    const mass = sums.missingMass.slice()
    for (const [i, query] of far.entries()) {
      mass[query] = Math.min(mass[query]!, massOf(missingOf, query, sums.totals[query]!, totals[i]!))
    }
    return { ...sums, missingMass: mass }
  }

  function massOf(of: typeof missingMass, query: number, read: Total, others: Total): number {
    const vector = state.heads[query]!.query
    const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0))
    return of(request.formula, read, others, { query: length, dimension: source.definition.dimension })
  }
}

/** With what the records that were read weigh, for each query. */
interface Read extends Sums {
  readonly totals: readonly Total[]
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

/** The totals of a pass for bounds: by codes where these are asked for, and tell, else by lengths. */
function mostOfRest({ source, request }: Call, pass: Pass, since: number): Step<readonly Total[]> {
  const byCodes = request.bound === 'codes' && request.formula.affinity !== 'laplacian'
  const totalsOf = (parts: readonly Part[]) => parts.flatMap((part) => part.totals)
  return {
    later: async (flag) => {
      const totals = byCodes ? runBounds(source, pass, flag) : undefined
      return totals ?? totalsOf(await runPass(source, source.pool, pass, since, flag))
    },
    now: () =>
      (byCodes ? runBoundsSync(source, pass) : undefined) ?? totalsOf(runPassSync(source, pass, since)),
  }
}

/** What all others can weigh at most. */
function restPass({ request }: Call, { heads, members }: State, found: Found): Pass {
  return { ...bare(request, members), heads, bound: true, excluded: found.slots }
}

/** What all weigh, for some of the queries. */
function logitPass({ request }: Call, { heads, members }: State, queries: readonly number[]): Pass {
  const some = queries.map((query) => heads[query]!)
  return { ...bare(request, members), heads: some, bound: false, excluded: undefined }
}

/** Of nothing but totals. */
function bare(
  { formula }: AttendRequest,
  members: State['members'],
): Omit<Pass, 'heads' | 'bound' | 'excluded'> {
  return { formula, top: 0, values: 'none', slots: members?.slots, places: undefined }
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
