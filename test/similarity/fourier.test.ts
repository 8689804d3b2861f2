import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { randomFourierFeatures } from '../../src/index.ts'
import { expectThrow } from '../helpers/errors.ts'
import { generator, randomVectors } from '../helpers/random.ts'

const options = { gamma: 0.5, dimension: 4, features: 8 } as const

function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!
  return sum
}

function rbf(x: ArrayLike<number>, y: ArrayLike<number>, gamma: number): number {
  let squares = 0
  for (let i = 0; i < x.length; i++) squares += (x[i]! - y[i]!) ** 2
  return Math.exp(-gamma * squares)
}

describe('randomFourierFeatures', () => {
  it('has dot products with the mean and the deviation that the theory says', () => {
    const dimension = 6
    const gamma = 0.3
    const [x, y] = randomVectors(generator(1), 2, dimension) as [Float32Array, Float32Array]
    const kernel = rbf(x, y, gamma)
    for (const features of [16, 64, 256]) {
      const seeds = 600
      const errors = Array.from({ length: seeds }, (_, seed) => {
        const [zx, zy] = randomFourierFeatures({ gamma, dimension, features, seed }).apply([x, y])
        return dot(zx!, zy!) - kernel
      })
      // (1 − k²) / √D, of Sutherland and Schneider: of 600 seeds the mean is within four standard errors, the deviation within 15 %.
      const deviation = (1 - kernel ** 2) / Math.sqrt(features)
      const mean = errors.reduce((sum, error) => sum + error, 0) / seeds
      const found = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / seeds)
      expect(Math.abs(mean)).toBeLessThan((4 * deviation) / Math.sqrt(seeds))
      expect(found / deviation).toBeGreaterThan(0.85)
      expect(found / deviation).toBeLessThan(1.15)
    }
  })

  it('is near the kernel for all pairs of a set, the nearer the more features there are', () => {
    const dimension = 16
    const gamma = 0.05
    const vectors = randomVectors(generator(2), 40, dimension)
    const worst = [64, 1024, 16_384].map((features) => {
      const mapped = randomFourierFeatures({ gamma, dimension, features, seed: 3 }).apply(vectors)
      let greatest = 0
      for (let i = 0; i < vectors.length; i++) {
        for (let j = 0; j < i; j++) {
          const error = dot(mapped[i]!, mapped[j]!) - rbf(vectors[i]!, vectors[j]!, gamma)
          greatest = Math.max(greatest, Math.abs(error))
        }
      }
      // The greatest of 780 errors with a deviation of at most 1 / √D.
      expect(greatest).toBeLessThan(4.5 / Math.sqrt(features))
      return greatest
    })
    expect(worst[1]).toBeLessThan(worst[0]! / 2)
    expect(worst[2]).toBeLessThan(worst[1]! / 2)
  })

  it('gives vectors of length 1, and a dot product of 1 for equal ones', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 1, max: 50 }),
        (x, pairs) => {
          const z = randomFourierFeatures({ ...options, features: 2 * pairs }).apply(x)
          expect(z).toHaveLength(2 * pairs)
          expect(Math.abs(dot(z, z) - 1)).toBeLessThan(1e-6)
        },
      ),
    )
  })

  it('is cosines, then sines, of the same products', () => {
    const z = randomFourierFeatures({ ...options, features: 6 }).apply([0.1, 0.2, -0.3, 0.4])
    for (let i = 0; i < 3; i++) expect(z[i]! ** 2 + z[3 + i]! ** 2).toBeCloseTo(1 / 3, 6)
    const zero = randomFourierFeatures({ ...options, features: 6 }).apply([0, 0, 0, 0])
    expect(zero).toEqual(Float32Array.of(1, 1, 1, 0, 0, 0).map((x) => x / Math.sqrt(3)))
  })

  it('has weights that depend on the seed alone, bit for bit', () => {
    const bytesOf = (seed?: number) => randomFourierFeatures({ ...options, seed }).toBytes()
    expect(bytesOf(5)).toEqual(bytesOf(5))
    expect(bytesOf()).toEqual(bytesOf(0))
    expect(bytesOf(5)).not.toEqual(bytesOf(6))
    // Of the same seed on every machine and engine, now and later.
    const checksum = new DataView(bytesOf(5).buffer).getUint32(8, true)
    expect(checksum).toBe(CHECKSUM)
  })

  it('scales its frequencies by the root of twice gamma', () => {
    const weights = (gamma: number) =>
      new Float32Array(randomFourierFeatures({ ...options, gamma }).toBytes().buffer, 36)
    const one = weights(0.5)
    expect(weights(2)).toEqual(one.map((weight) => 2 * weight))
    expect(weights(0).every((weight) => weight === 0)).toBe(true)
    expect(weights(1e30).every(Number.isFinite)).toBe(true)
    const plain = randomFourierFeatures({ dimension: 4, features: 8 })
    expect(plain.toBytes()).toEqual(randomFourierFeatures({ ...options, gamma: 1 / 4 }).toBytes())
  })

  it('refuses what it cannot make, and says where', () => {
    const refused = (given: object, path: string) => {
      const error = expectThrow(() => randomFourierFeatures(given as typeof options), 'BAD_OPTION', { path })
      return error.message
    }
    for (const gamma of [-1, 1e31, Number.NaN, Infinity, '1', null])
      refused({ ...options, gamma }, 'options.gamma')
    for (const dimension of [0, 1.5, 65_536]) refused({ ...options, dimension }, 'options.dimension')
    for (const features of [0, 1, 65_536]) refused({ ...options, features }, 'options.features')
    expect(refused({ ...options, features: 7 }, 'options.features')).toMatch(/even/)
    for (const seed of [-1, 0.5, 2 ** 53]) refused({ ...options, seed }, 'options.seed')
    refused({ ...options, kernel: 'laplacian' }, 'options.kernel')
    expect(refused({ ...options, dim: 4 }, 'options.dim')).toMatch(/did you mean "dimension"/)
    for (const key of ['dimension', 'features']) {
      expect(refused({ ...options, [key]: undefined }, `options.${key}`)).toMatch(/missing/)
    }
    expectThrow(
      () => randomFourierFeatures({ ...options, dimension: 65_535, features: 65_534 }),
      'BAD_OPTION',
    )
  })
})

const CHECKSUM = 0x7d03109b
