// What hnswlib computes for a query, by a program that includes the header of the installed package: see
// native/hnswlib-distances.cc.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { compiled } from '../native/compile.mjs'
import { HNSWLIB_SEED } from '../systems/hnswlib-node.mjs'
import { scoreOfDistance } from '../systems/system.mjs'
import { Judge } from './judge.mjs'
import { WARM_UP } from './search.mjs'

const HEADERS = fileURLToPath(new URL('../node_modules/hnswlib-node/src/', import.meta.url))
const MOST_OUTPUT_BYTES = 2 ** 28

/** What can not be true of the counts, if anything. */
export function hnswlibCountProblem({ computed, counted }) {
  // Its own count leaves out two: the node that the walk enters by is scored on the uppermost level, and on level 0.
  const unlisted = 2
  if (computed > counted + unlisted) return `${computed} computed, but only ${counted} counted`
  if (computed <= 0) return 'nothing computed'
  return undefined
}

function pointOf(line, judge, k) {
  const { answers: pairs, ...counts } = JSON.parse(line)
  const problem = hnswlibCountProblem(counts)
  if (problem) throw new Error(`wrong counts of hnswlib: ${problem}`)
  const answers = pairs.map((pair) => ({
    ids: pair.map(([id]) => id),
    scores: pair.map(([, distance]) => scoreOfDistance(distance)),
  }))
  const { recall, problems } = judge.judge(answers, WARM_UP, k, 'exact')
  return { ...counts, recall, problems }
}

/**
 * Builds hnswlib's graph over unit vectors with one thread, and searches it at each `ef`.
 *
 * @returns {Promise<object[]>} points of { ef, recall, problems, computed, counted }: means over the queries, the same
 *   that other systems are asked
 */
export async function measureHnswlib(data, { M, efConstruction, efs, queryLimit, k }) {
  const program = compiled('hnswlib-distances', ['-isystem', HEADERS])
  const { base, rows, query, queries, dimension } = data
  const count = Math.min(queryLimit, queries - WARM_UP)
  const shape = [base, rows, query, WARM_UP, count, dimension]
  const parameters = [k, M, efConstruction, HNSWLIB_SEED, ...efs]
  const { stdout } = await promisify(execFile)(program, [...shape, ...parameters].map(String), {
    maxBuffer: MOST_OUTPUT_BYTES,
  })
  const judge = new Judge(data)
  try {
    return stdout
      .trim()
      .split('\n')
      .map((line) => pointOf(line, judge, k))
  } finally {
    judge.close()
  }
}
