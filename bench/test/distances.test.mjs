import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hnswlibCountProblem, measureHnswlib } from '../measure/hnswlib-distances.mjs'
import { WARM_UP } from '../measure/search.mjs'
import { compared, ratioTable } from '../report/distances.mjs'
import { randomDataset } from './random-dataset.mjs'

const ROWS = 2_500

async function onRandomData(use) {
  const folder = mkdtempSync(join(tmpdir(), 'skalar-bench-distances-'))
  try {
    return await use(
      await randomDataset(folder, { rows: ROWS, queries: WARM_UP + 20, dimension: 16, seed: 11 }),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test("hnswlib's own count may be larger than what it computed, but not smaller", () => {
  assert.equal(hnswlibCountProblem({ computed: 300, counted: 420 }), undefined)
  assert.match(hnswlibCountProblem({ computed: 300, counted: 200 }), /300 computed, but only 200 counted/)
  assert.match(hnswlibCountProblem({ computed: 0, counted: 0 }), /nothing computed/)
})

test('hnswlib computes a distance to every row when ef is their number, and finds all', async () => {
  const plan = { M: 16, efConstruction: 100, efs: [10, ROWS], queryLimit: 900, k: 10 }
  const [least, most] = await onRandomData((data) => measureHnswlib(data, plan))
  assert.deepEqual(most.problems, [])
  assert.equal(most.recall, 1)
  // Some rows stand on upper levels too, and are met there before.
  assert.ok(most.computed >= ROWS && most.computed < 1.2 * ROWS, String(most.computed))
  assert.ok(most.counted > most.computed)
  assert.ok(least.computed < most.computed / 2)
  assert.ok(least.recall < 1)
})

const HNSWLIB = [
  { recall: 0.9, problems: [], computed: 200, counted: 300 },
  { recall: 0.99, problems: [], computed: 400, counted: 900 },
]
const SKALAR = [
  { recall: 0.9, problems: [], distances: 190, reranked: 10 },
  { recall: 0.99, problems: [], distances: 330, reranked: 20 },
]

test('ratios are those of counts at equal recall, without and with the exact scores', () => {
  const { graph, withExact, hnswlib, ratio, ratioWithExact } = compared(0.95, {
    skalar: SKALAR,
    hnswlib: HNSWLIB,
  })
  const share = (0.95 - 0.9) / (0.99 - 0.9)
  assert.ok(Math.abs(graph - 190 * (330 / 190) ** share) < 1e-9)
  assert.ok(Math.abs(withExact - 200 * (350 / 200) ** share) < 1e-9)
  assert.ok(Math.abs(hnswlib - 200 * 2 ** share) < 1e-9)
  assert.equal(ratio, graph / hnswlib)
  assert.equal(ratioWithExact, withExact / hnswlib)
})

test("hnswlib's own count is shown, but decides nothing", () => {
  const larger = HNSWLIB.map((point) => ({ ...point, counted: 10 * point.counted }))
  const before = compared(0.95, { skalar: SKALAR, hnswlib: HNSWLIB })
  const after = compared(0.95, { skalar: SKALAR, hnswlib: larger })
  assert.ok(Math.abs(after.counted / before.counted - 10) < 1e-9)
  assert.equal(after.ratio, before.ratio)
})

test('a recall that one of the two does not reach, or only exceeds, has no ratio', () => {
  for (const recall of [0.85, 0.995]) {
    const comparison = compared(recall, { skalar: SKALAR, hnswlib: HNSWLIB })
    assert.equal(comparison.ratio, undefined)
    const [row] = ratioTable({ title: 'data', rows: 10, comparisons: [comparison] }).rows
    assert.equal(row.at(-1), 'not known')
  }
})
