// From samples to what is reported: medians and spreads for each index and each curve on one dataset.
import { curveProblem } from '../measure/judge.mjs'
import { speedAt, spread } from './statistics.mjs'

const sum = (parts) => Object.values(parts).reduce((total, part) => total + part, 0)

function buildSummary(samples) {
  if (samples.length === 0) return undefined
  return {
    seconds: spread(samples.map(({ seconds }) => sum(seconds))),
    insertSeconds: spread(samples.map(({ seconds }) => seconds.insert)),
    indexSeconds: spread(samples.map(({ seconds }) => seconds.build)),
    saveSeconds: spread(samples.map(({ seconds }) => seconds.save)),
    blockedMs: spread(samples.map(({ blockedMs }) => blockedMs)),
    peakResidentBytes: spread(samples.map(({ peakResidentBytes }) => peakResidentBytes)),
    diskBytes: spread(samples.map(({ diskBytes }) => diskBytes)),
  }
}

/** What the process has grown by between before the index was opened and after the last query. */
function memorySummary(singles, kind) {
  const grown = singles.map(({ memory }) => memory.after[kind] - memory.before[kind])
  return spread(grown.filter(Number.isFinite))
}

/** The samples of one point, one for each repetition. */
function samplesOf(runs, curve, effort) {
  const key = JSON.stringify(effort)
  const same = (point) => point.curve === curve && JSON.stringify(point.effort) === key
  return runs.map(({ points }) => points.find(same)).filter((point) => point !== undefined)
}

function pointSummary(record, curve, effort) {
  const singles = samplesOf(record.singles, curve, effort)
  const batches = samplesOf(record.batches, curve, effort)
  return {
    effort,
    // Later repetitions ask the same queries: only the first answers count.
    recall: singles[0].recall,
    queries: singles[0].queries,
    batchRecall: batches[0]?.recall,
    scoreError: {
      mean: Math.max(...singles.map(({ scoreError }) => scoreError.mean)),
      max: Math.max(...singles.map(({ scoreError }) => scoreError.max)),
    },
    queriesPerSecond: spread(singles.map(({ queriesPerSecond }) => queriesPerSecond)),
    p50Ms: spread(singles.map(({ p50Ms }) => p50Ms)),
    p99Ms: spread(singles.map(({ p99Ms }) => p99Ms)),
    batchQueriesPerSecond: spread(batches.map(({ queriesPerSecond }) => queriesPerSecond)),
    batchBlockedMs: spread(batches.map(({ blockedMs }) => blockedMs)),
    problems: [...new Set([...singles, ...batches].flatMap(({ problems }) => problems))],
  }
}

function atRecall(recall, points) {
  const speeds = (name) =>
    points
      .filter((point) => point[name] !== undefined)
      .map((point) => ({ recall: point.recall, speed: point[name].median }))
  return {
    recall,
    single: speedAt(recall, speeds('queriesPerSecond')),
    batch: speedAt(recall, speeds('batchQueriesPerSecond')),
  }
}

/** Points with a problem are reported, but stand in no comparison. */
function curveSummary(record, { name }, recalls) {
  const first = record.singles[0]?.points ?? []
  const efforts = first.filter(({ curve }) => curve === name).map(({ effort }) => effort)
  const points = efforts.map((effort) => pointSummary(record, name, effort))
  const admitted = points.filter(({ problems }) => problems.length === 0)
  const problem = admitted.length > 0 ? curveProblem(admitted) : undefined
  const standing = problem === undefined ? admitted : []
  return { name, points, problem, at: recalls.map((recall) => atRecall(recall, standing)) }
}

/** What is reported about one index. */
export function summarize(record, recalls) {
  const { index, parameters, builds, singles, insert, skipped, problems } = record
  return {
    name: index.name,
    library: index.library,
    parameters,
    buildOneThread: buildSummary(builds.one),
    buildAllThreads: buildSummary(builds.all),
    openSeconds: spread(singles.map(({ openSeconds }) => openSeconds)),
    residentBytes: memorySummary(singles, 'resident'),
    proportionalBytes: memorySummary(singles, 'proportional'),
    durableRowsPerSecond: insert?.rowsPerSecond,
    curves: index.curves.map((curve) => curveSummary(record, curve, recalls)),
    skipped,
    problems,
  }
}

/** What was not tried, or not finished in time, as lines of text. */
export function skippedOf({ name, skipped }) {
  const reasons = [...new Set(skipped.map(({ reason }) => reason))]
  return reasons.map((reason) => {
    const tasks = skipped.filter((task) => task.reason === reason).map(({ task }) => task)
    return `${name}: not run: ${[...new Set(tasks)].join(', ')} (${reason})`
  })
}

/** Everything that went wrong with an index, as lines of text. */
export function problemsOf({ name, problems, curves }) {
  const ofCurves = curves.flatMap((curve) => [
    ...(curve.problem ? [`${curve.name}: ${curve.problem}`] : []),
    ...curve.points.flatMap((point) =>
      point.problems.map((problem) => `${curve.name} ${JSON.stringify(point.effort)}: ${problem}`),
    ),
  ])
  return [...problems.map((problem) => `${name}: ${problem}`), ...ofCurves]
}
