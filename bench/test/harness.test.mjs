// Would the harness notice a system that is wrong? Each wrong system here differs from a right one in one thing.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { uniformFrom } from '../data/random.mjs'
import { checkTruth, exactScore } from '../data/truth.mjs'
import { curveProblem, Judge } from '../measure/judge.mjs'
import { measureSingle, WARM_UP } from '../measure/search.mjs'
import { System } from '../systems/system.mjs'
import { randomDataset } from './random-dataset.mjs'

const K = 10
const ROWS = 3_000
const QUERIES = WARM_UP + 60
const DIMENSION = 24
const LIMITS = { secondsPerPoint: 10, queryLimit: QUERIES }

/** Finds the exact neighbours, by a plain loop. */
class RightSystem extends System {
  constructor(vectors) {
    super({ k: K })
    this.vectors = vectors
  }

  async open() {}

  async close() {}

  search(query) {
    const matches = this.vectors.map((vector, id) => ({ id, score: exactScore('cosine', query, vector) }))
    return matches.sort((a, b) => b.score - a.score).slice(0, K)
  }

  read(matches) {
    return { ids: matches.map(({ id }) => id), scores: matches.map(({ score }) => score) }
  }
}

/** Spoils what a right system finds. */
const spoiledBy = (spoil) =>
  class extends RightSystem {
    search(query) {
      return spoil(super.search(query), query, this.vectors)
    }
  }

const random = uniformFrom(5)
const withScores = (ids, query, vectors) =>
  ids.map((id) => ({ id, score: exactScore('cosine', query, vectors[id]) })).sort((a, b) => b.score - a.score)

const WRONG = {
  'random neighbours': {
    Wrong: spoiledBy((matches, query, vectors) =>
      withScores(
        matches.map((_, i) => i * (ROWS / K) + Math.floor((random() * ROWS) / K)),
        query,
        vectors,
      ),
    ),
    expected: /this is no search/,
  },
  'random neighbours with the scores of the right ones': {
    Wrong: spoiledBy((matches) =>
      matches.map(({ score }, i) => ({ id: i * (ROWS / K) + Math.floor((random() * ROWS) / K), score })),
    ),
    expected: /scores are wrong/,
  },
  'fewer than k': {
    Wrong: spoiledBy((matches) => matches.slice(0, K - 1)),
    expected: /9 results instead of 10/,
  },
  'more than k': {
    Wrong: spoiledBy((matches, query, vectors) => [...matches, ...withScores([0], query, vectors)]),
    expected: /11 results instead of 10/,
  },
  'nothing at all': { Wrong: spoiledBy(() => []), expected: /0 results instead of 10/ },
  'a result twice': {
    Wrong: spoiledBy((matches) => [matches[0], ...matches.slice(0, K - 1)]),
    expected: /the same id twice/,
  },
  'results in the wrong order': {
    Wrong: spoiledBy((matches) => matches.reverse()),
    expected: /scores out of order/,
  },
  'scores that belong to other results': {
    Wrong: spoiledBy((matches) => matches.map(({ id }, i) => ({ id, score: matches[0].score - i * 1e-6 }))),
    expected: /scores are wrong/,
  },
  'distances instead of scores': {
    Wrong: spoiledBy((matches) => matches.map(({ id, score }) => ({ id, score: 1 - score })).reverse()),
    expected: /scores are wrong/,
  },
  'scores that are no numbers': {
    Wrong: spoiledBy((matches) => matches.map(({ id }) => ({ id, score: Number.NaN }))),
    expected: /a score that is no number/,
  },
  'ids that are no rows': {
    Wrong: spoiledBy((matches) => matches.map(({ id, score }) => ({ id: id + ROWS, score }))),
    expected: /an id that is no row/,
  },
}

let folder
let dataset
let vectors

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skalar-bench-test-'))
  dataset = await randomDataset(folder, { rows: ROWS, queries: QUERIES, dimension: DIMENSION, seed: 4 })
  vectors = dataset.vectors
})

after(() => rmSync(folder, { recursive: true, force: true }))

/** What the harness says of a system: as in a run, but in this process. */
async function verdictOn(system, scores = 'exact') {
  const curves = [{ name: 'curve', efforts: [{}] }]
  const { points } = await measureSingle(system, dataset, curves, LIMITS)
  const judge = new Judge(dataset)
  const { recall, problems } = judge.judge(points[0].answers, WARM_UP, K, scores)
  judge.close()
  const ofCurve = problems.length === 0 ? curveProblem([{ recall }]) : undefined
  return { recall, problems: ofCurve ? [ofCurve] : problems, answers: points[0].answers }
}

test('a right system is admitted, with recall 1', async () => {
  const { recall, problems, answers } = await verdictOn(new RightSystem(vectors))
  assert.deepEqual(problems, [])
  assert.equal(recall, 1)
  assert.equal(answers.length, QUERIES - WARM_UP)
})

for (const [title, { Wrong, expected }] of Object.entries(WRONG)) {
  test(`a system that returns ${title} is caught`, async () => {
    const { problems } = await verdictOn(new Wrong(vectors))
    assert.equal(problems.length, 1)
    assert.match(problems[0], expected)
  })
}

test('estimated scores may be off a little, but not tell nothing', async () => {
  const estimated = (error) =>
    spoiledBy((matches) => matches.map(({ id, score }) => ({ id, score: score + error * matches[0].score })))
  const Slightly = estimated(0.1)
  const Badly = estimated(0.4)
  assert.deepEqual((await verdictOn(new Slightly(vectors), 'approximate')).problems, [])
  assert.match((await verdictOn(new Badly(vectors), 'approximate')).problems[0], /scores are wrong by 40 %/)
})

test('a system that misses one neighbour in ten has recall 0.9', async () => {
  const Missing = spoiledBy((matches, query, rows) => {
    const found = matches.slice(0, K - 1)
    const wrong = rows.findIndex((vector) => exactScore('cosine', query, vector) < found.at(-1).score - 0.1)
    return [...found, ...withScores([wrong], query, rows)]
  })
  const { recall, problems } = await verdictOn(new Missing(vectors))
  assert.deepEqual(problems, [])
  assert.ok(Math.abs(recall - 0.9) < 1e-12)
})

test('missing results count as missed, and a result twice counts once', () => {
  const right = new RightSystem(vectors)
  const answer = right.read(right.search(vectors[0]))
  const half = { ids: answer.ids.slice(0, 5), scores: answer.scores.slice(0, 5) }
  const doubled = { ids: [...half.ids, ...half.ids], scores: [...half.scores, ...half.scores] }
  const itself = { depth: K, ids: Uint32Array.from(answer.ids), scores: Float64Array.from(answer.scores) }
  const own = new Judge({ ...dataset, truth: itself })
  assert.equal(own.judge([half], 0, K, 'exact').recall, 0.5)
  assert.equal(own.judge([doubled], 0, K, 'exact').recall, 0.5)
  own.close()
})

test('a row that ties with the last neighbour counts as found', () => {
  const scores = Float64Array.from({ length: 12 }, (_, i) => (i < 9 ? 1 - i / 100 : 0.5))
  const truth = { depth: 12, ids: Uint32Array.from({ length: 12 }, (_, i) => i), scores }
  const judge = new Judge({ ...dataset, truth })
  const ids = [0, 1, 2, 3, 4, 5, 6, 7, 8, 11]
  assert.equal(judge.judge([{ ids, scores: [...scores.slice(0, 10)] }], 0, K, 'approximate').recall, 1)
  judge.close()
})

test('a wrong truth is caught by the plain loop', () => {
  checkTruth(dataset.truth, dataset, [0, 7])
  const ids = dataset.truth.ids.slice()
  ids[7 * dataset.truth.depth + 3] = ids[7 * dataset.truth.depth + 90]
  assert.throws(() => checkTruth({ ...dataset.truth, ids }, dataset, [7]), /query 7 is wrong at place 3/)
  const scores = dataset.truth.scores.slice()
  scores[0] += 1e-6
  assert.throws(() => checkTruth({ ...dataset.truth, scores }, dataset, [0]), /query 0 is wrong at place 0/)
})
