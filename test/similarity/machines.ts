import fc from 'fast-check'
import type { Parts } from '../../src/similarity/kernel-machine/parts.ts'
import { KERNELS, type Kernel } from '../../src/similarity/kernel-option.ts'
import * as kernels from '../../src/similarity/kernels.ts'
import { generator, randomVectors } from '../helpers/random.ts'

/* Machines of any shape, that nothing was trained for; and what the textbook says they decide. */

const parameters = {
  gamma: fc.double({ min: 0.01, max: 2, noNaN: true }),
  coef0: fc.double({ min: -1, max: 1, noNaN: true }),
  degree: fc.integer({ min: 1, max: 5 }),
}

export const kernel: fc.Arbitrary<Kernel> = fc
  .record({ name: fc.constantFrom(...KERNELS), ...parameters })
  .map(({ name, gamma, coef0, degree }) => ({
    name,
    measure: name === 'linear' ? 'dot' : name,
    parameters: { gamma, coef0: name === 'rbf' ? 0 : coef0, degree: name === 'polynomial' ? degree : 1 },
  }))

export interface Shape {
  readonly kernel: Kernel
  readonly dimension: number
  /** Supports of each label. */
  readonly counts: readonly number[]
  readonly seed: number
}

export const shape: fc.Arbitrary<Shape> = fc.record({
  kernel,
  dimension: fc.integer({ min: 1, max: 40 }),
  counts: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 6 }),
  seed: fc.integer(),
})

export function machineOfShape({ kernel, dimension, counts, seed }: Shape): Parts {
  const random = generator(seed)
  const numbers = (length: number, least: number, most: number) =>
    Float64Array.from({ length }, () => least + random() * (most - least))
  let end = 0
  const ends = Uint32Array.from(counts, (count) => {
    end += count
    return end
  })
  const pairs = (counts.length * (counts.length - 1)) / 2
  return {
    kernel,
    C: 1,
    dimension,
    labels: counts.map((_, i) => `label ${i}`),
    records: 2 * end,
    sample: end,
    accuracy: 0.5,
    supports: Float32Array.from(randomVectors(random, end, dimension).flatMap((vector) => [...vector])),
    ends,
    weights: numbers((counts.length - 1) * end, -1, 1),
    offsets: numbers(pairs, -1, 1),
    slopes: numbers(pairs, -3, -0.5),
    intercepts: numbers(pairs, -0.5, 0.5),
  }
}

export function kernelValue(
  { name, parameters }: Kernel,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): number {
  const [x, y] = [Float64Array.from(a), Float64Array.from(b)]
  const { gamma, coef0, degree } = parameters
  switch (name) {
    case 'linear':
      return kernels.linear(x, y)
    case 'polynomial':
      return kernels.polynomial(x, y, { gamma, coef0, degree })
    case 'sigmoid':
      return kernels.sigmoid(x, y, { gamma, coef0 })
    case 'rbf':
      return kernels.rbf(x, y, { gamma })
    case 'laplacian':
      return kernels.laplacian(x, y, { gamma })
  }
}

/** For each pair the decision value, and the sum of the absolute terms. */
export function textbook(parts: Parts, vector: ArrayLike<number>): { value: number; size: number }[] {
  const { ends, weights, offsets, supports, dimension, labels } = parts
  const count = ends.at(-1)!
  const values = Array.from({ length: count }, (_, s) =>
    kernelValue(parts.kernel, supports.subarray(s * dimension, (s + 1) * dimension), vector),
  )
  const classOf = values.map((_, s) => ends.findIndex((end) => s < end))
  const decisions: { value: number; size: number }[] = []
  for (let i = 0; i < labels.length; i++) {
    for (let j = i + 1; j < labels.length; j++) {
      const terms = values.map((value, s) => {
        if (classOf[s] === i) return weights[(j - 1) * count + s]! * value
        return classOf[s] === j ? weights[i * count + s]! * value : 0
      })
      terms.push(-offsets[decisions.length]!)
      const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)
      decisions.push({ value: sum(terms), size: sum(terms.map(Math.abs)) })
    }
  }
  return decisions
}
