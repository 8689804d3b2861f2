// How near random Fourier features come to the RBF kernel. Prints Markdown tables: recall@10 by dot products of features against
// the exact kernel, and the error of those products. Ten minutes.
// Usage: npm run build:ts && node bench/similarity/features.mjs
//
// WordNet glosses, 512-d unit vectors: there the kernel ranks as the cosine does, so the truth is the same for each gamma.
import { join } from 'node:path'
import { randomFourierFeatures } from '../../dist/similarity/index.js'
import { cachedFolder } from '../data/cache.mjs'
import { readMatrix, rowsOf } from '../data/matrix.mjs'
import { DIMENSION, makeWordnet } from '../data/wordnet.mjs'
import { printTable } from '../foundation/report.mjs'
import { nearest, recall, scores, timed } from './nearest.mjs'

const K = 10
const ROWS = 10_000
const QUERIES = 100
const GAMMAS = [0.5, 1, 2, 4]
const FEATURES = [256, 512, 1_024, 2_048, 4_096, 8_192]

const folder = await cachedFolder(`drift-${ROWS}`, (unfinished) => makeWordnet(unfinished, ROWS))
const rows = rowsOf(readMatrix(join(folder, 'base.f32'), DIMENSION, 0, ROWS), DIMENSION)
const queries = rowsOf(readMatrix(join(folder, 'query.f32'), DIMENSION, 0, QUERIES), DIMENSION)
const truth = nearest(rows, queries, K)

/** Root of the mean square of z(x) · z(y) less the kernel, of the first queries and all rows. */
function errorOf(mappedRows, mappedQueries, gamma) {
  let squares = 0
  let count = 0
  for (let i = 0; i < 10; i++) {
    const found = scores(mappedRows, mappedQueries[i])
    const cosines = scores(rows, queries[i])
    for (let j = 0; j < ROWS; j++) squares += (found[j] - Math.exp(-2 * gamma * (1 - cosines[j]))) ** 2
    count += ROWS
  }
  return Math.sqrt(squares / count)
}

const recalls = []
const errors = []
const times = []
for (const features of FEATURES) {
  const recallRow = [features]
  const errorRow = [features, 1 / Math.sqrt(features)]
  for (const gamma of GAMMAS) {
    const map = randomFourierFeatures({ gamma, dimension: DIMENSION, features, seed: 1 })
    const applied = timed(() => map.apply(rows))
    const asked = map.apply(queries)
    recallRow.push(`${(100 * recall(nearest(applied.result, asked, K), truth)).toFixed(1)} %`)
    errorRow.push(errorOf(applied.result, asked, gamma))
    if (gamma === GAMMAS[0]) times.push([features, `${((applied.seconds / ROWS) * 1e3).toFixed(2)} ms`])
  }
  recalls.push(recallRow)
  errors.push(errorRow)
}
const gammas = GAMMAS.map((gamma) => `γ = ${gamma}`)
const where = `${QUERIES} queries, ${ROWS} rows, ${DIMENSION}-d`
printTable({
  title: `recall@${K} against the exact kernel (${where})`,
  headings: ['features', ...gammas],
  rows: recalls,
})
printTable({
  title: 'error of the kernel, root mean square',
  headings: ['features', '1 / √features', ...gammas],
  rows: errors,
})
printTable({ title: 'to map a vector', headings: ['features', 'takes'], rows: times })
