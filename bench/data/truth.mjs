// The exact neighbours of every query, computed once by a program of its own (native/exact.cc).
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { compiled } from '../native/compile.mjs'
import { readMatrix } from './matrix.mjs'

/** Neighbours kept for each query: more than k, so that rows that tie with the k-th are known. */
export const DEPTH = 100

/** Scores of two float64 sums over different orders of the same terms differ by less. */
const TOLERANCE = 1e-9

/** Computes the truth about a dataset into a file. */
export async function writeTruth(file, { metric, base, rows, query, queries, dimension }) {
  const sizes = [base, rows, query, queries, dimension, DEPTH, availableParallelism(), file]
  await promisify(execFile)(compiled('exact'), [metric, ...sizes.map(String)])
}

/** @returns {{ depth: number, ids: Uint32Array, scores: Float64Array }} `depth` entries for each query, nearest first */
export function readTruth(file, { rows, queries }) {
  const depth = Math.min(DEPTH, rows)
  const { buffer } = Uint8Array.from(readFileSync(file))
  const ids = new Uint32Array(buffer, 0, queries * depth)
  const scores = new Float64Array(buffer.slice(ids.byteLength))
  return { depth, ids, scores }
}

/** A vector's score by the definition of the metric, in float64. */
export function exactScore(metric, a, b) {
  let dot = 0
  let squaresOfA = 0
  let squaresOfB = 0
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i]
    squaresOfA += a[i] * a[i]
    squaresOfB += b[i] * b[i]
  }
  return metric === 'dot' ? dot : dot / Math.sqrt(squaresOfA * squaresOfB)
}

/**
 * Compares the truth about a few queries with a plain loop over all rows.
 *
 * @throws Error if they differ in a row whose score is not a tie, or in a score
 */
export function checkTruth(truth, { metric, base, rows, query, dimension }, sample) {
  const vectors = readMatrix(base, dimension, 0, rows)
  const row = (i) => vectors.subarray(i * dimension, (i + 1) * dimension)
  for (const i of sample) {
    const wanted = readMatrix(query, dimension, i, 1)
    const scores = Float64Array.from({ length: rows }, (_, j) => exactScore(metric, wanted, row(j)))
    const sorted = scores.toSorted().reverse()
    for (let place = 0; place < truth.depth; place++) {
      const at = i * truth.depth + place
      const claimed = truth.scores[at]
      const wrong =
        Math.abs(claimed - sorted[place]) > TOLERANCE * Math.max(1, Math.abs(claimed)) ||
        Math.abs(claimed - scores[truth.ids[at]]) > TOLERANCE * Math.max(1, Math.abs(claimed))
      if (wrong) throw new Error(`the truth about query ${i} is wrong at place ${place}`)
    }
  }
}
