// The data of the benchmark: what there is, and one dataset made ready for a run.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { cachedFolder } from './cache.mjs'
import * as glove from './glove.mjs'
import { MatrixReader } from './matrix.mjs'
import * as skewed from './skewed.mjs'
import * as synthetic from './synthetic.mjs'
import { checkTruth, readTruth, writeTruth } from './truth.mjs'
import * as wordnet from './wordnet.mjs'

/** Queries whose truth is computed a second time, by a plain loop. */
const CHECKED_QUERIES = [0, 1, 500, 998, 999]

const skewedText = `GloVe 6B with log-normal lengths (sigma ${skewed.SIGMA.glove})`
const stretchedText = `WordNet glosses with log-normal lengths (sigma ${skewed.SIGMA.wordnet})`

/** `recalls` are those at which systems are compared; `make(folder, rows)` writes base.f32 and query.f32. */
export const DATASETS = {
  'wordnet-512d': {
    title: 'WordNet glosses, Universal Sentence Encoder, 512-d',
    metric: 'cosine',
    dimension: wordnet.DIMENSION,
    rows: wordnet.ROWS,
    recalls: [0.95, 0.975, 0.993],
    make: wordnet.makeWordnet,
  },
  'glove-100d': {
    title: 'GloVe 6B, 100-d',
    metric: 'cosine',
    dimension: glove.DIMENSION,
    rows: glove.ROWS,
    recalls: [0.9, 0.93, 0.957],
    make: glove.makeGlove,
  },
  'glove-skewed': {
    title: `${skewedText}, in random order`,
    metric: 'dot',
    dimension: glove.DIMENSION,
    rows: 50_000,
    recalls: [0.9, 0.95],
    make: skewed.makeSkewed,
  },
  'glove-sorted': {
    title: `${skewedText}, shortest first`,
    metric: 'dot',
    dimension: glove.DIMENSION,
    rows: 50_000,
    recalls: [0.9, 0.95],
    make: skewed.makeSorted,
  },
  'glove-lengths': {
    title: 'GloVe 6B with its own lengths, in random order',
    metric: 'dot',
    dimension: glove.DIMENSION,
    rows: 50_000,
    recalls: [0.95, 0.97],
    make: skewed.makeGloveLengths,
  },
  'glove-lengths-sorted': {
    title: 'GloVe 6B with its own lengths, shortest first',
    metric: 'dot',
    dimension: glove.DIMENSION,
    rows: 50_000,
    recalls: [0.95, 0.97],
    make: skewed.makeGloveLengthsSorted,
  },
  'wordnet-skewed': {
    title: `${stretchedText}, in random order`,
    metric: 'dot',
    dimension: wordnet.DIMENSION,
    rows: wordnet.ROWS,
    recalls: [0.95, 0.97],
    make: skewed.makeWordnetSkewed,
  },
  'wordnet-sorted': {
    title: `${stretchedText}, shortest first`,
    metric: 'dot',
    dimension: wordnet.DIMENSION,
    rows: wordnet.ROWS,
    recalls: [0.95, 0.97],
    make: skewed.makeWordnetSorted,
  },
  'synthetic-256d': {
    title: 'Synthetic clusters, 256-d',
    metric: 'cosine',
    dimension: synthetic.DIMENSION,
    rows: synthetic.ROWS,
    recalls: [0.9, 0.95],
    make: synthetic.makeSynthetic,
  },
}

/**
 * One dataset with that many rows, made if it is not in the cache.
 *
 * @returns {Promise<{ name, title, metric, dimension, rows, recalls, base, query, queries, truth }>} `base` and `query`
 *   are paths of matrices, `truth` as `readTruth` gives it
 */
export async function dataset(name, rows) {
  const { make, ...description } = DATASETS[name]
  const { metric, dimension } = description
  const pathsIn = (folder) => {
    const query = join(folder, 'query.f32')
    const queries = statSync(query).size / (4 * dimension)
    return { metric, dimension, rows, base: join(folder, 'base.f32'), query, queries }
  }
  const folder = await cachedFolder(`${name}-${rows}`, async (unfinished) => {
    await make(unfinished, rows)
    const paths = pathsIn(unfinished)
    refuseSharedVectors(paths)
    const file = join(unfinished, 'truth')
    await writeTruth(file, paths)
    checkTruth(readTruth(file, paths), paths, CHECKED_QUERIES)
  })
  const paths = pathsIn(folder)
  return { name, ...description, ...paths, truth: readTruth(join(folder, 'truth'), paths) }
}

/** A query that is also a row has a neighbour that is too easy to find. */
function refuseSharedVectors({ base, rows, query, queries, dimension }) {
  const bytesOf = (vector) =>
    Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('latin1')
  const wanted = new Set()
  eachRow(query, queries, dimension, (vector) => wanted.add(bytesOf(vector)))
  eachRow(base, rows, dimension, (vector, i) => {
    if (wanted.has(bytesOf(vector))) throw new Error(`row ${i} is also a query`)
  })
}

function eachRow(path, rows, dimension, visit) {
  const reader = new MatrixReader(path, dimension)
  for (const { first, count, values } of reader.blocks(rows, 10_000)) {
    for (let i = 0; i < count; i++) visit(values.subarray(i * dimension, (i + 1) * dimension), first + i)
  }
  reader.close()
}
