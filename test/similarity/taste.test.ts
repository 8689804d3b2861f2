import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type SkalarError, taste } from '../../src/index.ts'
import { expectThrow } from '../helpers/errors.ts'

const DAY = 86_400_000

describe('taste', () => {
  it('is the mean of what is liked, away from what is not', () => {
    expect(taste([{ vector: [1, 2] }, { vector: [3, 4] }])).toEqual(Float32Array.of(2, 3))
    expect(taste([{ vector: [1, 0] }, { vector: [0, 1], weight: -1 }])).toEqual(Float32Array.of(0.5, -0.5))
    expect(taste([{ vector: [4, 0], weight: 3 }, { vector: [0, 8] }])).toEqual(Float32Array.of(3, 2))
    expect(taste([{ vector: [3, 4] }], { unit: true })).toEqual(Float32Array.of(0.6, 0.8))
  })

  it('halves what an entry counts with each half-life', () => {
    const history = [
      { vector: [1, 0], at: new Date(0) },
      { vector: [0, 1], at: 2 * DAY },
    ]
    expect(taste(history, { halfLife: DAY })).toEqual(Float32Array.of(0.2, 0.8))
    // However long ago all of it was.
    const later = history.map(({ vector, at }) => ({ vector, at: Number(at) + 40 * 365 * DAY }))
    expect(taste(later, { halfLife: DAY })).toEqual(taste(history, { halfLife: DAY }))
  })

  it('follows its formula', () => {
    const entry = fc.record({
      vector: fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 3, maxLength: 3 }),
      weight: fc.double({ min: -5, max: 5, noNaN: true }),
      at: fc.integer({ min: 0, max: 30 * DAY }),
    })
    const history = fc.array(entry, { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(history, fc.integer({ min: DAY / 4, max: 30 * DAY }), (entries, halfLife) => {
        const latest = Math.max(...entries.map(({ at }) => at))
        const shares = entries.map(({ weight, at }) => weight * 0.5 ** ((latest - at) / halfLife))
        const total = shares.reduce((sum, share) => sum + Math.abs(share), 0)
        fc.pre(total > 1e-9)
        const made = taste(entries, { halfLife })
        for (let i = 0; i < 3; i++) {
          const expected = entries.reduce((sum, { vector }, j) => sum + (vector[i]! * shares[j]!) / total, 0)
          expect(Math.abs(made[i]! - expected)).toBeLessThanOrEqual(1e-5)
        }
      }),
    )
  })

  it('neither overflows nor fades to nothing', () => {
    const large = [
      { vector: [1, 0], weight: 1.5e308 },
      { vector: [0, 1], weight: 1.5e308 },
    ]
    expect(taste(large)).toEqual(Float32Array.of(0.5, 0.5))
    const old = { vector: [1, 0], at: 0 }
    expect(taste([old, { vector: [0, 1], at: 1e15 }], { halfLife: 1 })).toEqual(Float32Array.of(0, 1))
  })

  it('refuses what is no history', () => {
    const refused = (call: () => unknown, path: string, code: SkalarError['code'] = 'BAD_OPTION') =>
      expectThrow(call, code, { path })
    refused(() => taste([]), 'history')
    refused(() => taste(5 as never), 'history')
    refused(() => taste([[1, 2]] as never), 'history[0]')
    refused(() => taste([{ vector: [1], weight: Number.NaN }]), 'history[0].weight')
    refused(() => taste([{ vector: [1], weight: 0 }]), 'history')
    refused(() => taste([{ vector: [1] }], { halfLife: 0 }), 'options.halfLife')
    refused(() => taste([{ vector: [1] }], { halfLife: 5 }), 'history[0].at')
    refused(() => taste([{ vector: [1], at: new Date(Number.NaN) }], { halfLife: 5 }), 'history[0].at')
    refused(() => taste([{ vector: [1], date: 5 } as never]), 'history[0].date')
    refused(() => taste([{ vector: [1] }, { vector: [1, 2] }]), 'history[1].vector', 'DIMENSION_MISMATCH')
    refused(() => taste([{ vector: ['1'] as never }]), 'history[0].vector[0]', 'BAD_VECTOR')
    refused(() => taste([{ vector: [Infinity] }]), 'history[0].vector[0]', 'BAD_VECTOR')
    refused(() => taste([{ vector: [0, 0] }], { unit: true }), 'history[0].vector', 'BAD_VECTOR')
    refused(() => taste([{ vector: undefined as never }]), 'history[0].vector', 'BAD_VECTOR')
    refused(() => taste([{ vector: Buffer.of(1) as never }]), 'history[0].vector', 'BAD_VECTOR')
    expect(taste([{ vector: [0, 0] }])).toEqual(new Float32Array(2))
  })
})
