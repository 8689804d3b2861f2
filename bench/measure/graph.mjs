// The graph of skalar's engine hnsw over a dataset: built, searched, and asked what each search did.
import { mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { CACHE } from '../data/cache.mjs'
import { spread } from '../report/statistics.mjs'
import { indexNamed } from '../systems/catalogue.mjs'
import { Judge } from './judge.mjs'
import { runInChild } from './processes.mjs'
import { WARM_UP } from './search.mjs'

const INDEX = indexNamed('skalar hnsw')
export const K = 10
/** A child that takes longer hangs. */
const MOST_SECONDS = 1_800
/** From this share of the rows on, a scan answers instead of the graph: docs/hnsw.md. */
const SCANNED_SHARE = 1 / 16

export const parametersFor = (dimension) => INDEX.parametersFor(dimension)

function judgedPoint(data, { effort, queriesPerSecond, counts, answers }) {
  const judge = new Judge(data)
  const { recall, problems } = judge.judge(answers, WARM_UP, K, 'exact')
  judge.close()
  return { ef: effort.ef, recall, problems, queries: answers.length, queriesPerSecond, ...counts }
}

/** The first run is judged and counted; the others ask the same queries again, for the clock. */
function joined(data, [first, ...others]) {
  return first.points.map((point, i) => {
    const speeds = [point, ...others.map(({ points }) => points[i])].map((each) => each.queriesPerSecond)
    return judgedPoint(data, { ...point, queriesPerSecond: spread(speeds) })
  })
}

/**
 * Builds a graph and searches it at each `ef` that it answers, by one thread.
 *
 * @param data as `dataset()` gives it
 * @param {{ efs: number[], threads: 'one' | 'all', repetitions: number, secondsPerPoint: number, queryLimit: number }} plan
 *   `threads` of the build, `repetitions` of the search
 * @returns {Promise<{ buildSeconds: number, points: object[] }>} a point has { ef, recall, problems, queries,
 *   queriesPerSecond, visited, distances, reranked }: counts are means over queries
 */
export async function measureGraph({ truth, ...data }, plan) {
  const { efs, threads, repetitions, ...limits } = plan
  const { name, rows, dimension, metric } = data
  const folder = join(CACHE, `graph-${process.pid}`)
  const measure = (kind, used, extra) => {
    const parameters = parametersFor(dimension)
    const setting = { folder, dimension, metric, rows, k: K, threads: used, parameters }
    const task = { kind, index: INDEX.name, setting, dataset: data, ...extra }
    return runInChild(task, { pinned: used === 1, seconds: MOST_SECONDS })
  }
  mkdirSync(folder, { recursive: true })
  try {
    const { seconds } = await measure('build', threads === 'one' ? 1 : availableParallelism())
    const buildSeconds = seconds.insert + seconds.build + seconds.save
    console.error(`${name}, ${rows} rows: built in ${buildSeconds.toFixed(1)} s`)
    const efforts = efs.filter((ef) => ef < SCANNED_SHARE * rows).map((ef) => ({ ef }))
    const runs = []
    for (let i = 0; i < repetitions; i++) {
      const curves = [{ name: INDEX.name, efforts }]
      runs.push(await measure('single', 1, { curves, limits: { ...limits, counted: i === 0 } }))
    }
    return { buildSeconds, points: joined({ truth, ...data }, runs) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Points that may stand in a comparison. */
export const admitted = (points) => points.filter(({ problems }) => problems.length === 0)

/** What is wrong with the answers behind some points, as lines of text. */
export const problemLines = (name, points) =>
  points.flatMap(({ ef, problems }) => problems.map((problem) => `${name}, ef ${ef}: ${problem}`))
