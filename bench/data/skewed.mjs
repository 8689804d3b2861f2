// Vectors of very different lengths, for the dot product: what is nearest by angle is often not nearest by dot product, and
// a graph is drawn to its longest vectors. Each set of rows exists in random order, and with the shortest first: there each row
// is inserted among shorter ones only.
import { join } from 'node:path'
import * as glove from './glove.mjs'
import { readMatrix, rowsOf, writeMatrix } from './matrix.mjs'
import { gaussianFrom, uniformFrom } from './random.mjs'
import * as wordnet from './wordnet.mjs'

const SEED = 6101
/** Lengths are log-normal: e to the power of a normal number with this standard deviation. */
export const SIGMA = { glove: 0.5, wordnet: 1 }

function lengthOf(vector) {
  return Math.hypot(...vector)
}

const asTheyAre = (vectors) => vectors
const shortestFirst = (vectors) => vectors.sort((a, b) => lengthOf(a) - lengthOf(b))

/** Makes a dataset whose base is another one's, `change`d: vectors to vectors, which may be changed in place. */
const madeOf = (make, dimension, change) => async (folder, rows) => {
  await make(folder, rows)
  const path = join(folder, 'base.f32')
  writeMatrix(path, change(rowsOf(readMatrix(path, dimension, 0, rows), dimension)))
}

/** Of unit vectors vectors with log-normal lengths. */
function stretched(vectors, sigma) {
  const gaussian = gaussianFrom(uniformFrom(SEED))
  for (const vector of vectors) {
    const length = Math.exp(sigma * gaussian())
    for (let i = 0; i < vector.length; i++) vector[i] *= length
  }
  return vectors
}

const gloveSkewed = (arrange) =>
  madeOf(glove.makeGlove, glove.DIMENSION, (vectors) => arrange(stretched(vectors, SIGMA.glove)))
const wordnetSkewed = (arrange) =>
  madeOf(wordnet.makeWordnet, wordnet.DIMENSION, (vectors) => arrange(stretched(vectors, SIGMA.wordnet)))

export const makeSkewed = gloveSkewed(asTheyAre)
export const makeSorted = gloveSkewed(shortestFirst)
export const makeWordnetSkewed = wordnetSkewed(asTheyAre)
export const makeWordnetSorted = wordnetSkewed(shortestFirst)
/** GloVe with the lengths that its training gave it. */
export const makeGloveLengths = glove.makeGloveLengths
export const makeGloveLengthsSorted = madeOf(glove.makeGloveLengths, glove.DIMENSION, shortestFirst)
