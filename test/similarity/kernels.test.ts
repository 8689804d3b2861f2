import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { laplacian, linear, polynomial, rbf, sigmoid, softmax } from '../../src/similarity/index.ts'
import { expectThrow } from '../helpers/errors.ts'
import { abs, add, divide, type Exact, exact, expectNear, multiply, negate, sum, toNumber } from './exact.ts'
import { type Pair, pairs, RANGES } from './vectors-of.ts'

/*
 * Against the definitions of sklearn.metrics.pairwise, from exact sums.
 */

function terms(a: Float64Array, b: Float64Array): Exact[] {
  return Array.from(a, (x, i) => multiply(exact(x), exact(b[i]!)))
}

function differences(a: Float64Array, b: Float64Array): Exact[] {
  return Array.from(a, (x, i) => abs(add(exact(x), negate(exact(b[i]!)))))
}

/** exp(−x), by the rule for small exponents what x loses when it becomes a float64 is made good. */
function expOfMinus(x: Exact): number {
  const head = toNumber(x)
  if (head > 800) return 0
  return Math.exp(-head) * (1 - toNumber(add(x, negate(exact(head)))))
}

const parameters = fc.record({
  gamma: fc.constantFrom(undefined, 1e-3, 0.5, 2, 1e-250),
  degree: fc.constantFrom(undefined, 1, 2, 5),
  coef0: fc.constantFrom(undefined, 0, 1, -2.5),
})

describe.each(Object.entries(RANGES))('for vectors of %s size', (_, range) => {
  type Parameters = { gamma: number | undefined; degree: number | undefined; coef0: number | undefined }
  function check(property: (pair: Pair, given: Parameters) => void): void {
    fc.assert(fc.property(pairs(range), parameters, property), { numRuns: 150 })
  }

  it('linear is the dot product', () => {
    check(({ a, b }) => {
      const all = terms(a, b)
      expectNear(linear(a, b), sum(all), sum(all.map(abs)))
    })
  })

  it('polynomial is (gamma a·b + coef0)^degree', () => {
    check(({ a, b }, given) => {
      const { gamma = 1 / a.length, degree = 3, coef0 = 1 } = given
      const all = terms(a, b)
      const base = add(multiply(exact(gamma), sum(all)), exact(coef0))
      const size = add(multiply(exact(gamma), sum(all.map(abs))), abs(exact(coef0)))
      let truth = base
      let scale = size
      for (let i = 1; i < degree; i++) {
        truth = multiply(truth, base)
        scale = multiply(scale, size)
      }
      const result = polynomial(a, b, given)
      // A product that is not finite is no more than its sign where terms beyond float64 cancel.
      if (Number.isFinite(toNumber(scale))) expectNear(result, truth, scale)
      else expect(result).not.toBeNaN()
    })
  })

  it('sigmoid is tanh(gamma a·b + coef0)', () => {
    check(({ a, b }, { gamma, coef0 }) => {
      const all = terms(a, b)
      const factor = exact(gamma ?? 1 / a.length)
      const truth = toNumber(add(multiply(factor, sum(all)), exact(coef0 ?? 1)))
      const size = toNumber(add(multiply(factor, sum(all.map(abs))), abs(exact(coef0 ?? 1))))
      const tolerance = 1e-12 * Math.max(size, 1)
      if (tolerance < 0.1) {
        expect(Math.abs(sigmoid(a, b, { gamma, coef0 }) - Math.tanh(truth))).toBeLessThanOrEqual(tolerance)
      } else expect(Math.abs(sigmoid(a, b, { gamma, coef0 }))).toBeLessThanOrEqual(1)
    })
  })

  it('rbf is exp(−gamma |a − b|²)', () => {
    check(({ a, b }, { gamma }) => {
      const apart = sum(differences(a, b).map((term) => multiply(term, term)))
      const truth = expOfMinus(multiply(exact(gamma ?? 1 / a.length), apart))
      const result = rbf(a, b, { gamma })
      expect(Math.abs(result - truth)).toBeLessThanOrEqual(1e-12 * truth + Number.MIN_VALUE)
      expect(rbf(a, a, { gamma })).toBe(1)
    })
  })

  it('laplacian is exp(−gamma Σ|aᵢ − bᵢ|)', () => {
    check(({ a, b }, { gamma }) => {
      const truth = expOfMinus(multiply(exact(gamma ?? 1 / a.length), sum(differences(a, b))))
      const result = laplacian(a, b, { gamma })
      expect(Math.abs(result - truth)).toBeLessThanOrEqual(1e-12 * truth + Number.MIN_VALUE)
    })
  })
})

describe('kernels', () => {
  it('have the defaults of scikit-learn', () => {
    const a = [1, 2]
    const b = [3, 5]
    expect(polynomial(a, b)).toBe((13 / 2 + 1) ** 3)
    expect(sigmoid(a, b)).toBe(Math.tanh(13 / 2 + 1))
    expect(rbf(a, b)).toBe(Math.exp(-13 / 2))
    expect(laplacian(a, b)).toBe(Math.exp(-5 / 2))
  })

  it('meet what lies beyond float64 on the way only', () => {
    expect(rbf([1e200], [0], { gamma: 1e-300 })).toBe(0)
    expect(rbf([1e160], [0], { gamma: 1e-308 })).toBe(0)
    expect(rbf([1e154], [-1e154], { gamma: 1e-308 })).toBeCloseTo(Math.exp(-4), 12)
    expect(laplacian([1.5e308, 1], [-1.5e308, 1], { gamma: 1e-308 })).toBeCloseTo(Math.exp(-3), 12)
    expect(polynomial([1e200], [1e200], { gamma: 1e-300, degree: 3 })).toBeCloseTo(1e300, -288)
  })

  it('refuse parameters out of range, and unknown ones', () => {
    const a = [1, 2]
    expectThrow(() => rbf(a, a, { gamma: 0 }), 'BAD_OPTION', { path: 'options.gamma' })
    expectThrow(() => rbf(a, a, { gamma: -1 }), 'BAD_OPTION', { path: 'options.gamma' })
    expectThrow(() => rbf(a, a, { gamma: NaN }), 'BAD_OPTION', { path: 'options.gamma' })
    expectThrow(() => rbf(a, a, { coef0: 1 } as never), 'BAD_OPTION', { path: 'options.coef0' })
    expectThrow(() => laplacian(a, a, { gama: 1 } as never), 'BAD_OPTION', { path: 'options.gama' })
    expectThrow(() => polynomial(a, a, { degree: 2.5 }), 'BAD_OPTION', { path: 'options.degree' })
    expectThrow(() => polynomial(a, a, { degree: 0 }), 'BAD_OPTION', { path: 'options.degree' })
    expectThrow(() => polynomial(a, a, { gamma: -1 }), 'BAD_OPTION', { path: 'options.gamma' })
    expectThrow(() => sigmoid(a, a, { coef0: Infinity }), 'BAD_OPTION', { path: 'options.coef0' })
    expectThrow(() => linear(a, [1]), 'DIMENSION_MISMATCH', { path: 'b' })
  })
})

describe('softmax', () => {
  const scores = fc
    .array(fc.double({ min: -1e30, max: 1e30, noNaN: true }), { minLength: 1, maxLength: 300 })
    .chain((large) =>
      fc.constantFrom(
        large,
        large.map((score) => score % 50),
      ),
    )

  it('is exp(s / T) / Σ exp(s / T)', () => {
    fc.assert(
      fc.property(scores, fc.constantFrom(0.01, 1, 30), (given, temperature) => {
        const best = given.reduce((most, score) => Math.max(most, score))
        const powers = given.map((score) => {
          return expOfMinus(divide(add(exact(best), negate(exact(score))), exact(temperature)))
        })
        const total = sum(powers.map(exact))
        softmax(given, { temperature }).forEach((share, i) => {
          const truth = divide(exact(powers[i]!), total)
          expectNear(share, truth, truth)
        })
      }),
    )
  })

  it('sums to 1', () => {
    fc.assert(
      fc.property(scores, (given) => {
        const total = sum(Array.from(softmax(given), exact))
        expectNear(1, total, exact(1))
      }),
    )
  })

  it('takes scores of any size and any temperature above 0', () => {
    expect(softmax([1e308, -1e308])).toEqual(Float64Array.of(1, 0))
    expect(softmax([3, 3], { temperature: 5e-324 })).toEqual(Float64Array.of(0.5, 0.5))
    expect(softmax([1, 2], { temperature: 1e308 })).toEqual(Float64Array.of(0.5, 0.5))
    expectThrow(() => softmax([1], { temperature: 0 }), 'BAD_OPTION', { path: 'options.temperature' })
    expectThrow(() => softmax([1], { temperature: -1 }), 'BAD_OPTION', { path: 'options.temperature' })
    expectThrow(() => softmax([]), 'BAD_VECTOR', { path: 'scores' })
  })
})
