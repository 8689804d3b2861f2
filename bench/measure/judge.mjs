// Decides whether answers are right. No library has a part in this: rows are read from the dataset's own file.
import { MatrixReader, readMatrix } from '../data/matrix.mjs'
import { exactScore } from '../data/truth.mjs'

/**
 * By how much scores may miss the exact ones, as a share of the best score of their query: those that claim to be exact
 * each, estimates from codes on average, since codes that are good on the whole have a few bad outliers.
 */
const SCORE_TOLERANCE = { exact: { max: 1e-4 }, approximate: { mean: 0.25 } }
/** A curve that never gets above this is no search: the harness, or the library, is broken. */
export const LEAST_RECALL = 0.2

/** What is wrong with the form of one answer, if anything. */
export function formProblem({ ids, scores }, { k, rows }) {
  if (ids.length !== Math.min(k, rows)) return `${ids.length} results instead of ${Math.min(k, rows)}`
  if (scores.length !== ids.length) return `${scores.length} scores for ${ids.length} ids`
  if (new Set(ids).size !== ids.length) return 'the same id twice'
  if (ids.some((id) => !Number.isInteger(id) || id < 0 || id >= rows)) return 'an id that is no row'
  if (!scores.every(Number.isFinite)) return 'a score that is no number'
  if (scores.some((score, i) => i > 0 && score > scores[i - 1])) return 'scores out of order'
  return undefined
}

/**
 * The ids that count as found for a query: its k exact neighbours, and whatever ties with the last of them.
 */
function acceptable({ depth, ids, scores }, query, k) {
  const start = query * depth
  const last = scores[start + Math.min(k, depth) - 1]
  const accepted = new Set()
  for (let i = start; i < start + depth && scores[i] >= last; i++) accepted.add(ids[i])
  return accepted
}

export class Judge {
  #dataset
  #rows
  #queries

  constructor(dataset) {
    const { base, query, queries, dimension } = dataset
    this.#dataset = dataset
    this.#rows = new MatrixReader(base, dimension)
    this.#queries = readMatrix(query, dimension, 0, queries)
  }

  /**
   * Judges the answers to consecutive queries, the first of them number `firstQuery`.
   *
   * @param {'exact' | 'approximate'} scores what the scores claim to be
   * @returns {{ recall: number, scoreError: { mean: number, max: number }, problems: string[] }} recall@k by id set, the
   *   mean over queries; the error of scores as a share of the query's best score; and what makes the answers inadmissible
   */
  judge(answers, firstQuery, k, scores) {
    const problems = new Map()
    let found = 0
    const errors = []
    for (const [i, answer] of answers.entries()) {
      const query = firstQuery + i
      const problem = formProblem(answer, { k, rows: this.#dataset.rows })
      if (problem) problems.set(problem, (problems.get(problem) ?? 0) + 1)
      const accepted = acceptable(this.#dataset.truth, query, k)
      const distinct = new Set(answer.ids)
      found += Math.min(k, [...distinct].filter((id) => accepted.has(id)).length)
      if (!problem) errors.push(...this.#scoreErrors(answer, query))
    }
    const list = [...problems].map(([problem, times]) => `${problem} (${times} of ${answers.length} answers)`)
    const scoreError = {
      mean: errors.reduce((sum, error) => sum + error, 0) / Math.max(1, errors.length),
      max: errors.reduce((most, error) => Math.max(most, error), 0),
    }
    for (const [kind, tolerance] of Object.entries(SCORE_TOLERANCE[scores])) {
      const percent = (100 * scoreError[kind]).toPrecision(2)
      if (scoreError[kind] > tolerance) list.push(`scores are wrong by ${percent} % of the best (${kind})`)
    }
    return { recall: found / (answers.length * Math.min(k, this.#dataset.rows)), scoreError, problems: list }
  }

  #scoreErrors({ ids, scores }, query) {
    const { metric, dimension, truth } = this.#dataset
    const vector = this.#queries.subarray(query * dimension, (query + 1) * dimension)
    const best = Math.abs(truth.scores[query * truth.depth])
    return ids.map((id, i) => Math.abs(scores[i] - exactScore(metric, vector, this.#rows.read(id, 1))) / best)
  }

  close() {
    this.#rows.close()
  }
}

/** What is wrong with a curve as a whole, if anything: its points are judged already. */
export function curveProblem(points) {
  const best = Math.max(...points.map(({ recall }) => recall))
  return best < LEAST_RECALL ? `recall never above ${best.toFixed(3)}: this is no search` : undefined
}
