import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  angle,
  chebyshev,
  cosine,
  dot,
  euclidean,
  manhattan,
  norm,
  normalize,
  projection,
} from '../../src/similarity/index.ts'
import { expectThrow } from '../helpers/errors.ts'
import {
  abs,
  add,
  compare,
  divide,
  type Exact,
  exact,
  expectNear,
  multiply,
  negate,
  root,
  sum,
  toNumber,
  ZERO,
} from './exact.ts'
import { type Pair, pairs, RANGES } from './vectors-of.ts'

type Numbers = ArrayLike<number>

function products(a: Numbers, b: Numbers): Exact[] {
  return Array.from(a, (x, i) => multiply(exact(x), exact(b[i]!)))
}

function differences(a: Numbers, b: Numbers): Exact[] {
  return Array.from(a, (x, i) => abs(add(exact(x), negate(exact(b[i]!)))))
}

function squares(a: Numbers): Exact {
  return sum(products(a, a))
}

function isZero(a: Numbers): boolean {
  return Array.from(a).every((x) => x === 0)
}

/** The textbook example: two films, each rated by two people, who disagree. */
const FILMS = { a: [4, -3], b: [-4, 4] }

describe('the film example', () => {
  it('has the dot product −28 and the cosine −0.99', () => {
    expect(dot(FILMS.a, FILMS.b)).toBe(-28)
    expect(cosine(FILMS.a, FILMS.b)).toBeCloseTo(-0.99, 2)
    expect(norm(FILMS.a)).toBe(5)
  })
})

describe.each(Object.entries(RANGES))('for vectors of %s size', (_, range) => {
  function check(property: (pair: Pair) => void, numRuns = 120): void {
    fc.assert(fc.property(pairs(range), property), { numRuns })
  }

  it('dot is exact but for 10⁻¹² of its terms', () => {
    check(({ a, b }) => {
      const terms = products(a, b)
      expectNear(dot(a, b), sum(terms), sum(terms.map(abs)))
    })
  })

  it('norm is exact but for 10⁻¹²', () => {
    check(({ a }) => {
      const truth = root(squares(a))
      expectNear(norm(a), truth, truth)
    })
  })

  it('normalize gives a vector of length 1 in the same direction', () => {
    check(({ a }) => {
      if (isZero(a)) return
      const length = root(squares(a))
      const unit = normalize(a)
      expect(unit).toBeInstanceOf(Float64Array)
      for (let i = 0; i < a.length; i += 1 + (a.length >> 5)) {
        const truth = divide(exact(a[i]!), length)
        expectNear(unit[i]!, truth, truth)
      }
      expect(norm(unit)).toBeCloseTo(1, 12)
    })
  })

  it('cosine is exact but for 10⁻¹² of its terms, and within [−1, 1]', () => {
    check(({ a, b }) => {
      if (isZero(a) || isZero(b)) return
      const lengths = multiply(root(squares(a)), root(squares(b)))
      const terms = products(a, b)
      const result = cosine(a, b)
      expectNear(result, divide(sum(terms), lengths), divide(sum(terms.map(abs)), lengths), 1e-12, a.length)
      expect(Math.abs(result)).toBeLessThanOrEqual(1)
      expect(cosine(b, a)).toBe(result)
    })
  })

  it('cosine is exactly 1 of a vector with itself, and −1 with its opposite', () => {
    check(({ a }) => {
      if (isZero(a)) return
      expect(cosine(a, Array.from(a))).toBe(1)
      expect(
        cosine(
          a,
          a.map((x) => -x),
        ),
      ).toBe(-1)
    })
  })

  it('angle has cosine and sine of the truth', () => {
    check(({ a, b }) => {
      if (isZero(a) || isZero(b)) return
      const result = angle(a, b)
      // With p = a·b, sin² = (|a|²|b|² − p²) / (|a|²|b|²), without cancellation that matters: it is exact.
      const lengths = multiply(squares(a), squares(b))
      const product = sum(products(a, b))
      const cos = toNumber(divide(product, root(lengths)))
      const sin = toNumber(root(divide(add(lengths, negate(multiply(product, product))), lengths)))
      expect(Math.abs(result - Math.atan2(sin, cos))).toBeLessThan(1e-14)
    })
  })

  it('projection is exact but for 10⁻¹² of its terms', () => {
    check(({ a, b }) => {
      if (isZero(b)) return
      const terms = products(a, b)
      const length = root(squares(b))
      const all = divide(sum(terms.map(abs)), length)
      const truth = divide(sum(terms), length)
      const { scalar, vector } = projection(a, b)
      expectNear(scalar, truth, all)
      for (let i = 0; i < b.length; i += 1 + (b.length >> 5)) {
        const share = divide(exact(b[i]!), length)
        expectNear(vector[i]!, multiply(truth, share), multiply(all, share))
      }
    })
  })

  it('euclidean, chebyshev and manhattan are exact but for 10⁻¹²', () => {
    check(({ a, b }) => {
      const terms = differences(a, b)
      const straight = root(sum(terms.map((term) => multiply(term, term))))
      expectNear(euclidean(a, b), straight, straight)
      const longest = terms.reduce((most, term) => (compare(term, most) > 0 ? term : most), ZERO)
      expectNear(chebyshev(a, b), longest, longest)
      const total = sum(terms)
      expectNear(manhattan(a, b), total, total)
      expect(euclidean(a, a)).toBe(0)
    })
  })
})

describe('what lies beyond float64', () => {
  it('is not met on the way', () => {
    expect(dot([1e200, 1e200], [1e200, -1e200])).toBe(0)
    expect(norm([3e-320, 4e-320])).toBeCloseTo(5e-320, 320)
    expect(norm([1.2e308, 0.9e308])).toBeCloseTo(1.5e308, -294)
    expect(euclidean([1e308], [-0.5e308])).toBe(1.5e308)
    expect(projection([1e300], [1e-50]).vector).toEqual(Float64Array.of(1e300))
    expect(projection([1e-300, 1], [1e-300, 0]).scalar).toBe(1e-300)
    const { scalar, vector } = projection([1.7e308, 1.7e308], [1e-5, 1e-5])
    expect(scalar).toBe(Infinity)
    expect(Array.from(vector, (x) => x / 1.7e308)).toEqual([expect.closeTo(1, 12), expect.closeTo(1, 12)])
  })

  it('is infinite', () => {
    expect(norm([1.7e308, 1.7e308])).toBe(Infinity)
    expect(manhattan([1.7e308], [-1.7e308])).toBe(Infinity)
    expect(dot([1e200], [-1e200])).toBe(-Infinity)
  })
})

describe('angle', () => {
  it('is exact where the arc cosine is not', () => {
    expect(angle([1, 0], [1, 1e-9])).toBeCloseTo(1e-9, 24)
    expect(angle([1, 0], [-1, 1e-9])).toBe(Math.PI - 1e-9)
    expect(angle([3, 4], [3, 4])).toBe(0)
    expect(angle([3, 4], [-3, -4])).toBe(Math.PI)
    expect(angle([2, 0], [0, 7])).toBe(Math.PI / 2)
  })
})

describe('a zero vector', () => {
  const zero = [0, -0]

  it('has no direction, so it is refused where one is needed', () => {
    expectThrow(() => cosine(zero, [1, 2]), 'BAD_VECTOR', { path: 'a' })
    expectThrow(() => cosine([1, 2], zero), 'BAD_VECTOR', { path: 'b' })
    expectThrow(() => angle([1, 2], zero), 'BAD_VECTOR', { path: 'b' })
    expectThrow(() => normalize(zero), 'BAD_VECTOR', { path: 'a' })
    expectThrow(() => projection([1, 2], zero), 'BAD_VECTOR', { path: 'onto' })
  })

  it('is a vector like any other elsewhere', () => {
    expect(norm(zero)).toBe(0)
    expect(dot(zero, [1, 2])).toBe(0)
    expect(euclidean(zero, [3, 4])).toBe(5)
    expect(projection(zero, [1, 2]).scalar).toBe(0)
  })
})
