// What a scan by each metric costs beside one by dot product: 30,000 vectors of 512 components, one thread, passes taking turns.
// mahalanobis: after its matrix was factored and its images were made, which the first query does; how long that took is told below.
// Usage: npm run build && node bench/similarity/metrics.mjs
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from '../../dist/index.js'

const ROWS = 30_000
const DIMENSION = 512
const QUERIES = 20
const PASSES = 7
let state = 7
function random() {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state / 2 ** 32 - 0.5
}

/** A symmetric positive definite matrix: A Aᵀ / DIMENSION + I / 10. */
const rows = Array.from({ length: DIMENSION }, () => Float64Array.from({ length: DIMENSION }, random))
const precision = rows.map((a, i) =>
  Array.from(rows, (b, j) => a.reduce((sum, x, k) => sum + x * b[k], 0) / DIMENSION + (i === j ? 0.1 : 0)),
)

const METRICS = [
  'dot',
  'cosine',
  'euclidean',
  'manhattan',
  'chebyshev',
  { kernel: 'rbf' },
  { kernel: 'laplacian' },
  { kernel: 'polynomial', degree: 2 },
  { mahalanobis: Float64Array.from(precision.flat()) },
  { mahalanobis: precision },
]

const vector = () => Float32Array.from({ length: DIMENSION }, random)
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

const folder = mkdtempSync(join(tmpdir(), 'skalar-metrics-'))
const database = await open(folder, { threads: 1 })
const collection = await database.collection('c', {
  dimension: DIMENSION,
  metric: 'dot',
  index: { engine: 'flat' },
})
await collection.upsert(
  (function* () {
    for (let id = 0; id < ROWS; id++) yield { id, vector: vector() }
  })(),
)
const queries = Array.from({ length: QUERIES }, vector)
const times = METRICS.map(() => [])
const firsts = METRICS.map((metric) => {
  const start = performance.now()
  collection.querySync({ vector: queries[0], metric, select: [] })
  return performance.now() - start
})
for (let pass = 0; pass < PASSES; pass++) {
  for (const [i, metric] of METRICS.entries()) {
    const start = performance.now()
    for (const vector of queries) collection.querySync({ vector, metric, select: [] })
    times[i].push((performance.now() - start) / QUERIES)
  }
}
function nameOf(metric) {
  if (metric.mahalanobis === undefined) return JSON.stringify(metric)
  return Array.isArray(metric.mahalanobis) ? 'mahalanobis, array of rows' : 'mahalanobis'
}
const [dot] = times.map(median)
console.log('| metric | ms a query | records a second, over dot |\n|---|---|---|')
for (const [i, metric] of METRICS.entries()) {
  const ms = median(times[i])
  console.log(`| ${nameOf(metric)} | ${ms.toFixed(2)} | ${(dot / ms).toFixed(2)} |`)
}
const first = METRICS.findIndex(({ mahalanobis }) => mahalanobis !== undefined)
const metric = METRICS[first]
console.log(`the first query by mahalanobis: ${firsts[first].toFixed(0)} ms, on the calling thread`)
const { candidates, reranked } = await collection.explain({ vector: queries[0], metric })
console.log(`left to float64 of its scan: ${candidates} records, ${reranked} scored`)
// By a matrix that only candidates were asked for.
const other = { mahalanobis: metric.mahalanobis.map((entry) => 2 * entry) }
const exactly = queries.map((vector) => {
  const start = performance.now()
  collection.querySync({ vector, metric: other, candidates: 1_000, select: [] })
  return performance.now() - start
})
console.log(`1,000 candidates without images: ${median(exactly).toFixed(1)} ms`)
await database.close()
rmSync(folder, { recursive: true })
