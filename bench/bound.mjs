// What a query takes over what reading memory takes alone: a gathered row of codes for each distance, a gathered vector for
// each exact score (native/bounds.cc). WordNet 512-d, engine hnsw, one thread, the whole of `querySync` with `select: []`.
// Prints a Markdown table and writes bound.md and bound.json to results/.
// Usage: npm run build && npm ci --prefix bench && node bench/bound.mjs
import { dataset } from './data/datasets.mjs'
import { judged } from './foundation/report.mjs'
import { measureBounds } from './measure/bounds.mjs'
import { admitted, measureGraph, problemLines } from './measure/graph.mjs'
import { costAt } from './report/statistics.mjs'
import { writeTables } from './report/write.mjs'
import { EFS } from './systems/catalogue.mjs'

const NAME = 'wordnet-512d'
const ROWS = 30_000
const PLAN = { efs: EFS, threads: 'all', repetitions: 5, secondsPerPoint: 3, queryLimit: 900 }
const MOST_RATIO = 4
const NOTES =
  'Means over queries, interpolated over `ef`. _bound_: distances × a gathered row of 4-bit codes, which a walk by `int8` ' +
  'reads, and exact scores × a gathered float32 row; rows are prefetched as fast as we know how, and nothing is computed.'

const { title, ...data } = await dataset(NAME, ROWS)
const { points } = await measureGraph(data, PLAN)
const { gather } = await measureBounds([data])
const nanosecondsOf = (bytes) => gather.find(({ rowBytes }) => rowBytes === bytes).nanoseconds
const code = nanosecondsOf(data.dimension / 2)
const vector = nanosecondsOf(4 * data.dimension)

const boundOf = ({ distances, reranked }) => (distances * code + reranked * vector) / 1_000
const takenOf = ({ queriesPerSecond }) => 1e6 / queriesPerSecond.median

function row(recall) {
  const at = (costOf) => {
    const costs = admitted(points).map((point) => ({ recall: point.recall, cost: costOf(point) }))
    return costAt(recall, costs)?.cost
  }
  const counts = [at(({ distances }) => distances), at(({ reranked }) => reranked)]
  const [bound, taken] = [at(boundOf), at(takenOf)]
  return [String(recall), ...counts, bound, taken, ...judged(taken / bound, '≤', MOST_RATIO)]
}

const problems = problemLines(NAME, points)
writeTables('bound', {
  kind: 'full',
  heading: 'Time of a query over that of its memory',
  notes: NOTES,
  tables: [
    {
      title: `${title}: ${code.toFixed(1)} ns a row of codes, ${vector.toFixed(0)} ns a vector`,
      headings: ['recall@10', 'distances', 'exact scores', 'bound, µs', 'a query, µs', 'ratio', 'target', ''],
      rows: data.recalls.map(row),
    },
  ],
  problems,
  measured: { points, gather },
})
if (problems.length > 0) process.exitCode = 1
