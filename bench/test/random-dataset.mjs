import { join } from 'node:path'
import { writeMatrix } from '../data/matrix.mjs'
import { gaussianFrom, normalize, uniformFrom } from '../data/random.mjs'
import { readTruth, writeTruth } from '../data/truth.mjs'

/** A dataset of random unit vectors in a folder, and its truth: as `dataset()` gives one, and its `vectors`. */
export async function randomDataset(folder, { rows, queries, dimension, seed }) {
  const gaussian = gaussianFrom(uniformFrom(seed))
  const matrix = (count) =>
    Array.from({ length: count }, () => normalize(Float32Array.from({ length: dimension }, gaussian)))
  const vectors = matrix(rows)
  const paths = { base: join(folder, 'base.f32'), query: join(folder, 'query.f32') }
  writeMatrix(paths.base, vectors)
  writeMatrix(paths.query, matrix(queries))
  const shape = { ...paths, metric: 'cosine', dimension, rows, queries }
  const file = join(folder, 'truth')
  await writeTruth(file, shape)
  return { ...shape, truth: readTruth(file, shape), vectors }
}
