// How the work of skalar's graph grows with the number of rows, at equal recall; and how much of a graph is visited.
// Prints Markdown tables and writes growth.md, growth.json and plots to results/ (--quick: results/quick/).
// Usage: npm run build && npm ci --prefix bench && node bench/growth.mjs [--quick] [--rows most]
import { parseArgs } from 'node:util'
import { DATASETS, dataset } from './data/datasets.mjs'
import { measureGraph, problemLines } from './measure/graph.mjs'
import {
  exponentsTable,
  growthOf,
  growthPlots,
  sizeSummary,
  sizesTable,
  visitedSummary,
  visitedTable,
} from './report/growth.mjs'
import { writeTables } from './report/write.mjs'
import { EFS } from './systems/catalogue.mjs'

const SIZES = {
  full: {
    'glove-100d': [30_000, 100_000, DATASETS['glove-100d'].rows],
    'synthetic-256d': [30_000, 100_000, 300_000, 1_000_000],
  },
  quick: { 'glove-100d': [10_000, 30_000], 'synthetic-256d': [10_000, 30_000] },
}
const VISITED = { name: 'wordnet-512d', rows: { full: 30_000, quick: 4_000 } }
// GloVe of full size reaches the higher recalls late.
const PLAN = { threads: 'all', secondsPerPoint: 3, queryLimit: 900, efs: [...EFS, 700] }
const REPETITIONS = { full: 3, quick: 1 }

const NOTES =
  'Means over queries of what `explain` tells: _distances_ are approximate scores computed, _visited_ are nodes whose ' +
  'neighbours were looked at. Figures at a recall are interpolated over `ef`. ≤ and ≥: even the least `ef`, which is k, ' +
  'exceeds the recall, and the size is left out of the fit. –: the recall is never reached, or too few sizes have a figure.'

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, rows: { type: 'string', default: 'Infinity' } },
})
const kind = options.quick ? 'quick' : 'full'
const mostRows = Number(options.rows)
if (!(mostRows > 0)) throw new Error(`--rows must be a number above 0, got ${options.rows}`)
const plan = { ...PLAN, repetitions: REPETITIONS[kind] }

async function measured(name, rows) {
  const { title, ...data } = await dataset(name, rows)
  const { buildSeconds, points } = await measureGraph(data, plan)
  return { name, title, rows, buildSeconds, points, problems: problemLines(`${name}, ${rows} rows`, points) }
}

const runs = []
const datasets = []
for (const [name, sizes] of Object.entries(SIZES[kind])) {
  const ofDataset = []
  for (const rows of sizes.filter((size) => size <= mostRows)) ofDataset.push(await measured(name, rows))
  runs.push(...ofDataset)
  const summaries = ofDataset.map(sizeSummary)
  datasets.push({ title: ofDataset[0]?.title ?? name, sizes: summaries, growth: growthOf(summaries) })
}
const visited = await measured(VISITED.name, Math.min(VISITED.rows[kind], mostRows))
runs.push(visited)

const problems = runs.flatMap((run) => run.problems)
const tables = [
  exponentsTable(datasets),
  ...datasets.map(sizesTable),
  visitedTable({ ...visited, ...visitedSummary(visited) }),
]
writeTables('growth', {
  kind,
  heading: 'Growth over the number of rows: skalar hnsw, M 16, efConstruction 200',
  notes: NOTES,
  tables,
  problems,
  measured: { datasets, runs },
  plots: await growthPlots(datasets),
})
if (problems.length > 0) process.exitCode = 1
