import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { euclidean, mahalanobis } from '../../src/similarity/index.ts'
import { expectThrow } from '../helpers/errors.ts'
import { generator } from '../helpers/random.ts'
import { abs, add, type Exact, exact, expectNear, multiply, negate, sum } from './exact.ts'

interface Case {
  readonly a: number[]
  readonly b: number[]
  readonly precision: number[][]
}

/** A matrix G Gᵀ + I, in units that differ from component to component by powers of two up to `range`. */
function cases(range: number): fc.Arbitrary<Case> {
  return fc
    .record({
      n: fc.constantFrom(1, 2, 3, 7, 24),
      seed: fc.integer(),
      size: fc.integer({ min: -range, max: range }),
    })
    .map(({ n, seed, size }) => {
      const random = generator(seed)
      const units = Array.from({ length: n }, () => Math.floor((random() - 0.5) * range))
      const vector = () => Array.from({ length: n }, () => random() - 0.5)
      const rows = Array.from({ length: n }, vector)
      const precision = rows.map((x, i) =>
        rows.map((y, j) => {
          const product = x.reduce((total, value, k) => total + value * y[k]!, i === j ? 1 : 0)
          return product * 2 ** units[i]! * 2 ** units[j]!
        }),
      )
      return { a: vector().map((x) => x * 2 ** size), b: vector().map((x) => x * 2 ** size), precision }
    })
}

/** The terms of (a − b)ᵀ P (a − b). */
function formTerms({ a, b, precision }: Case): Exact[] {
  const apart = a.map((x, i) => add(exact(x), negate(exact(b[i]!))))
  return precision.flatMap((row, i) =>
    row.map((entry, j) => multiply(multiply(apart[i]!, exact(entry)), apart[j]!)),
  )
}

describe('mahalanobis', () => {
  it.each([
    ['usual', 60],
    ['extreme', 400],
  ])('is exact but for 10⁻¹² of its terms, for sizes that are %s', (_, range) => {
    fc.assert(
      fc.property(cases(range), (given) => {
        const distance = mahalanobis(given.a, given.b, given.precision)
        expect(distance).toBeGreaterThanOrEqual(0)
        const terms = formTerms(given)
        const square = multiply(exact(distance), exact(distance))
        const error = abs(add(square, negate(sum(terms))))
        expectNear(0, error, sum(terms.map(abs)), 2e-12)
        expect(mahalanobis(given.b, given.a, Float64Array.from(given.precision.flat()))).toBe(distance)
      }),
    )
  })

  it('is the Euclidean distance where the matrix is the identity', () => {
    const identity = [1, 0, 0, 1]
    expect(mahalanobis([1, 2], [4, 6], identity)).toBe(5)
    expect(mahalanobis([1, 2], [1, 2], identity)).toBe(0)
    expect(euclidean([1, 2], [4, 6])).toBe(5)
  })

  it('takes matrices and vectors as large or small as numbers are', () => {
    const units = [
      [1e300, 0],
      [0, 1e-300],
    ]
    expect(mahalanobis([0, 1], [0, 0], units)).toBeCloseTo(1e-150, 162)
    expect(mahalanobis([1e-150, 0], [0, 0], units)).toBeCloseTo(1, 12)
    expect(mahalanobis([1e300], [0], [[1e-300]])).toBeCloseTo(1e150, -138)
    expect(mahalanobis([1.5e308], [-1.5e308], [[1e-300]])).toBeCloseTo(3e158, -146)
    expect(mahalanobis([1.5e308], [-1.5e308], [[1]])).toBe(Infinity)
  })

  it('takes the mean of a matrix and its transpose where rounding has made them differ', () => {
    expect(
      mahalanobis(
        [1, 1],
        [0, 0],
        [
          [2, 1],
          [1 + 1e-12, 2],
        ],
      ),
    ).toBeCloseTo(Math.sqrt(6), 11)
  })

  it('refuses matrices that are not symmetric', () => {
    const skew = [
      [2, 1],
      [1.001, 2],
    ]
    const error = expectThrow(() => mahalanobis([1, 1], [0, 0], skew), 'BAD_OPTION', { path: 'precision' })
    expect(error.message).toMatch(/symmetric/)
    // In whatever units: the entries differ by a tenth of √(p(0, 0) p(1, 1)).
    for (const unit of [1e-40, 1, 1e40]) {
      const matrix = [unit * unit, 0.5 * unit, 0.6 * unit, 1]
      expectThrow(() => mahalanobis([1, 1], [0, 0], matrix), 'BAD_OPTION', { path: 'precision' })
      const near = [unit * unit, 0.5 * unit, 0.5 * unit * (1 + 1e-9), 1]
      expect(mahalanobis([1 / unit, 1], [0, 0], near)).toBeCloseTo(Math.sqrt(3), 8)
    }
    expectThrow(() => mahalanobis([1, 1], [0, 0], [1, 1e308, -1e308, 1]), 'BAD_OPTION', { path: 'precision' })
  })

  it('refuses matrices that are not positive definite', () => {
    const bad = [
      [1, 0, 0, 0],
      [-1, 0, 0, 1],
      [1, 2, 2, 1],
      [1, 1, 1, 1],
      [1e-200, 1e200, 1e200, 1e-200],
      [0, 0, 0, 0],
    ]
    for (const matrix of bad) {
      const error = expectThrow(() => mahalanobis([1, 1], [0, 0], matrix), 'BAD_OPTION', {
        path: 'precision',
      })
      expect(error.message).toMatch(/positive definite/)
    }
  })

  it('refuses sizes that do not fit', () => {
    expectThrow(() => mahalanobis([1, 2], [1], [[1]]), 'DIMENSION_MISMATCH', { path: 'b' })
    expectThrow(() => mahalanobis([1, 2], [1, 2], [[1]]), 'DIMENSION_MISMATCH', { path: 'precision[0]' })
    expectThrow(() => mahalanobis([1, 2], [1, 2], [[1, 0]]), 'DIMENSION_MISMATCH', { path: 'precision' })
    expectThrow(() => mahalanobis([1, 2], [1, 2], [1, 0, 0]), 'DIMENSION_MISMATCH', { path: 'precision' })
    expectThrow(() => mahalanobis([1, 2], [1, 2], [1, 0, 0, NaN]), 'BAD_VECTOR', { path: 'precision[3]' })
  })
})
