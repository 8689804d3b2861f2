import fc from 'fast-check'
import { generator } from '../helpers/random.ts'

/*
 * Pairs of vectors that are hard on floating point: any length, any relation, components of very different size.
 */

export interface Pair {
  readonly a: Float64Array
  readonly b: Float64Array
}

const DIMENSIONS = [1, 2, 3, 4, 5, 8, 31, 100, 384, 1023, 1024, 1025, 4096]

/** `range`: the binary exponents of vectors go up to it, both ways. */
export function pairs(range: number): fc.Arbitrary<Pair> {
  return fc
    .record({
      dimension: fc.constantFrom(...DIMENSIONS),
      seed: fc.integer(),
      sizeA: fc.integer({ min: -range, max: range }),
      sizeB: fc.integer({ min: -range, max: range }),
      spread: fc.constantFrom(0, 0, 8, 60, range),
      relation: fc.constantFrom('none', 'none', 'equal', 'opposite', 'near', 'orthogonal', 'multiple'),
      zeros: fc.constantFrom(0, 0, 0.5, 0.95),
    })
    .map(({ dimension, seed, sizeA, sizeB, spread, relation, zeros }) => {
      const random = generator(seed)
      const component = (size: number) => {
        const exponent = Math.max(-1070, Math.min(1020, size - Math.floor(random() * spread)))
        return random() < zeros ? 0 : (random() * 2 - 1) * 2 ** exponent
      }
      const a = Float64Array.from({ length: dimension }, () => component(sizeA))
      const b = Float64Array.from(a, (x, i) => {
        if (relation === 'equal') return x
        if (relation === 'opposite') return -x
        if (relation === 'near') return x * (1 + 2 ** -30 * random())
        if (relation === 'multiple') return x * 0.625
        if (relation === 'orthogonal') return i + 1 === dimension ? 0 : i % 2 ? -a[i - 1]! : a[i + 1]!
        return component(sizeB)
      })
      return { a, b }
    })
}

/** The exponents up to which lengths are as the issue has them, 10±30, and up to which float64 goes, 10±300. */
export const RANGES = { usual: 100, extreme: 996 } as const
