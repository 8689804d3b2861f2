import { readMatrix } from '../data/matrix.mjs'
import { normalize, uniformFrom } from '../data/random.mjs'
import { secondsOf } from './time.mjs'

const SEED = 6900
/** Rows of one durable insert. */
export const INSERT_SIZES = [1, 100]
const LEAST_INSERTS = 2
const MOST_INSERTS = 200

/** Endless new vectors: queries, each moved a little. */
function* newVectors({ query, queries, dimension, metric }) {
  const vectors = readMatrix(query, dimension, 0, queries)
  const uniform = uniformFrom(SEED)
  const spread = 0.1 / Math.sqrt(dimension)
  for (let i = 0; ; i = (i + 1) % queries) {
    const vector = vectors.slice(i * dimension, (i + 1) * dimension)
    for (let j = 0; j < dimension; j++) vector[j] += spread * (uniform() - 0.5)
    yield metric === 'cosine' ? normalize(vector) : vector
  }
}

function taken(vectors, count, dimension) {
  const matrix = new Float32Array(count * dimension)
  for (let i = 0; i < count; i++) matrix.set(vectors.next().value, i * dimension)
  return matrix
}

/** Rows per second that are inserted into the finished index and survive the end of the process. */
export async function measureInsert(system, dataset, { secondsPerPoint }) {
  await system.open()
  const vectors = newVectors(dataset)
  let next = dataset.rows
  const rates = {}
  for (const size of INSERT_SIZES) {
    let seconds = 0
    let inserts = 0
    while (inserts < LEAST_INSERTS || (seconds < secondsPerPoint && inserts < MOST_INSERTS)) {
      const prepared = system.prepareRows(next, taken(vectors, size, dataset.dimension))
      seconds += await secondsOf(() => system.insertDurably(prepared))
      next += size
      inserts++
    }
    rates[size] = (inserts * size) / seconds
  }
  await system.close()
  return { rowsPerSecond: rates }
}
