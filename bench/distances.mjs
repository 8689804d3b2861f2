// Distances that skalar's graph computes for a query, over those that hnswlib does, at equal recall and equal M.
// Prints Markdown tables and writes distances.md and distances.json to results/ (--quick: results/quick/).
// Usage: npm run build && npm ci --prefix bench && node bench/distances.mjs [--quick]
import { parseArgs } from 'node:util'
import { dataset } from './data/datasets.mjs'
import { K, measureGraph, parametersFor, problemLines } from './measure/graph.mjs'
import { measureHnswlib } from './measure/hnswlib-distances.mjs'
import { compared, ratioTable } from './report/distances.mjs'
import { writeTables } from './report/write.mjs'
import { EFS } from './systems/catalogue.mjs'

const SIZES = {
  full: { 'wordnet-512d': 30_000, 'glove-100d': 100_000 },
  quick: { 'wordnet-512d': 4_000, 'glove-100d': 10_000 },
}
const PLAN = { efs: EFS, queryLimit: 900 }
// hnswlib's graph is built by one thread, and so is this one: threads that link at the same time see less of each other.
const GRAPH_PLAN = { ...PLAN, threads: 'one', repetitions: 1, secondsPerPoint: 3 }
const NOTES =
  'Means over queries, interpolated over `ef`. skalar, as `explain` tells: scores by codes on the graph (`distances`), and ' +
  'with the exact scores of the best of them (`reranked`). hnswlib: calls of its distance function, on all levels; its own ' +
  'count also has neighbours that were seen before, whose distance is not computed again. –: no `ef` brackets the recall.'

const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const kind = options.quick ? 'quick' : 'full'

const datasets = []
for (const [name, rows] of Object.entries(SIZES[kind])) {
  const data = await dataset(name, rows)
  const { title, recalls, dimension } = data
  const { points: skalar } = await measureGraph(data, GRAPH_PLAN)
  const { M, efConstruction } = parametersFor(dimension)
  const hnswlib = await measureHnswlib(data, { ...PLAN, M, efConstruction, k: K })
  const comparisons = recalls.map((recall) => compared(recall, { skalar, hnswlib }))
  datasets.push({ name, title, rows, comparisons, points: { skalar, hnswlib } })
}

const problems = datasets.flatMap(({ name, points }) =>
  Object.entries(points).flatMap(([system, ofSystem]) => problemLines(`${name}, ${system}`, ofSystem)),
)
writeTables('distances', {
  kind,
  heading: 'Distances computed by skalar hnsw and by hnswlib, M 16, efConstruction 200',
  notes: NOTES,
  tables: datasets.map(ratioTable),
  problems,
  measured: { datasets },
})
if (problems.length > 0) process.exitCode = 1
