import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frontier, speedAt, spread } from '../report/statistics.mjs'

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
