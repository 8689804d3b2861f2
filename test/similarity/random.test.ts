import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { integers, logarithm, normals } from '../../src/similarity/random.ts'

const MASK = (1n << 64n) - 1n

/** splitmix64 and xoshiro128** as their authors give them, in integers without end. */
function* reference(seed: number): Generator<number> {
  let weyl = BigInt(seed)
  const state: bigint[] = []
  for (let word = 0; word < 2; word++) {
    weyl = (weyl + 0x9e3779b97f4a7c15n) & MASK
    let z = weyl
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK
    z ^= z >> 31n
    state.push(z & 0xffffffffn, z >> 32n)
  }
  let [s0, s1, s2, s3] = state as [bigint, bigint, bigint, bigint]
  const rotated = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & 0xffffffffn
  for (;;) {
    yield Number((rotated((s1 * 5n) & 0xffffffffn, 7n) * 9n) & 0xffffffffn)
    const t = (s1 << 9n) & 0xffffffffn
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= t
    s3 = rotated(s3, 11n)
  }
}

describe('random numbers of transforms', () => {
  it('are those of xoshiro128** from a state by splitmix64', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (seed) => {
        const ours = integers(seed)
        const theirs = reference(seed)
        for (let i = 0; i < 50; i++) expect(ours()).toBe(theirs.next().value)
      }),
    )
  })

  it('never change: these are stored nowhere, but seeds are', () => {
    const normal = normals(0)
    const drawn = Array.from({ length: 4 }, normal)
    expect(drawn).toEqual(PINNED)
  })

  it('are normally distributed', () => {
    const count = 200_000
    const normal = normals(7)
    const drawn = Float64Array.from({ length: count }, normal).sort()
    // Kolmogorov and Smirnov: greater than 1.95 / √n once in a thousand seeds.
    let greatest = 0
    for (let i = 0; i < count; i++) {
      const below = normalShare(drawn[i]!)
      greatest = Math.max(greatest, Math.abs(below - i / count), Math.abs(below - (i + 1) / count))
    }
    expect(greatest).toBeLessThan(1.95 / Math.sqrt(count))
  })

  it('differ from seed to seed, also beyond 32 bits', () => {
    const firsts = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER].map((seed) => normals(seed)())
    expect(new Set(firsts).size).toBe(firsts.length)
  })

  it('use a logarithm that is right to some units in the last place', () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** -110, max: 4, noNaN: true }), (x) => {
        const right = Math.log(x)
        // Near 1 the result is as small as x − 1, which is exact.
        expect(Math.abs(logarithm(x) - right)).toBeLessThanOrEqual(8 * Number.EPSILON * Math.abs(right))
      }),
      { numRuns: 2000 },
    )
    expect(logarithm(1)).toBe(0)
  })
})

/** The share of normal numbers below x, by the series of Marsaglia (2004). */
function normalShare(x: number): number {
  let sum = x
  let term = x
  for (let n = 3; Math.abs(term) > 1e-17; n += 2) {
    term *= (x * x) / n
    sum += term
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x - 0.9189385332046728)
}

const PINNED = [0.823068470600667, 0.3774554459826822, -0.6867027465463525, 1.2865776264531426]
