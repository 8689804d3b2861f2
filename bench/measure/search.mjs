import { readMatrix, rowsOf } from '../data/matrix.mjs'
import { meanCounts } from './counts.mjs'
import { withLoopDelay } from './loop-delay.mjs'
import { memory } from './memory.mjs'
import { secondsOf } from './time.mjs'

/** Queries that only warm up: they are asked before the clock runs, and never judged. */
export const WARM_UP = 100
/** Seconds of warming up before a point, and before the first of all: only by then has V8 compiled what queries run through. */
const WARM_UP_SECONDS = 0.4
const FIRST_WARM_UP_SECONDS = 2
/** A point of a curve is never measured with fewer queries, however slow. */
const LEAST_QUERIES = 30
/** Queries that tell how many fit the time. */
const TRIAL_QUERIES = 10

/** The queries of a dataset in the form that the library takes: those that warm up, and those that are measured. */
function preparedQueries(system, { query, queries, dimension }, limit) {
  const vectors = rowsOf(readMatrix(query, dimension, 0, queries), dimension)
  const prepared = vectors.map((vector) => system.prepareQuery(vector))
  return { warmUp: prepared.slice(0, WARM_UP), measured: prepared.slice(WARM_UP, WARM_UP + limit) }
}

/** Opens the index and asks one query, in a process that has done neither before. */
async function firstAnswer(system, query, effort) {
  return secondsOf(async () => {
    await system.open()
    system.effort = effort
    await system.search(query)
  })
}

/** Asks one query after the other, over and over, for some seconds. */
async function warmUpFor(seconds, queries, ask) {
  const deadline = performance.now() + 1000 * seconds
  for (let i = 0; performance.now() < deadline; i++) await ask(queries[i % queries.length])
}

/** Seconds to warm up before the points of a run, one after the other: never longer than the points themselves. */
function* warmUpSeconds(secondsPerPoint) {
  yield Math.min(FIRST_WARM_UP_SECONDS, secondsPerPoint)
  for (;;) yield Math.min(WARM_UP_SECONDS, secondsPerPoint)
}

/** Asks one query after the other, each once, until all are asked, or the time is up and `least` are asked. */
async function askSingly(system, queries, secondsPerPoint, least) {
  const answers = []
  const latencies = []
  let before = performance.now()
  const deadline = before + 1000 * secondsPerPoint
  for (const query of queries) {
    let answer = system.search(query)
    // Awaiting what is no promise would cost a turn of the microtask queue.
    if (answer instanceof Promise) answer = await answer
    const now = performance.now()
    latencies.push(now - before)
    answers.push(answer)
    if (now > deadline && answers.length >= least) break
    before = performance.now()
  }
  const seconds = latencies.reduce((sum, ms) => sum + ms, 0) / 1000
  return { queriesPerSecond: answers.length / seconds, latencies, answers }
}

function read(system, answers) {
  return answers.map((answer) => {
    const { ids, scores } = system.read(answer)
    return { ids: Array.from(ids), scores: Array.from(scores) }
  })
}

function percentile(values, share) {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}

/** One query at a time, at every effort of every curve; if `counted`, also what each effort has the library do. */
export async function measureSingle(system, dataset, curves, { secondsPerPoint, queryLimit, counted }) {
  const { warmUp, measured } = preparedQueries(system, dataset, queryLimit)
  const before = memory()
  const openSeconds = await firstAnswer(system, warmUp[0], curves[0].efforts[0])
  const warmUps = warmUpSeconds(secondsPerPoint)
  const points = []
  for (const { name, efforts } of curves) {
    for (const effort of efforts) {
      await system.setEffort(effort)
      await warmUpFor(warmUps.next().value, warmUp, (query) => system.search(query))
      const asked = await askSingly(system, measured, secondsPerPoint, LEAST_QUERIES)
      const { queriesPerSecond, latencies, answers } = asked
      points.push({
        curve: name,
        effort,
        queriesPerSecond,
        p50Ms: percentile(latencies, 0.5),
        p99Ms: percentile(latencies, 0.99),
        answers: read(system, answers),
        ...(counted && { counts: await meanCounts(system, measured.slice(0, answers.length), dataset.rows) }),
      })
    }
  }
  const after = memory()
  await system.close()
  return { openSeconds, memory: { before, after }, points }
}

/** As many queries in one batch as fit the time, judging by how long the queries that warm up take. */
async function batchThatFits(system, warmUp, measured, seconds) {
  const trial = await secondsOf(() => system.searchBatch(warmUp.slice(0, TRIAL_QUERIES)))
  const fitting = Math.floor((seconds / trial) * TRIAL_QUERIES)
  return measured.slice(0, Math.max(LEAST_QUERIES, fitting))
}

/** All queries in one call, or as many in flight as the library wants, at every effort of every curve. */
export async function measureBatch(system, dataset, curves, { secondsPerPoint, queryLimit }) {
  const { warmUp, measured } = preparedQueries(system, dataset, queryLimit)
  await system.open()
  const warmUps = warmUpSeconds(secondsPerPoint)
  const points = []
  for (const { name, efforts } of curves) {
    for (const effort of efforts) {
      await system.setEffort(effort)
      await warmUpFor(warmUps.next().value, [warmUp], (queries) => system.searchBatch(queries))
      const queries = await batchThatFits(system, warmUp, measured, secondsPerPoint)
      let answers
      const { value: seconds, blockedMs } = await withLoopDelay(() =>
        secondsOf(async () => {
          answers = await system.searchBatch(queries)
        }),
      )
      points.push({
        curve: name,
        effort,
        queriesPerSecond: queries.length / seconds,
        blockedMs,
        answers: read(system, answers),
      })
    }
  }
  await system.close()
  return { points }
}
