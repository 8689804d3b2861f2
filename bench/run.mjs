// Compares skalar with other embedded vector stores of Node.js: see README.md.
// Usage: npm run bench -- [--help]
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { HELP, planFrom } from './arguments.mjs'
import { dataset } from './data/datasets.mjs'
import { measureBounds } from './measure/bounds.mjs'
import { Campaign } from './measure/campaign.mjs'
import { canPin } from './measure/processes.mjs'
import { problemsOf, summarize } from './report/summary.mjs'
import { RESULTS, writeReport } from './report/write.mjs'

/** Seconds that are left for measuring. */
class Deadline {
  #end

  constructor(minutes) {
    this.#end = performance.now() + 60_000 * minutes
  }

  left() {
    return (this.#end - performance.now()) / 1000
  }
}

const readJson = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))

function versionsOf(indexes) {
  const libraries = [...new Set(indexes.map(({ library }) => library))]
  return Object.fromEntries(
    libraries.map((library) => {
      const manifest = library === 'skalar' ? '../package.json' : `node_modules/${library}/package.json`
      return [library, readJson(manifest).version]
    }),
  )
}

function machine() {
  return {
    cpu: cpus()[0].model,
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    pinnedSingleThread: canPin,
  }
}

function checkInstalled() {
  const needed = [
    ['../dist/index.js', 'npm run build'],
    ['node_modules', 'npm ci --prefix bench'],
  ]
  for (const [path, remedy] of needed) {
    if (!existsSync(new URL(path, import.meta.url)))
      throw new Error(`bench needs ${path}: run ${remedy} first`)
  }
}

async function measureDataset(data, { indexes: wanted = /^/, ...overrides }, plan, deadline) {
  const indexes = plan.indexes.filter((index) => wanted.test(index.name))
  const campaign = new Campaign(data, indexes, { ...plan.profile, ...overrides }, deadline)
  const records = await campaign.run()
  const { name, title, metric, dimension, rows, recalls } = data
  const summaries = records.map((record) => summarize(record, recalls))
  return { name, title, metric, dimension, rows, recalls, indexes: summaries }
}

/** @returns {Promise<string[]>} what went wrong with skalar: a peer that fails is reported, but fails no run */
async function run(plan) {
  checkInstalled()
  const ready = []
  for (const { name, rows } of plan.datasets) ready.push(await dataset(name, rows))
  // Making the data takes its time only once, so it is not counted.
  const start = performance.now()
  const deadline = new Deadline(plan.minutes)
  const datasets = []
  for (const [i, data] of ready.entries()) {
    datasets.push(await measureDataset(data, plan.datasets[i], plan, deadline))
  }
  const bounds = await measureBounds(datasets)
  const results = {
    kind: plan.kind,
    date: new Date().toISOString(),
    command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
    minutes: (performance.now() - start) / 60_000,
    machine: machine(),
    versions: versionsOf(plan.indexes),
    bounds,
    datasets,
  }
  const folder = plan.out ?? RESULTS[plan.kind]
  console.log(await writeReport(folder, results))
  const ours = datasets.flatMap(({ indexes }) => indexes.filter(({ library }) => library === 'skalar'))
  return ours.flatMap(problemsOf)
}

try {
  const plan = planFrom(process.argv.slice(2))
  if (plan === undefined) console.log(HELP)
  else if ((await run(plan)).length > 0) process.exitCode = 1
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
