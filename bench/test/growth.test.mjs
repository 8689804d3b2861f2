import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  exponentsTable,
  growthOf,
  growthPlots,
  RECALLS,
  sizeSummary,
  sizesTable,
  visitedSummary,
  visitedTable,
} from '../report/growth.mjs'

const EF = 10
/** Points of a graph whose distances are 100 · n^e · ef, from a recall on. */
function graph(rows, e, recalls = [0.9, 0.97, 0.999]) {
  const points = recalls.map((recall, i) => ({
    ef: EF * 2 ** i,
    recall,
    problems: [],
    distances: 100 * rows ** e * 2 ** i,
    visited: EF * 2 ** i,
    reranked: 20,
    queriesPerSecond: { median: 1e4 / 2 ** i },
  }))
  return { rows, points }
}

const summaries = (e, ...sizes) => sizes.map((rows) => sizeSummary(graph(rows, e)))
const verdicts = (sizes) => exponentsTable([{ title: 'data', growth: growthOf(sizes) }]).rows

test('the exponent is that of distances at equal recall', () => {
  for (const { exponent } of growthOf(summaries(0.15, 1e4, 1e5, 1e6))) {
    assert.ok(Math.abs(exponent - 0.15) < 1e-9)
  }
})

test('the verdict is given at the first recall, and at no other', () => {
  const [first, ...others] = verdicts(summaries(0.15, 1e4, 1e5))
  assert.deepEqual([first[1], ...first.slice(4)], [String(RECALLS[0]), '≤ 0.2', 'met'])
  assert.ok(others.every((row) => row.at(-1) === ''))
  assert.equal(verdicts(summaries(0.25, 1e4, 1e5))[0].at(-1), 'missed')
})

test('a size at which the least effort exceeds the recall is a bound, and left out of the fit', () => {
  const easy = sizeSummary(graph(1e3, 0.1, [0.96, 0.98, 0.999]))
  const [row] = verdicts([easy, ...summaries(0.1, 1e4, 1e5)])
  assert.deepEqual([row[2], row.at(-1)], ['10,000; 100,000', 'met'])
  assert.ok(Math.abs(row[3] - 0.1) < 1e-9)
  assert.match(sizesTable({ title: 'data', sizes: [easy] }).rows[0][1], /^≤ /)
  const [alone] = verdicts([easy, ...summaries(0.1, 1e4)])
  assert.deepEqual(alone.slice(3), ['–', '≤ 0.2', 'not known'])
})

test('a size whose recall is never reached leaves the exponent unknown', () => {
  const short = sizeSummary(graph(1e5, 0.1, [0.7, 0.8, 0.9]))
  assert.ok(growthOf([sizeSummary(graph(1e4, 0.1)), short]).every(({ exponent }) => exponent === undefined))
  assert.equal(sizesTable({ title: 'data', sizes: [short] }).rows[0][1], '–')
})

test('one size has no exponent', () => {
  assert.ok(growthOf(summaries(0.1, 1e4)).every(({ exponent }) => exponent === undefined))
})

test('a point whose answers are wrong stands in no figure', () => {
  const { rows, points } = graph(1e4, 0.1)
  points[1] = { ...points[1], distances: 1, problems: ['scores out of order'] }
  const clean = sizeSummary({ rows, points: [points[0], points[2]] })
  assert.deepEqual(sizeSummary({ rows, points }), clean)
})

test('visited nodes are judged at their recall, and by whether they grow', () => {
  const { rows, points } = graph(1e4, 0.1)
  const rowsOf = (changed) => {
    const described = { title: 'data', rows, points: changed }
    return visitedTable({ ...described, ...visitedSummary(described) }).rows.slice(-2)
  }
  assert.deepEqual(
    rowsOf(points).map((row) => row.at(-1)),
    ['met', 'met'],
  )
  const all = points.map((point) => ({ ...point, visited: rows }))
  assert.deepEqual(
    rowsOf(all).map((row) => row.at(-1)),
    ['missed', 'missed'],
  )
  assert.equal(rowsOf(points.slice(0, 1))[0].at(-1), 'missed')
})

test('there is a plot of distances and one of queries per second', async () => {
  const plots = await growthPlots([{ title: 'Some data', sizes: summaries(0.1, 1e4, 1e5) }])
  assert.deepEqual(
    plots.map(([file]) => file),
    ['growth-distances.svg', 'growth-qps.svg'],
  )
  for (const [, svg] of plots) assert.ok(svg.startsWith('<svg ') && svg.includes('Some data'))
})
