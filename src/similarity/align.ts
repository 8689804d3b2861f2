import { SkalarError } from '../errors.ts'
import { booleanOption, checkOptions, enumOption, numberOption } from '../options.ts'
import type { VectorInput } from '../types.ts'
import { isArray } from '../validate/built-in.ts'
import { describe } from '../validate/describe.ts'
import { roomForWeights } from './layers.ts'
import { leastSquares, mapped, orthogonalMap } from './linear-algebra.ts'
import { type Matrix, matrixOperand } from './operand.ts'
import { type Transform, transformOf } from './transform.ts'

const KINDS = ['orthogonal', 'linear'] as const

export interface AlignOptions {
  /** Vectors of the space that is to be mapped. */
  from: readonly VectorInput[]
  /** What each of them, in the same order, is in the other space. Its dimension may be another one. */
  to: readonly VectorInput[]
  /** Default `orthogonal`. */
  kind?: 'orthogonal' | 'linear' | undefined
  /**
   * Learns the map between vectors less their mean (Artetxe et al. 2016), and maps the mean of `from` to that of `to`: for spaces
   * whose vectors all lie to one side. Default false.
   */
  center?: boolean | undefined
  /**
   * For `linear`: λ ≥ 0 of a ridge regression, so that few or noisy pairs are not learned by heart. In units of the mean of the
   * diagonal of fromᵀ·from, so it means the same whatever the lengths and the number of vectors. Default 0.
   */
  regularization?: number | undefined
}

/**
 * The map W that takes vectors of one space into another, learned from pairs: from·W ≈ to, row by row. It translates between
 * the word vectors of two languages, and lets a collection that was embedded with an old model be queried with a new one until
 * it is embedded again (arXiv 2509.23471).
 *
 * - `orthogonal`: of the maps that keep all lengths and angles, the one that makes ‖from·W − to‖ least: U Vᵀ, where
 *   U S Vᵀ = fromᵀ·to is the singular value decomposition (Schönemann 1966; Xing et al. 2015, Conneau et al. 2018,
 *   arXiv 1710.04087). It may mirror. Into more dimensions all lengths and angles are kept too. Into fewer they cannot be:
 *   there W has orthonormal columns, and is the one that makes the sum of the dot products of from·W and to greatest.
 * - `linear`: the least squares, ‖from·W − to‖² least (Mikolov, Le & Sutskever 2013, arXiv 1309.4168). It fits more, and
 *   needs more pairs.
 *
 * Pairs count by their lengths: where the angle is what matters, give vectors of length 1, as `normalize` makes them (Xing et
 * al. 2015).
 *
 * Needs as many pairs as the smaller of the dimensions (`linear`: as `from` has; one where `regularization` is above 0; one
 * more with `center`). Where pairs do not tell all directions apart, `orthogonal` maps those that are left orthogonally, but
 * else arbitrarily; `linear` refuses.
 *
 * Synchronous; 5,000 pairs of 512 dimensions take 5 to 10 seconds. The package ml-matrix is loaded when it is
 * first called. To apply the map costs a multiplication for each weight. Weights are float32, so it is orthogonal within about 1e-7.
 *
 * @throws SkalarError `BAD_OPTION`, also for too few pairs; `BAD_VECTOR` for what is no vector of finite float32 numbers;
 * `DIMENSION_MISMATCH` for a vector of another dimension than the first of its space, and for
 * other numbers of vectors. `path` names the vector: `options.from[17]`
 */
export function align(options: AlignOptions): Transform {
  const known = ['from', 'to', 'kind', 'center', 'regularization'] as const
  const given = checkOptions(options, known, 'options')
  const kind = enumOption(given.kind, 'options.kind', KINDS, 'orthogonal')
  const center = booleanOption(given.center, 'options.center', false)
  const regularization = numberOption(given.regularization, 'options.regularization', { min: 0, default: 0 })
  if (kind === 'orthogonal' && regularization > 0) {
    throw refused('options.regularization', 'is for kind "linear": leave it out')
  }
  const from = vectorsOf(given.from, 'options.from')
  const to = vectorsOf(given.to, 'options.to')
  checkPairs(from, to, kind, center, regularization)

  const means = center ? ([centerColumns(from), centerColumns(to)] as const) : undefined
  const map = kind === 'orthogonal' ? orthogonalMap(from, to) : leastSquares(from, to, regularization)
  if (map === undefined) {
    const problem =
      'are linearly dependent, so that many maps fit: give more different pairs, or options.regularization, 1e-6 for example'
    throw refused('options.from', problem)
  }
  return transformOf('align', [
    {
      inputs: from.columns,
      products: to.columns,
      weights: weightsOf(map),
      bias: means && Float32Array.from(biasOf(map, ...means)),
      activation: 'linear',
    },
  ])
}

/** Rounded to float32, as vectors are stored, so that no product overflows; then in float64, in which it is all computed. */
function vectorsOf(given: unknown, path: string): Matrix {
  if (!isArray(given) || typeof given[0] === 'number') {
    const what = isArray(given) ? 'an array of numbers' : describe(given)
    throw refused(path, `must be an array of vectors, got ${what}: cut a flat array into its rows`)
  }
  const { data, rows, columns } = matrixOperand(given, undefined, path, Float32Array)
  return { data: new Float64Array(data), rows, columns }
}

function checkPairs(from: Matrix, to: Matrix, kind: string, center: boolean, regularization: number): void {
  if (from.rows !== to.rows) {
    const message = `options.to has ${to.rows} vectors, but options.from has ${from.rows}: they are pairs, in one order`
    throw new SkalarError('DIMENSION_MISMATCH', message, { path: 'options.to' })
  }
  const unknowns = kind === 'orthogonal' ? Math.min(from.columns, to.columns) : from.columns
  const needed = (regularization > 0 ? 1 : unknowns) + (center ? 1 : 0)
  if (from.rows >= needed) return
  const remedy = kind === 'linear' ? ', or options.regularization' : ''
  const dimensions = `${from.columns} to ${to.columns} dimensions`
  throw refused(
    'options.from',
    `has ${from.rows} vectors, but a map from ${dimensions} needs at least ${needed} pairs: give more${remedy}`,
  )
}

/** Subtracts the mean of all rows from each, and returns it. */
function centerColumns({ data, rows, columns }: Matrix): Float64Array {
  const mean = new Float64Array(columns)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) mean[j]! += data[i * columns + j]! / rows
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) data[i * columns + j]! -= mean[j]!
  return mean
}

/** What is added to x·W, so that the one mean is mapped to the other. */
function biasOf(map: Matrix, from: Float64Array, to: Float64Array): Float64Array {
  const image = mapped(from, map)
  return to.map((component, j) => component - image[j]!)
}

/** A layer has a row for each result: the transpose. */
function weightsOf({ data, rows, columns }: Matrix): Float32Array<ArrayBuffer> {
  const weights = roomForWeights(columns, rows)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) weights[j * rows + i] = data[i * columns + j]!
  }
  return weights
}

function refused(path: string, problem: string): SkalarError {
  return new SkalarError('BAD_OPTION', `${path} ${problem}`, { path })
}
