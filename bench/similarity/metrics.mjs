// What a scan by each metric costs beside one by dot product: 30,000 vectors of 512 components, one thread, passes taking turns.
// Usage: npm run build && node bench/similarity/metrics.mjs
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from '../../dist/index.js'

const ROWS = 30_000
const DIMENSION = 512
const QUERIES = 20
const PASSES = 7
const METRICS = [
  'dot',
  'cosine',
  'euclidean',
  'manhattan',
  'chebyshev',
  { kernel: 'rbf' },
  { kernel: 'laplacian' },
  { kernel: 'polynomial', degree: 2 },
]

let state = 7
function random() {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state / 2 ** 32 - 0.5
}
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
for (let pass = 0; pass < PASSES; pass++) {
  for (const [i, metric] of METRICS.entries()) {
    const start = performance.now()
    for (const vector of queries) collection.querySync({ vector, metric, select: [] })
    times[i].push((performance.now() - start) / QUERIES)
  }
}
const [dot] = times.map(median)
console.log('| metric | ms a query | records a second, over dot |\n|---|---|---|')
for (const [i, metric] of METRICS.entries()) {
  const ms = median(times[i])
  console.log(`| ${JSON.stringify(metric)} | ${ms.toFixed(2)} | ${(dot / ms).toFixed(2)} |`)
}
await database.close()
rmSync(folder, { recursive: true })
