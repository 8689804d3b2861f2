// GloVe vectors given very different lengths, for the dot product: what is nearest by angle is often not nearest by dot
// product, and a graph is drawn to its longest vectors.
import { join } from 'node:path'
import { DIMENSION, makeGlove } from './glove.mjs'
import { readMatrix, rowsOf, writeMatrix } from './matrix.mjs'
import { gaussianFrom, uniformFrom } from './random.mjs'

const SEED = 6101
/** Lengths are log-normal: e to the power of a normal number with this standard deviation. */
export const SIGMA = 0.5

function lengthOf(vector) {
  return Math.hypot(...vector)
}

async function makeScaled(folder, rows, arrange) {
  await makeGlove(folder, rows)
  const path = join(folder, 'base.f32')
  const gaussian = gaussianFrom(uniformFrom(SEED))
  const vectors = rowsOf(readMatrix(path, DIMENSION, 0, rows), DIMENSION)
  for (const vector of vectors) {
    const length = Math.exp(SIGMA * gaussian())
    for (let i = 0; i < DIMENSION; i++) vector[i] *= length
  }
  writeMatrix(path, arrange(vectors))
}

/** Rows of all lengths in random order. */
export const makeSkewed = (folder, rows) => makeScaled(folder, rows, (vectors) => vectors)

/** The same rows, the shortest first: each row is inserted among shorter ones only. */
export const makeSorted = (folder, rows) =>
  makeScaled(folder, rows, (vectors) => vectors.sort((a, b) => lengthOf(a) - lengthOf(b)))
