import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Activation, type DenseLayer, dense } from '../../src/index.ts'
import { expectThrow } from '../helpers/errors.ts'

const ACTIVATIONS: readonly Activation[] = ['linear', 'relu', 'tanh', 'softmax']

/** The definition, row by row, in float64 with weights that are float32 already. */
function reference(
  layers: readonly { weights: number[][]; bias?: number[]; activation: Activation }[],
  x: number[],
) {
  return layers.reduce((values, { weights, bias, activation }) => {
    const products = weights.map((row, i) => row.reduce((sum, w, j) => sum + w * values[j]!, bias?.[i] ?? 0))
    if (activation === 'relu') return products.map((p) => Math.max(p, 0))
    if (activation === 'tanh') return products.map(Math.tanh)
    if (activation === 'linear') return products
    const powers = products.map((p) => Math.exp(p - Math.max(...products)))
    const sum = powers.reduce((a, b) => a + b)
    return powers.map((power) => power / sum)
  }, x)
}

const number = fc.float({ min: -2, max: 2, noNaN: true })
const row = (length: number) => fc.array(number, { minLength: length, maxLength: length })

/** A network of up to three layers of up to nine neurons, and a vector for it. */
const network = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }).chain((sizes) =>
  fc.tuple(
    fc.tuple(
      ...sizes.slice(1).map((neurons, i) =>
        fc.record(
          {
            weights: fc.array(row(sizes[i]!), { minLength: neurons, maxLength: neurons }),
            bias: row(neurons),
            activation: fc.constantFrom(...ACTIVATIONS),
          },
          { requiredKeys: ['weights', 'activation'] },
        ),
      ),
    ),
    row(sizes[0]!),
  ),
)

describe('dense', () => {
  it('is what the definition says', () => {
    fc.assert(
      fc.property(network, ([layers, x]) => {
        const transform = dense(layers)
        expect(transform.inputDimension).toBe(x.length)
        expect(transform.outputDimension).toBe(layers.at(-1)!.weights.length)
        const wanted = reference(layers, x)
        const found = transform.apply(x)
        expect(found).toBeInstanceOf(Float32Array)
        expect(found).toHaveLength(wanted.length)
        // Rounded to float32; sums in another order differ by some units of float64 in each of three layers.
        for (let i = 0; i < wanted.length; i++) {
          expect(Math.abs(found[i]! - wanted[i]!)).toBeLessThanOrEqual(
            2 ** -23 * Math.abs(wanted[i]!) + 1e-11,
          )
        }
      }),
      { numRuns: 500 },
    )
  })

  it('takes weights row by row in a typed array, its columns given for the first layer and known for others', () => {
    const rows = dense([
      { weights: [[1, 2, 3], [4, 5, 6]], bias: [1, -1], activation: 'relu' }, // biome-ignore format: rows
      { weights: [[0.5, -0.5]] },
    ])
    const flat = dense(
      [
        { weights: Float64Array.of(1, 2, 3, 4, 5, 6), bias: Int8Array.of(1, -1), activation: 'relu' },
        { weights: Float32Array.of(0.5, -0.5) },
      ],
      { columns: 3 },
    )
    expect(flat.toBytes()).toEqual(rows.toBytes())
    expect(flat.apply([1, 0, -1])).toEqual(Float32Array.of(0.5 * 0 - 0.5 * 0))
    expect(flat.apply([1, 1, 1])).toEqual(Float32Array.of(0.5 * 7 - 0.5 * 14))
  })

  it('copies its weights', () => {
    const weights = Float32Array.of(1, 2)
    const bias = Float32Array.of(3)
    const transform = dense([{ weights, bias }], { columns: 2 })
    weights.fill(0)
    bias.fill(0)
    expect(transform.apply([1, 1])).toEqual(Float32Array.of(6))
  })

  it('has a softmax that neither overflows nor vanishes', () => {
    const softmax = dense([{ weights: [[1, 0], [0, 1]], activation: 'softmax' }]) // biome-ignore format: rows
    expect(softmax.apply([1e30, 1e30])).toEqual(Float32Array.of(0.5, 0.5))
    expect(softmax.apply([-1e30, -1e30])).toEqual(Float32Array.of(0.5, 0.5))
    expect(softmax.apply([1e30, -1e30])).toEqual(Float32Array.of(1, 0))
  })

  it('refuses layers that do not fit each other', () => {
    const first = { weights: [[1, 2], [3, 4], [5, 6]] } // biome-ignore format: rows
    const mismatch = (layers: DenseLayer[], path: string, columns?: number) =>
      expectThrow(() => dense(layers, { columns }), 'DIMENSION_MISMATCH', { path })
    mismatch([first, { weights: [[1, 2]] }], 'layers[1].weights[0]')
    mismatch([first, { weights: Float32Array.of(1, 2, 3, 4) }], 'layers[1].weights')
    mismatch([{ weights: [[1, 2], [3]] }], 'layers[0].weights[1]')
    mismatch([{ ...first, bias: [1, 2] }], 'layers[0].bias')
    mismatch([first], 'layers[0].weights[0]', 3)
    mismatch([{ weights: [1, 2, 3, 4, 5] }], 'layers[0].weights', 2)
  })

  it('refuses what are no layers, and says where', () => {
    const layer = { weights: [[1, 2]] }
    const bad = (layers: unknown, path: string) =>
      expectThrow(() => dense(layers as DenseLayer[]), 'BAD_OPTION', { path })
    for (const layers of [undefined, null, [], {}, layer, 'dense']) bad(layers, 'layers')
    bad([layer, 1], 'layers[1]')
    bad([{ ...layer, activation: 'sigmoid' }], 'layers[0].activation')
    bad([{ ...layer, biases: [1] }], 'layers[0].biases')
    expect(bad([{ weights: Float32Array.of(1, 2) }], 'options.columns').message).toMatch(/columns/)
    expectThrow(() => dense([{ weights: [[1, Number.NaN]] }]), 'BAD_VECTOR', {
      path: 'layers[0].weights[0][1]',
    })
    expectThrow(() => dense([{ weights: [[1, 1e39]] }]), 'BAD_VECTOR', { path: 'layers[0].weights[0][1]' })
    expectThrow(() => dense([{ ...layer, bias: [Infinity] }]), 'BAD_VECTOR', { path: 'layers[0].bias[0]' })
    expectThrow(() => dense([layer], { columns: 0 }), 'BAD_OPTION', { path: 'options.columns' })
  })
})
