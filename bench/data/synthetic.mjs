// Clustered unit vectors of low intrinsic dimension, as embeddings are, in any number.
import { join } from 'node:path'
import { writeMatrix } from './matrix.mjs'
import { gaussianFrom, normalize, uniformFrom } from './random.mjs'

const SEED = 6256
export const DIMENSION = 256
export const ROWS = 1_000_000
const QUERIES = 1_000

/**
 * A vector is normalize(W · (c + SPREAD · g) + NOISE · u): c is the centre of its cluster and g a standard normal vector,
 * both in LATENT dimensions; W is a fixed normal matrix; u is uniform in [−1, 1) for each component. Cluster i, counted
 * from 1, is drawn with a probability proportional to i^−SIZE_EXPONENT.
 */
export const PARAMETERS = { LATENT: 40, CLUSTERS: 1_000, SPREAD: 0.6, NOISE: 0.5, SIZE_EXPONENT: 0.5 }
const { LATENT, CLUSTERS, SPREAD, NOISE, SIZE_EXPONENT } = PARAMETERS

function cumulativeWeights() {
  let total = 0
  return Float64Array.from({ length: CLUSTERS }, (_, i) => (total += (i + 1) ** -SIZE_EXPONENT))
}

/** The first place whose value is above `wanted`. */
function placeOf(wanted, ascending) {
  let low = 0
  let high = ascending.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (ascending[middle] > wanted) high = middle
    else low = middle + 1
  }
  return low
}

function sampler(seed) {
  const uniform = uniformFrom(seed)
  const gaussian = gaussianFrom(uniform)
  // Queries and rows come from the same clusters, so these are drawn before anything that differs between them.
  const shared = gaussianFrom(uniformFrom(SEED))
  const centres = Float64Array.from({ length: CLUSTERS * LATENT }, shared)
  const mixing = Float64Array.from({ length: DIMENSION * LATENT }, () => shared() / Math.sqrt(LATENT))
  const weights = cumulativeWeights()
  const latent = new Float64Array(LATENT)
  return () => {
    const cluster = placeOf(uniform() * weights.at(-1), weights)
    for (let j = 0; j < LATENT; j++) latent[j] = centres[cluster * LATENT + j] + SPREAD * gaussian()
    const vector = new Float32Array(DIMENSION)
    for (let i = 0; i < DIMENSION; i++) {
      let sum = NOISE * (2 * uniform() - 1)
      for (let j = 0; j < LATENT; j++) sum += mixing[i * LATENT + j] * latent[j]
      vector[i] = sum
    }
    return normalize(vector)
  }
}

function* samples(count, seed) {
  const sample = sampler(seed)
  for (let i = 0; i < count; i++) yield sample()
}

export function makeSynthetic(folder, rows) {
  writeMatrix(join(folder, 'base.f32'), samples(rows, SEED + 1))
  writeMatrix(join(folder, 'query.f32'), samples(QUERIES, SEED + 2))
}
