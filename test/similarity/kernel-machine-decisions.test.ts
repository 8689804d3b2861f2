import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Decider } from '../../src/similarity/kernel-machine/decisions.ts'
import type { Parts } from '../../src/similarity/kernel-machine/parts.ts'
import { probabilitiesOf } from '../../src/similarity/kernel-machine/probabilities.ts'
import { generator, randomVectors } from '../helpers/random.ts'
import { loadModel, textOf, textOfPair } from './libsvm.ts'
import { machineOfShape, shape, textbook } from './machines.ts'

const some = (parts: Parts, seed: number, count: number) =>
  randomVectors(generator(seed + 1), count, parts.dimension)

async function decide(parts: Parts, vectors: Float32Array[]): Promise<Float64Array> {
  const flat = Float64Array.from(vectors.flatMap((vector) => [...vector]))
  return new Decider(parts).decide(flat, undefined)
}

describe('decision values', () => {
  it('are those of the textbook, for every kernel, number of labels and number of vectors', async () => {
    const property = fc.asyncProperty(shape, fc.integer({ min: 1, max: 40 }), async (drawn, count) => {
      const parts = machineOfShape(drawn)
      const vectors = some(parts, drawn.seed, count)
      const decisions = await decide(parts, vectors)
      for (const [i, vector] of vectors.entries()) {
        for (const [pair, { value, size }] of textbook(parts, vector).entries()) {
          const error = Math.abs(decisions[pair * count + i]! - value)
          expect(error).toBeLessThanOrEqual(1e-12 * size)
        }
      }
    })
    await fc.assert(property, { numRuns: 100 })
  })

  it('are libsvm’s own', async () => {
    const ofLibsvm = shape.filter(({ kernel }) => kernel.name !== 'laplacian')
    const property = fc.asyncProperty(ofLibsvm, async (drawn) => {
      const parts = machineOfShape(drawn)
      const vectors = some(parts, drawn.seed, 3)
      const decisions = await decide(parts, vectors)
      let pair = 0
      for (let i = 0; i < parts.labels.length; i++) {
        for (let j = i + 1; j < parts.labels.length; j++, pair++) {
          const model = await loadModel(textOfPair(parts, i, j, pair))
          for (const [at, vector] of vectors.entries()) {
            const { size } = textbook(parts, vector)[pair]!
            const error = Math.abs(decisions[pair * vectors.length + at]! - model.predictOne(vector))
            expect(error).toBeLessThanOrEqual(1e-10 * size)
          }
          model.free()
        }
      }
    })
    await fc.assert(property, { numRuns: 40 })
  })

  it('are the same bit for bit for a vector alone and among others', async () => {
    const property = fc.asyncProperty(shape, async (drawn) => {
      const parts = machineOfShape(drawn)
      const vectors = some(parts, drawn.seed, 50)
      const all = await decide(parts, vectors)
      for (const i of [0, 17, 49]) {
        const alone = await decide(parts, [vectors[i]!])
        expect([...alone]).toEqual(Array.from(alone, (_, pair) => all[pair * vectors.length + i]))
      }
    })
    await fc.assert(property, { numRuns: 20 })
  })
})

describe('probabilities', () => {
  it('of several labels are libsvm’s own, and those of two are Platt’s', async () => {
    const ofLibsvm = shape.filter(({ kernel }) => kernel.name !== 'laplacian')
    const property = fc.asyncProperty(ofLibsvm, async (drawn) => {
      const parts = machineOfShape(drawn)
      const vectors = some(parts, drawn.seed, 4)
      const decisions = await decide(parts, vectors)
      const model = await loadModel(textOf(parts))
      for (const [i, vector] of vectors.entries()) {
        const ours = probabilitiesOf(parts, decisions, i, vectors.length)
        expect(ours.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12)
        const theirs = model.predictOneProbability(vector).estimates
        for (const { label, probability } of theirs) {
          // That of two it iterates too, and stops so near to Platt's.
          const tolerance = theirs.length === 2 ? 0.005 : 1e-9
          expect(Math.abs(ours[label]! - probability)).toBeLessThan(tolerance)
        }
        if (theirs.length === 2) {
          const p = 1 / (1 + Math.exp(parts.slopes[0]! * decisions[i]! + parts.intercepts[0]!))
          expect(ours[0]).toBeCloseTo(Math.min(Math.max(p, 1e-7), 1 - 1e-7), 14)
        }
      }
      model.free()
    })
    await fc.assert(property, { numRuns: 60 })
  })

  it('do not overflow for decisions of any size', () => {
    const parts = machineOfShape({ ...EXAMPLE, counts: [1, 1] })
    for (const decision of [-1e308, -1e5, 0, 1e5, 1e308]) {
      const probabilities = probabilitiesOf(parts, Float64Array.of(decision), 0, 1)
      expect(probabilities.every((p) => p >= 0.999e-7 && p < 1)).toBe(true)
    }
  })
})

const EXAMPLE = {
  kernel: { name: 'linear', measure: 'dot', parameters: { gamma: 1, coef0: 0, degree: 1 } },
  dimension: 2,
  seed: 1,
} as const
