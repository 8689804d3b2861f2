import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Children } from './children.mjs'
import { randomFrom } from './random.mjs'

/**
 * An attack: `name`; `tries`, one sentence; `allowed`, the outcomes that are no fault, as texts or regular expressions;
 * `prepare(context)`, run once, whose result rounds get as `prepared`; and `round(context)`, which resolves to
 * `{ counts, details }`: how often what came of it, and for some of that an explanation.
 *
 * A context has `random` (seeded), `folder` (fresh, removed afterwards), `children` and `seconds`.
 *
 * @typedef {{ seed: number, outcome: string, detail: string }} Fault
 */

/**
 * Runs rounds of an attack, `jobs` at a time; round i has the seed `seed + i`, so that `--rounds 1 --seed n` repeats one.
 *
 * @returns {Promise<{ name: string, tries: string, rounds: number, ms: number, counts: Map<string, number>, faults: Fault[] }>}
 */
export async function runAttack(attack, { rounds, seed, seconds, limit = Infinity, jobs = 1 }) {
  const start = performance.now()
  const result = { name: attack.name, tries: attack.tries, rounds: 0, ms: 0, counts: new Map(), faults: [] }
  const shared = newContext(seed, seconds)
  try {
    const prepared = await attack.prepare?.(shared)
    const wanted = attack.longRounds ? Math.ceil(rounds / attack.longRounds) : rounds
    const work = async () => {
      while (result.rounds < wanted && performance.now() - start < limit * 1000) {
        const roundSeed = seed + result.rounds++
        record(result, attack, roundSeed, await runRound(attack, prepared, roundSeed, seconds))
      }
    }
    await Promise.all(Array.from({ length: jobs }, work))
  } finally {
    await dispose(shared)
  }
  result.ms = performance.now() - start
  return result
}

async function runRound(attack, prepared, seed, seconds) {
  const context = newContext(seed, seconds)
  try {
    return await attack.round({ ...context, prepared })
  } catch (error) {
    // The attack itself is at fault: that must not pass for a round without one.
    return { counts: { [`broken: ${String(error).slice(0, 80)}`]: 1 }, details: {} }
  } finally {
    await dispose(context)
  }
}

function newContext(seed, seconds) {
  const folder = mkdtempSync(join(tmpdir(), 'skalar-attack-'))
  return { random: randomFrom(seed), folder, children: new Children(), seconds }
}

async function dispose({ folder, children }) {
  await children.end()
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}

function record(result, attack, seed, { counts, details = {} }) {
  for (const [outcome, count] of Object.entries(counts)) {
    result.counts.set(outcome, (result.counts.get(outcome) ?? 0) + count)
    if (!isAllowed(attack, outcome)) result.faults.push({ seed, outcome, detail: details[outcome] ?? '' })
  }
}

export function isAllowed({ allowed }, outcome) {
  return (
    outcome === 'ok' ||
    allowed.some((each) => (typeof each === 'string' ? each === outcome : each.test(outcome)))
  )
}

/** The sum of what several children counted. */
export function sumOf(...parts) {
  const sum = { counts: {}, details: {} }
  for (const { counts, details } of parts) {
    for (const [outcome, count] of Object.entries(counts))
      sum.counts[outcome] = (sum.counts[outcome] ?? 0) + count
    sum.details = { ...details, ...sum.details }
  }
  return sum
}

/** Outcomes that are counted by what had been done, too; what is as it should be is not. */
export function named(where, { counts, details }) {
  const name = (outcome) => (/^ok$|^refused|by rounding$/.test(outcome) ? outcome : `${where}: ${outcome}`)
  const renamed = (of) => Object.fromEntries(Object.entries(of).map(([key, value]) => [name(key), value]))
  return { counts: renamed(counts), details: renamed(details) }
}
