import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { align, dense, randomFourierFeatures, type Transform, transformFromBytes } from '../../src/index.ts'
import { expectThrow } from '../helpers/errors.ts'
import { generator, randomVectors } from '../helpers/random.ts'

const random = generator(4)
const vectors = (count: number, dimension: number) => randomVectors(random, count, dimension)

const TRANSFORMS: readonly Transform[] = [
  randomFourierFeatures({ gamma: 0.7, dimension: 5, features: 6, seed: 1 }),
  dense([
    { weights: vectors(7, 5), bias: vectors(1, 7)[0], activation: 'tanh' },
    { weights: vectors(3, 7), activation: 'relu' },
    { weights: vectors(4, 3), bias: vectors(1, 4)[0], activation: 'softmax' },
  ]),
  align({ from: vectors(20, 5), to: vectors(20, 3), kind: 'linear', center: true }),
  align({ from: vectors(20, 5), to: vectors(20, 5) }),
]

/** Bytes that were changed, with the checksum that they should have. */
function sealed(bytes: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  change(view)
  view.setUint32(8, crc32(copy.subarray(12)), true)
  return copy
}

describe.each(TRANSFORMS.map((transform, i) => ({ name: `${transform.kind} (${i})`, transform })))(
  'a transform by $name',
  ({ transform }) => {
    const { inputDimension, outputDimension } = transform

    it('gives for vectors, in an array or one behind the other, what it gives for each alone', () => {
      const given = vectors(9, inputDimension)
      const each = given.map((vector) => transform.apply(vector))
      for (const result of each) expect(result).toHaveLength(outputDimension)
      expect(transform.apply(given)).toEqual(each)
      expect(transform.apply(given.map((vector) => [...vector]))).toEqual(each)
      const flat = given.flatMap((vector) => [...vector])
      const all = Float32Array.from(each.flatMap((result) => [...result]))
      expect(transform.apply(Float32Array.from(flat))).toEqual(all)
      expect(transform.apply(flat)).toEqual(all)
      expect(transform.apply([given[0]!])).toEqual([each[0]])
      expect(transform.apply([])).toEqual([])
    })

    it('gives results that are the caller’s own', () => {
      const [vector] = vectors(1, inputDimension)
      const first = transform.apply([vector!, vector!])
      first[0]!.fill(9)
      expect(first[1]).toEqual(transform.apply(vector!))
    })

    it('comes back from its bytes, bit for bit', () => {
      const bytes = transform.toBytes()
      const back = transformFromBytes(bytes)
      expect(back.kind).toBe(transform.kind)
      expect(back.inputDimension).toBe(inputDimension)
      expect(back.outputDimension).toBe(outputDimension)
      expect(back.toBytes()).toEqual(bytes)
      const given = vectors(50, inputDimension)
      expect(back.apply(given)).toEqual(transform.apply(given))
    })

    it('takes its bytes from the midst of others, at any place, and copies them', () => {
      const bytes = transform.toBytes()
      const within = new Uint8Array(bytes.length + 5)
      within.set(bytes, 3)
      const back = transformFromBytes(within.subarray(3, 3 + bytes.length))
      const fromBuffer = transformFromBytes(Buffer.from(bytes))
      within.fill(0)
      bytes.fill(0)
      expect(back.toBytes()).toEqual(transform.toBytes())
      expect(fromBuffer.toBytes()).toEqual(transform.toBytes())
    })

    it('is refused when any bit of its bytes is another', () => {
      const bytes = transform.toBytes()
      fc.assert(
        fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 7 }), (place, bit) => {
          const damaged = bytes.slice()
          damaged[place]! ^= 1 << bit
          const code = place === 6 || place === 7 ? 'UNSUPPORTED_VERSION' : 'CORRUPTED'
          expectThrow(() => transformFromBytes(damaged), code, { path: 'bytes' })
        }),
        { numRuns: 300 },
      )
    })

    it('is refused when its bytes are cut off or go on', () => {
      const bytes = transform.toBytes()
      for (let length = 0; length < bytes.length; length++) {
        expectThrow(() => transformFromBytes(bytes.subarray(0, length)), 'CORRUPTED', { path: 'bytes' })
        const cut = bytes.slice(0, length)
        if (length < 20) continue
        expectThrow(() => transformFromBytes(sealed(cut, () => {})), 'CORRUPTED', { path: 'bytes' })
      }
      const longer = new Uint8Array(bytes.length + 4)
      longer.set(bytes)
      expectThrow(() => transformFromBytes(longer), 'CORRUPTED', { path: 'bytes' })
      expectThrow(() => transformFromBytes(sealed(longer, () => {})), 'CORRUPTED', { path: 'bytes' })
    })

    it('is refused when its bytes do not make sense under a right checksum', () => {
      const bytes = transform.toBytes()
      const refused = (change: (view: DataView) => void) =>
        expectThrow(() => transformFromBytes(sealed(bytes, change)), 'CORRUPTED', { path: 'bytes' })
      // kind, layers, inputs, products, activation, bias
      for (const place of [12, 16, 20, 24, 28, 32]) refused((view) => view.setUint32(place, 0xffffffff, true))
      for (const place of [16, 20, 24]) refused((view) => view.setUint32(place, 0, true))
      refused((view) => view.setFloat32(36, Number.NaN, true))
      refused((view) => view.setFloat32(36, -Infinity, true))
    })

    it('never fails otherwise, whatever numbers its bytes hold', () => {
      const bytes = transform.toBytes()
      fc.assert(
        fc.property(fc.nat({ max: bytes.length / 4 - 4 }), fc.nat({ max: 0xffffffff }), (word, value) => {
          const changed = sealed(bytes, (view) => view.setUint32(12 + 4 * word, value, true))
          try {
            transformFromBytes(changed)
          } catch (error) {
            expect(error).toMatchObject({ code: 'CORRUPTED', path: 'bytes' })
          }
        }),
        { numRuns: 300 },
      )
    })

    it('refuses vectors of another dimension, and what are none', () => {
      const refused = (given: unknown, code: 'BAD_VECTOR' | 'DIMENSION_MISMATCH', path: string) =>
        expectThrow(() => transform.apply(given as number[]), code, { path })
      refused(new Float32Array(inputDimension - 1), 'DIMENSION_MISMATCH', 'vector')
      refused(new Float32Array(inputDimension + 1), 'DIMENSION_MISMATCH', 'vector')
      const good = new Float32Array(inputDimension)
      refused([good, good.subarray(1)], 'DIMENSION_MISMATCH', 'vectors[1]')
      refused([good, [...good.subarray(1), Number.NaN]], 'BAD_VECTOR', `vectors[1][${inputDimension - 1}]`)
      refused([good, [...good.subarray(1), '1']], 'BAD_VECTOR', `vectors[1][${inputDimension - 1}]`)
      refused([good, null], 'BAD_VECTOR', 'vectors[1]')
      refused(new Float32Array(0), 'BAD_VECTOR', 'vector')
      refused(Buffer.alloc(inputDimension), 'BAD_VECTOR', 'vector')
      for (const given of [undefined, null, 'vector', {}, 1]) refused(given, 'BAD_VECTOR', 'vector')
    })
  },
)

describe('a transform', () => {
  it('refuses a result beyond float32 instead of giving Infinity', () => {
    const transform = dense([{ weights: [[1e30, 0], [1, 1e30]] }]) // biome-ignore format: rows
    expect(transform.apply([1, 1])[0]).toBe(Math.fround(1e30))
    const error = expectThrow(() => transform.apply([1, 1e30]), 'BAD_VECTOR', { path: 'vector' })
    expect(error.message).toMatch(/component 1/)
    expectThrow(() => transform.apply([[1, 1], [1, 1e30]]), 'BAD_VECTOR', { path: 'vectors[1]' }) // biome-ignore format: rows
  })
})

describe('transformFromBytes', () => {
  it('refuses what are no bytes', () => {
    for (const bytes of [undefined, null, 'skTRAN', [1, 2], new Uint16Array(40), new ArrayBuffer(40)]) {
      expectThrow(() => transformFromBytes(bytes as unknown as Uint8Array), 'BAD_OPTION', { path: 'bytes' })
    }
  })

  it('reads what version 1 has written, forever', () => {
    const bytes = Uint8Array.from(Buffer.from(VERSION_1, 'hex'))
    const transform = transformFromBytes(bytes)
    expect(transform.kind).toBe('dense')
    expect(transform.apply([3, 1])).toEqual(Float32Array.of(1.5, 0))
    expect(transform.toBytes()).toEqual(bytes)
    const version2 = bytes.slice()
    version2[6] = 2
    const error = expectThrow(() => transformFromBytes(version2), 'UNSUPPORTED_VERSION', { path: 'bytes' })
    expect(error.message).toMatch(/version 2.*reads 1/)
  })
})

/** One layer of relu: weights (1, −2) and (−1, 0.5), biases 0.5 and 0. */
const VERSION_1 = [
  '736b5452414e', // skTRAN
  '0100',
  '4a97e188',
  '01000000', // dense
  '01000000', // layers
  '02000000', // inputs
  '02000000', // products
  '01000000', // relu
  '01000000', // with biases
  '0000803f000000c0',
  '000080bf0000003f',
  '0000003f00000000',
].join('')
