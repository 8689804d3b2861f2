// What maps between spaces are worth. Prints Markdown tables; five minutes, and five more when it makes the words' vectors.
// Usage: npm run build:ts && npm ci --prefix bench && node bench/similarity/align.mjs
//
// Words: GloVe's vectors are mapped to those of the Universal Sentence Encoder (512-d) of the same word, and of its gloss.
// A map learns from 5,000 words; each of 1,000 others is looked for by cosine among the targets of all 6,000.
//
// Drift: a collection of WordNet glosses, and a "new model": the same vectors turned at random, with noise of a share of
// their length. Queries of the new one are mapped to the old. The noise hides neighbours that no map brings back, so the last
// column has what the true rotation would give.
import { join } from 'node:path'
import { align } from '../../dist/similarity/index.js'
import { cachedFolder } from '../data/cache.mjs'
import { readMatrix, rowsOf } from '../data/matrix.mjs'
import { gaussianFrom, normalize, uniformFrom } from '../data/random.mjs'
import { DIMENSION, makeWordnet } from '../data/wordnet.mjs'
import { WORDS, wordPairs } from '../data/words.mjs'
import { printTable } from '../foundation/report.mjs'
import { highest, nearest, recall, scores, timed } from './nearest.mjs'

const TRAINED = 5_000
const K = 10
const ROWS = 10_000
const QUERIES = 300
const KINDS = {
  orthogonal: {},
  'orthogonal, centred': { center: true },
  linear: { kind: 'linear' },
  'linear, λ = 0.1': { kind: 'linear', regularization: 0.1 },
}

const percent = (share) => `${(100 * share).toFixed(1)} %`
const seconds = (value) => `${value.toFixed(1)} s`

/** How many of the words that were not learned have their own target first, and among the first ten. */
function precision(mapped, targets) {
  let first = 0
  let ten = 0
  for (const [i, query] of mapped.entries()) {
    const place = highest(scores(targets, query), K).indexOf(TRAINED + i)
    if (place === 0) first++
    if (place !== -1) ten++
  }
  return [percent(first / mapped.length), percent(ten / mapped.length)]
}

const padded = (vector) => {
  const longer = new Float32Array(DIMENSION)
  longer.set(vector)
  return longer
}

function printWords(title, from, to) {
  const targets = to.map((vector) => normalize(vector.slice()))
  const chance = ['by chance', ...[1, K].map((places) => `${((100 * places) / WORDS).toFixed(2)} %`), '']
  const unmapped = ['no map: zeros behind', ...precision(from.slice(TRAINED).map(padded), targets), '']
  const rows = Object.entries(KINDS).map(([name, options]) => {
    const pairs = { from: from.slice(0, TRAINED), to: to.slice(0, TRAINED) }
    const learned = timed(() => align({ ...pairs, ...options }))
    return [name, ...precision(learned.result.apply(from.slice(TRAINED)), targets), seconds(learned.seconds)]
  })
  printTable({ title, headings: ['map', 'P@1', 'P@10', 'learned in'], rows: [chance, unmapped, ...rows] })
}

/** A random rotation: orthonormal rows by Gram and Schmidt, twice. */
function rotation(normal) {
  const basis = []
  while (basis.length < DIMENSION) {
    const next = Float64Array.from({ length: DIMENSION }, normal)
    for (const other of [...basis, ...basis]) {
      const share = next.reduce((sum, x, i) => sum + x * other[i], 0)
      for (let i = 0; i < DIMENSION; i++) next[i] -= share * other[i]
    }
    basis.push(normalize(next))
  }
  return basis
}

const turned = (vector, rows) => Float32Array.from(scores(rows, vector))

function transposed(rows) {
  return rows.map((_, i) => Float64Array.from(rows, (row) => row[i]))
}

/** A vector as the new model has it: turned, and `noise` times its length away. */
function drifted(vector, rows, noise, normal) {
  const moved = vector.map((x) => x + (noise / Math.sqrt(DIMENSION)) * normal())
  return turned(normalize(moved), rows)
}

async function printDrift() {
  const folder = await cachedFolder(`drift-${ROWS}`, (unfinished) => makeWordnet(unfinished, ROWS))
  const rows = rowsOf(readMatrix(join(folder, 'base.f32'), DIMENSION, 0, ROWS), DIMENSION)
  const queries = rowsOf(readMatrix(join(folder, 'query.f32'), DIMENSION, 0, QUERIES), DIMENSION)
  const normal = gaussianFrom(uniformFrom(81))
  const turn = rotation(normal)
  const back = transposed(turn)
  const truth = nearest(rows, queries, K)
  const table = []
  for (const noise of [0, 0.3, 0.6]) {
    const asked = queries.map((query) => drifted(query, turn, noise, normal))
    const seen = rows.slice(0, TRAINED).map((row) => drifted(row, turn, noise, normal))
    const of = (mapped) => percent(recall(nearest(rows, mapped, K), truth))
    const unmapped = of(asked)
    const best = of(asked.map((query) => turned(query, back)))
    for (const pairs of [600, 2_000, TRAINED]) {
      const options = { from: seen.slice(0, pairs), to: rows.slice(0, pairs) }
      const orthogonal = timed(() => align(options))
      const linear = align({ ...options, kind: 'linear', regularization: 0.01 })
      const maps = [orthogonal.result, linear].map((map) => of(map.apply(asked)))
      table.push([noise, pairs, unmapped, ...maps, best, seconds(orthogonal.seconds)])
    }
  }
  const headings = [
    'noise',
    'pairs',
    'no map',
    'orthogonal',
    'linear, λ = 0.01',
    'true rotation',
    'learned in',
  ]
  printTable({
    title: `Drift: recall@${K} of ${QUERIES} queries among ${ROWS} rows, ${DIMENSION}-d`,
    headings,
    rows: table,
  })
}

const { glove, words, glosses } = await wordPairs()
printWords('GloVe → encoded words', glove, words)
printWords('GloVe → encoded glosses', glove, glosses)
await printDrift()
