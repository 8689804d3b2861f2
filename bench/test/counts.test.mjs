// Would it be noticed if counts of work were wrong, or not of the search that is meant?
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { countProblem, meanCounts } from '../measure/counts.mjs'
import { measureSingle, WARM_UP } from '../measure/search.mjs'
import { Skalar } from '../systems/skalar.mjs'
import { System } from '../systems/system.mjs'
import { randomDataset } from './random-dataset.mjs'

const SHAPE = { k: 10, rows: 1000 }
const RIGHT = { visited: 20, distances: 300, reranked: 15 }

test('counts that can be true are admitted', () => {
  assert.equal(countProblem(RIGHT, SHAPE), undefined)
  assert.equal(countProblem({ visited: 1, distances: 4, reranked: 4 }, { k: 10, rows: 4 }), undefined)
})

for (const [title, wrong, expected] of [
  ['is missing', { distances: undefined }, /distances is undefined/],
  ['is no whole number', { visited: 1.5 }, /visited is 1.5/],
  ['is below 0', { reranked: -1 }, /reranked is -1/],
  ['visits nothing', { visited: 0 }, /no node visited/],
  ['visits more than it scores', { distances: 19 }, /20 nodes visited, but only 19 scored/],
  ['scores more than there is', { distances: 1001 }, /1001 scored of 1000 rows/],
  ['scores fewer than it finds', { visited: 5, distances: 9 }, /10 found, but only 9 scored/],
  ['scores fewer exactly than it finds', { reranked: 9 }, /only 9 scored exactly/],
]) {
  test(`a count that ${title} is noticed`, () => {
    assert.match(countProblem({ ...RIGHT, ...wrong }, SHAPE), expected)
  })
}

class Counting extends System {
  constructor(counts) {
    super({ k: SHAPE.k })
    this.counts = counts
  }

  async count(query) {
    return this.counts[query]
  }
}

test('counts are means over queries, and one wrong query spoils them', async () => {
  const other = { visited: 30, distances: 500, reranked: 11 }
  const means = await meanCounts(new Counting([RIGHT, other]), [0, 1], SHAPE.rows)
  assert.deepEqual(means, { visited: 25, distances: 400, reranked: 13 })
  const wrong = new Counting([RIGHT, { ...other, distances: 2000 }])
  await assert.rejects(meanCounts(wrong, [0, 1], SHAPE.rows), /wrong counts: 2000 scored of 1000 rows/)
})

test('a library that does not count is not counted', async () => {
  await assert.rejects(meanCounts(new System({ k: 10 }), [0], 10), /does not count/)
})

const DIMENSION = 16
const ROWS = 2_500
const QUERIES = WARM_UP + 20
let folder
let data

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skalar-bench-counts-'))
  data = await randomDataset(folder, { rows: ROWS, queries: QUERIES, dimension: DIMENSION, seed: 11 })
})

after(() => rmSync(folder, { recursive: true, force: true }))

/** Skalar over the first rows of the data. */
async function skalarOver(rows, use) {
  const index = { engine: 'hnsw', M: 16, efConstruction: 100 }
  const home = mkdtempSync(join(folder, 'skalar-'))
  const setting = { folder: home, dimension: DIMENSION, metric: 'cosine', rows, k: 10, threads: 1 }
  const system = new Skalar({ ...setting, parameters: index })
  await system.create()
  try {
    await system.insert(data.vectors.slice(0, rows).map((vector, id) => ({ id, vector })))
    await system.build()
    await use(system)
  } finally {
    await system.close()
  }
}

test("skalar's counts are those of its graph, and grow with ef", async () => {
  await skalarOver(ROWS, async (system) => {
    const query = Float32Array.from({ length: DIMENSION }, (_, i) => 1 / (i + 1))
    await system.setEffort({ ef: 20 })
    const few = await meanCounts(system, [query], ROWS)
    await system.setEffort({ ef: 100 })
    const many = await meanCounts(system, [query], ROWS)
    assert.ok(few.visited >= 20 && many.visited >= 100)
    assert.ok(many.visited > few.visited && many.distances > few.distances)
  })
})

test('a scan is not counted as a search of a graph', async () => {
  await skalarOver(100, async (system) => {
    const query = new Float32Array(DIMENSION).fill(1)
    await system.setEffort({ ef: 20 })
    await assert.rejects(meanCounts(system, [query], 100), /no graph was searched/)
  })
})

test('a point is counted only when that is asked for', async () => {
  await skalarOver(ROWS, async (system) => {
    await system.close()
    const limits = { secondsPerPoint: 0.1, queryLimit: 20 }
    const curves = [{ name: 'curve', efforts: [{ ef: 20 }] }]
    for (const counted of [true, false]) {
      const { points } = await measureSingle(system, data, curves, { ...limits, counted })
      assert.equal('counts' in points[0], counted)
      assert.equal(points[0].answers.length > 0, true)
    }
  })
})
