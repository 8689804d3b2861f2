import assert from 'node:assert/strict'
import { test } from 'node:test'
import { costAt, exponentOf, frontier, speedAt, spread } from '../report/statistics.mjs'

const CURVE = [
  { recall: 0.8, speed: 1000 },
  { recall: 0.9, speed: 100 },
  { recall: 1, speed: 10 },
]

test('the speed between two points is interpolated on a logarithmic scale', () => {
  assert.ok(Math.abs(speedAt(0.85, CURVE).speed - Math.sqrt(1000 * 100)) < 1e-9)
  assert.ok(Math.abs(speedAt(0.9, CURVE).speed - 100) < 1e-9)
  assert.equal(speedAt(0.85, CURVE).atLeast, false)
})

test('a recall beyond the best has no speed', () => {
  assert.equal(speedAt(0.95, CURVE.slice(0, 2)), undefined)
  assert.equal(speedAt(0.5, []), undefined)
})

test('below the least recall the fastest point is a lower bound', () => {
  assert.deepEqual(speedAt(0.5, CURVE), { speed: 1000, atLeast: true })
})

test('points that another one beats in recall and speed are left out', () => {
  const slow = { recall: 0.85, speed: 50 }
  const fast = { recall: 0.95, speed: 2000 }
  assert.deepEqual(frontier([...CURVE, slow]), CURVE)
  assert.deepEqual(frontier([...CURVE, fast]), [fast, CURVE[2]])
})

test('a spread is the median, the least and the greatest', () => {
  assert.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3, samples: 3 })
  assert.deepEqual(spread([4, 1]), { median: 2.5, min: 1, max: 4, samples: 2 })
  assert.equal(spread([]), undefined)
})

test('a cost between two points is interpolated on a logarithmic scale, and rises with recall', () => {
  const costs = CURVE.map(({ recall, speed }) => ({ recall, cost: 1e6 / speed }))
  const { cost, atMost } = costAt(0.85, costs)
  assert.ok(Math.abs(cost - Math.sqrt(1e3 * 1e4)) < 1e-6)
  assert.equal(atMost, false)
  assert.equal(costAt(0.95, costs.slice(0, 2)), undefined)
  assert.deepEqual(costAt(0.5, costs), { cost: 1e3, atMost: true })
})

test('a point that costs more and finds less than another is left out', () => {
  const costs = [
    { recall: 0.8, cost: 10 },
    { recall: 0.85, cost: 500 },
    { recall: 0.9, cost: 100 },
  ]
  assert.ok(Math.abs(costAt(0.85, costs).cost - Math.sqrt(10 * 100)) < 1e-9)
})

test('the exponent of a power is found, whatever its factor', () => {
  const power = (e) => [1e3, 1e4, 5e5].map((n) => [n, 7 * n ** e])
  for (const e of [-0.5, 0, 0.2, 1]) assert.ok(Math.abs(exponentOf(power(e)) - e) < 1e-12)
})

test('the exponent of points off the line is that of least squares', () => {
  // In logarithms: (0, 0), (1, 1), (2, 0), whose best line is level.
  const points = [
    [1, 1],
    [Math.E, Math.E],
    [Math.E ** 2, 1],
  ]
  assert.ok(Math.abs(exponentOf(points)) < 1e-12)
})

test('one size has no exponent', () => {
  assert.equal(exponentOf([[1000, 5]]), undefined)
  assert.equal(exponentOf([]), undefined)
})
