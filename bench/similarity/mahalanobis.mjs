// A collection by a Mahalanobis distance, through its graph and by the exact scan: WordNet glosses (512-d), the matrix that of
// their own covariance, with a share of the mean variance added to each component. One thread; passes take turns.
// Usage: npm run build && npm ci --prefix bench && node bench/similarity/mahalanobis.mjs [--rows most] [--ridge share]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { inverse, Matrix } from 'ml-matrix'
import { open } from '../../dist/index.js'
import { dataset } from '../data/datasets.mjs'
import { readMatrix, rowsOf } from '../data/matrix.mjs'

const K = 10
const EFS = [50, 100, 200, 400]
const PASSES = 3
const QUERIES = 200

const { values: options } = parseArgs({
  options: { rows: { type: 'string', default: '30000' }, ridge: { type: 'string', default: '1' } },
})
const rows = Number(options.rows)
const data = await dataset('wordnet-512d', rows)
const { dimension } = data
const base = rowsOf(readMatrix(data.base, dimension, 0, rows), dimension)
const queries = rowsOf(readMatrix(data.query, dimension, 0, QUERIES), dimension)
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

function precisionOf(vectors) {
  const mean = new Float64Array(dimension)
  for (const vector of vectors) for (let i = 0; i < dimension; i++) mean[i] += vector[i] / vectors.length
  const covariance = Matrix.zeros(dimension, dimension)
  for (const vector of vectors) {
    const apart = mean.map((m, i) => vector[i] - m)
    for (let i = 0; i < dimension; i++) {
      const row = covariance.data[i]
      for (let j = 0; j < dimension; j++) row[j] += (apart[i] * apart[j]) / vectors.length
    }
  }
  const ridge = (Number(options.ridge) * covariance.trace()) / dimension
  const flat = inverse(Matrix.add(covariance, Matrix.eye(dimension).mul(ridge))).to1DArray()
  return Float64Array.from(
    flat,
    (x, i) => (x + flat[(i % dimension) * dimension + Math.floor(i / dimension)]) / 2,
  )
}

const mahalanobis = precisionOf(base.slice(0, 5_000))
const folder = mkdtempSync(join(tmpdir(), 'skalar-mahalanobis-'))
let database = await open(folder, { threads: 1 })
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
const collection = await database.collection('graph', { metric: { mahalanobis } })
delay.disable()
const start = performance.now()
await collection.upsert(
  (function* () {
    for (const [id, vector] of base.entries()) yield { id, vector }
  })(),
)
while ((await collection.stats()).pending > 0) await new Promise((resolve) => setTimeout(resolve, 50))
const seconds = (performance.now() - start) / 1000
console.log(
  `${rows} × ${dimension}: written and linked in ${seconds.toFixed(1)} s, codes ${(await collection.stats()).codes}`,
)
console.log(
  `longest turn of the event loop while the collection was created: ${(delay.max / 1e6).toFixed(0)} ms`,
)

const memory = async () => Math.round((await collection.stats()).memory / 2 ** 20)
const before = await memory()
const times = new Map()
const found = new Map()
const note = (name, ms) => times.set(name, [...(times.get(name) ?? []), ms])
for (let pass = 0; pass < PASSES; pass++) {
  for (const vector of queries) {
    const begin = performance.now()
    const exact = collection.querySync({ vector, k: K, exact: true, select: [] })
    note('scan', performance.now() - begin)
    const ids = new Set(exact.map(({ id }) => id))
    for (const ef of EFS) {
      const begin = performance.now()
      const matches = collection.querySync({ vector, k: K, ef, select: [] })
      note(ef, performance.now() - begin)
      found.set(ef, (found.get(ef) ?? 0) + matches.filter(({ id }) => ids.has(id)).length)
    }
  }
}
const scan = median(times.get('scan'))
console.log(`stats().memory: ${before} MiB, ${await memory()} MiB once a scan has made images`)
console.log('| ef | recall@10 | ms a query | over the scan |\n|---:|---:|---:|---:|')
for (const ef of EFS) {
  const ms = median(times.get(ef))
  const recall = found.get(ef) / (PASSES * QUERIES * K)
  console.log(`| ${ef} | ${recall.toFixed(3)} | ${ms.toFixed(2)} | ${(scan / ms).toFixed(1)} × |`)
}
console.log(`| exact scan | 1 | ${scan.toFixed(2)} | 1 |`)
await database.close()
database = await open(folder, { threads: 1 })
const begin = performance.now()
const again = await database.collection('graph')
const opened = performance.now()
while ((await again.stats()).codes === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
console.log(
  `opened in ${(opened - begin).toFixed(0)} ms, its graph taken over ${(performance.now() - opened).toFixed(0)} ms later`,
)
await database.close()
rmSync(folder, { recursive: true })
