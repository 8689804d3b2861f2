import fc from 'fast-check'
import { expect, it } from 'vitest'
import { draw, foldsOf, quotas } from '../../src/similarity/kernel-machine/sample.ts'
import { integers } from '../../src/similarity/random.ts'

const counts = fc.array(fc.integer({ min: 2, max: 500 }), { minLength: 2, maxLength: 20 })

it('takes all examples where there are few enough, else as many as it may', () => {
  const property = fc.property(
    counts,
    fc.integer({ min: 2, max: 10 }),
    fc.nat(5000),
    (given, least, more) => {
      const most = given.length * least + more
      const taken = quotas(given, most, least)
      const total = given.reduce((sum, count) => sum + count)
      expect(taken.reduce((sum, count) => sum + count)).toBe(Math.min(total, most))
      for (const [i, count] of given.entries()) {
        expect(taken[i]).toBeLessThanOrEqual(count)
        expect(taken[i]).toBeGreaterThanOrEqual(Math.min(count, least))
      }
    },
  )
  fc.assert(property)
})

it('takes of each label its share, where no minimum stands against that', () => {
  const property = fc.property(counts, fc.double({ min: 0.1, max: 0.9, noNaN: true }), (given, share) => {
    const total = given.reduce((sum, count) => sum + count)
    const most = Math.floor(total * share)
    const taken = quotas(given, most, 0)
    for (const [i, count] of given.entries()) {
      expect(Math.abs(taken[i]! - (count * most) / total)).toBeLessThan(1)
    }
  })
  fc.assert(property)
})

it('spreads each class, and all examples, evenly over the folds', () => {
  const classes = fc.array(fc.nat(4), { minLength: 2, maxLength: 200 })
  const property = fc.property(classes, fc.integer({ min: 2, max: 9 }), (given, folds) => {
    const result = foldsOf(Int32Array.from(given), folds)
    const sizes = (of: (i: number) => boolean) =>
      Array.from({ length: folds }, (_, fold) => result.filter((each, i) => each === fold && of(i)).length)
    for (let c = -1; c <= 4; c++) {
      const each = sizes((i) => c === -1 || given[i] === c)
      expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(1)
    }
  })
  fc.assert(property)
})

it('draws each item once at most, and each as often as any other in every place', () => {
  const firsts = new Array<number>(5).fill(0)
  const random = integers(7)
  const seconds = new Array<number>(5).fill(0)
  for (let i = 0; i < 5000; i++) {
    const drawn = draw([0, 1, 2, 3, 4], 3, random)
    expect(new Set(drawn).size).toBe(3)
    firsts[drawn[0]!]!++
    seconds[drawn[1]!]!++
  }
  for (const count of [...firsts, ...seconds]) expect(Math.abs(count - 1000)).toBeLessThan(150)
})
