import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AlignOptions, align, type Transform, transformFromBytes } from '../../src/index.ts'
import { expectThrow } from '../helpers/errors.ts'
import { generator, randomVector, randomVectors } from '../helpers/random.ts'

type Rows = readonly ArrayLike<number>[]

/** Before anything here calls `align`. */
const loadedAtFirst = isLoaded()

function isLoaded(): boolean {
  return Object.keys(createRequire(import.meta.url).cache).some((path) => /[\\/]ml-matrix[\\/]/.test(path))
}

function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!
  return sum
}

/** As many orthonormal vectors, by the method of Gram and Schmidt, twice, which is enough. */
function orthonormal(random: () => number, count: number, dimension: number): number[][] {
  const basis: number[][] = []
  while (basis.length < count) {
    let next = [...randomVector(random, dimension)]
    for (const other of [...basis, ...basis]) {
      const share = dot(next, other)
      next = next.map((component, i) => component - share * other[i]!)
    }
    basis.push(next.map((component) => component / Math.sqrt(dot(next, next))))
  }
  return basis
}

/** x·W by the definition, for rows of W; from the fewer to the more dimensions and back as W is given. */
function times(x: ArrayLike<number>, W: Rows): number[] {
  return Array.from({ length: W[0]!.length }, (_, j) => {
    let sum = 0
    for (let i = 0; i < W.length; i++) sum += x[i]! * W[i]![j]!
    return sum
  })
}

function transposed(rows: Rows): number[][] {
  return Array.from({ length: rows[0]!.length }, (_, j) => rows.map((row) => row[j]!))
}

/** The rows of the W of a map without bias: what becomes of the unit vectors. */
function matrixOf(transform: Transform): Rows {
  const { inputDimension: dimension } = transform
  return transform.apply(
    Array.from({ length: dimension }, (_, i) =>
      Float32Array.from({ length: dimension }, (_, j) => +(i === j)),
    ),
  )
}

function expectOrthonormal(rows: Rows, tolerance = 1e-6): void {
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j <= i; j++) {
      expect(Math.abs(dot(rows[i]!, rows[j]!) - +(i === j))).toBeLessThan(tolerance)
    }
  }
}

function squaredError(a: Rows, b: Rows): number {
  let sum = 0
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < a[i]!.length; j++) sum += (a[i]![j]! - b[i]![j]!) ** 2
  return sum
}

function noisy(rows: Rows, deviation: number, random: () => number): Float32Array[] {
  return rows.map((row) => randomVector(random, row.length, deviation).map((noise, i) => noise + row[i]!))
}

describe('align, orthogonal', () => {
  it('finds a rotation from noisy pairs', () => {
    const random = generator(11)
    const dimension = 24
    const rotation = orthonormal(random, dimension, dimension)
    const from = randomVectors(random, 2000, dimension)
    const to = noisy(
      from.map((x) => times(x, rotation)),
      0.1,
      random,
    )
    const map = align({ from, to })
    const found = matrixOf(map)
    expectOrthonormal(found)
    // Each of its numbers has an error of about 0.1 / √(2 · 2000).
    for (let i = 0; i < dimension; i++) {
      for (let j = 0; j < dimension; j++)
        expect(Math.abs(found[i]![j]! - rotation[i]![j]!)).toBeLessThan(0.01)
    }
    const others = randomVectors(random, 50, dimension)
    for (const x of others) {
      const wanted = times(x, rotation)
      const error = squaredError([map.apply(x)], [wanted]) / dot(wanted, wanted)
      expect(error).toBeLessThan(1e-3)
    }
  })

  it('finds rotations and reflections exactly without noise, of any dimension and whatever the lengths', () => {
    const scale = fc.constantFrom(1, 1e-20, 1e15)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), scale, scale, fc.nat(), (dimension, here, there, seed) => {
        const random = generator(seed)
        const rotation = orthonormal(random, dimension, dimension)
        const plain = randomVectors(random, 3 * dimension, dimension)
        const from = plain.map((x) => x.map((component) => here * component))
        const to = plain.map((x) => times(x, rotation).map((component) => there * component))
        expect(squaredError(matrixOf(align({ from, to })), rotation)).toBeLessThan(1e-8)
      }),
    )
  })

  it('is orthogonal whatever the pairs are: repeated, in a plane, zero, tiny or huge', () => {
    const kinds = ['usual', 'repeated', 'flat', 'zero', 'sparse'] as const
    const rowsOf = (kind: (typeof kinds)[number], random: () => number, count: number, dimension: number) => {
      const rows = randomVectors(random, count, dimension)
      if (kind === 'repeated') return rows.map(() => rows[0]!)
      if (kind === 'flat') return rows.map((row) => row.map((x, i) => (i < dimension / 2 ? x : 0)))
      if (kind === 'zero') return rows.map((row) => row.fill(0))
      return kind === 'sparse' ? rows.map((row, k) => row.map((x, i) => (k % dimension === i ? x : 0))) : rows
    }
    const dimension = fc.integer({ min: 1, max: 9 })
    const scale = fc.constantFrom(1, 1e-40, 1e-20, 1e20, 1e37)
    fc.assert(
      fc.property(
        fc.record({ p: dimension, q: dimension, a: fc.constantFrom(...kinds), b: fc.constantFrom(...kinds) }),
        scale,
        scale,
        fc.nat(),
        ({ p, q, a, b }, scaleA, scaleB, seed) => {
          const random = generator(seed)
          const scaled = (rows: Float32Array[], by: number) => rows.map((row) => row.map((x) => x * by))
          const from = scaled(rowsOf(a, random, 12, p), scaleA)
          const to = scaled(rowsOf(b, random, 12, q), scaleB)
          const W = matrixOf(align({ from, to }))
          expectOrthonormal(p <= q ? W : transposed(W))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('is nearer to the pairs than any orthogonal map beside it', () => {
    const random = generator(12)
    const dimension = 5
    const from = randomVectors(random, 40, dimension)
    const to = randomVectors(random, 40, dimension)
    const W = matrixOf(align({ from, to }))
    const error = (map: Rows) =>
      squaredError(
        from.map((x) => times(x, map)),
        to,
      )
    const least = error(W)
    for (let i = 0; i < dimension; i++) {
      for (let j = 0; j < i; j++) {
        for (const angle of [-0.01, 0.01, 1, Math.PI]) {
          const turned = W.map((row) => [...Array.from(row)])
          for (let k = 0; k < dimension; k++) {
            turned[i]![k] = Math.cos(angle) * W[i]![k]! - Math.sin(angle) * W[j]![k]!
            turned[j]![k] = Math.sin(angle) * W[i]![k]! + Math.cos(angle) * W[j]![k]!
          }
          expect(error(turned)).toBeGreaterThan(least)
        }
      }
    }
    for (let run = 0; run < 200; run++)
      expect(error(orthonormal(random, dimension, dimension))).toBeGreaterThan(least)
  })

  it('keeps lengths and angles into more dimensions, and finds the way back into fewer', () => {
    const random = generator(13)
    const small = 8
    const large = 20
    const embedding = orthonormal(random, small, large)
    const from = randomVectors(random, 300, small)
    const to = noisy(
      from.map((x) => times(x, embedding)),
      0.01,
      random,
    )
    const up = align({ from, to })
    expect([up.inputDimension, up.outputDimension]).toEqual([small, large])
    const W = matrixOf(up)
    expectOrthonormal(W)
    expect(squaredError(W, embedding)).toBeLessThan(1e-3)
    const down = align({ from: to, to: from })
    expect([down.inputDimension, down.outputDimension]).toEqual([large, small])
    const back = matrixOf(down)
    expectOrthonormal(transposed(back))
    expect(squaredError(transposed(back), embedding)).toBeLessThan(1e-2)
    expect(
      squaredError(down.apply(up.apply(from)), from) /
        squaredError(
          from,
          from.map((x) => x.map(() => 0)),
        ),
    ).toBeLessThan(1e-3)
  })

  it('maps one mean to the other where they are centered', () => {
    const random = generator(15)
    const dimension = 6
    const rotation = orthonormal(random, dimension, dimension)
    const [here, there] = randomVectors(random, 2, dimension).map((x) => x.map((component) => 10 * component))
    const plain = randomVectors(random, 200, dimension)
    const from = plain.map((x) => x.map((component, i) => component + here![i]!))
    const to = plain.map((x) => times(x, rotation).map((component, i) => component + there![i]!))
    const map = align({ from, to, center: true })
    expect(squaredError(map.apply(from), to) / from.length).toBeLessThan(1e-8)
    expect(squaredError(align({ from, to }).apply(from), to) / from.length).toBeGreaterThan(1)
    expect(transformFromBytes(map.toBytes()).apply(from)).toEqual(map.apply(from))
  })
})

describe('align, linear', () => {
  const kind = 'linear'

  it('finds any linear map, and with center any affine one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 10 }),
        fc.nat(),
        (p, q, seed) => {
          const random = generator(seed)
          const W = randomVectors(random, p, q)
          const [shift] = randomVectors(random, 1, q)
          const from = randomVectors(random, 6 * p + 10, p)
          const to = from.map((x) => times(x, W))
          expect(squaredError(matrixOf(align({ from, to, kind })), W)).toBeLessThan(1e-6)
          const shifted = to.map((x) => x.map((component, j) => component + shift![j]!))
          const affine = align({ from, to: shifted, kind, center: true })
          expect(squaredError(affine.apply(from), shifted)).toBeLessThan(1e-6)
        },
      ),
    )
  })

  it('leaves errors that no column of from explains: that is what least squares means', () => {
    const random = generator(21)
    const from = randomVectors(random, 200, 7)
    const to = randomVectors(random, 200, 3)
    const mapped = align({ from, to, kind }).apply(from)
    for (let i = 0; i < 7; i++) {
      for (let j = 0; j < 3; j++) {
        const explained = dot(
          from.map((x) => x[i]!),
          to.map((y, k) => y[j]! - mapped[k]![j]!),
        )
        // The length of the column is about √200.
        expect(Math.abs(explained)).toBeLessThan(1e-4)
      }
    }
  })

  it('shrinks with regularization, whose units follow the vectors', () => {
    const random = generator(22)
    const from = randomVectors(random, 60, 6)
    const to = randomVectors(random, 60, 6)
    const size = (W: Rows) =>
      squaredError(
        W,
        W.map((row) => Array.from(row, () => 0)),
      )
    const sizes = [0, 0.01, 1, 100].map((regularization) =>
      size(matrixOf(align({ from, to, kind, regularization }))),
    )
    for (let i = 1; i < sizes.length; i++) expect(sizes[i]).toBeLessThan(sizes[i - 1]!)
    const scaled = from.map((x) => x.map((component) => 1000 * component))
    const W = matrixOf(align({ from, to, kind, regularization: 0.1 }))
    const ofScaled = matrixOf(align({ from: scaled, to, kind, regularization: 0.1 }))
    for (let i = 0; i < 6; i++)
      for (let j = 0; j < 6; j++) expect(1000 * ofScaled[i]![j]!).toBeCloseTo(W[i]![j]!, 4)
  })

  it('refuses pairs that many maps fit, unless there is regularization', () => {
    const random = generator(23)
    const from = randomVectors(random, 30, 4).map((x) => Float32Array.of(...x, x[0]! + x[1]!))
    const to = randomVectors(random, 30, 4)
    const error = expectThrow(() => align({ from, to, kind }), 'BAD_OPTION', { path: 'options.from' })
    expect(error.message).toMatch(/linearly dependent.*options.regularization/)
    expect(align({ from, to, kind, regularization: 1e-6 }).inputDimension).toBe(5)
    const zeros = from.map((x) => x.fill(0))
    expectThrow(() => align({ from: zeros, to, kind, regularization: 1 }), 'BAD_OPTION', {
      path: 'options.from',
    })
  })
})

describe('align', () => {
  const random = generator(31)
  const from = randomVectors(random, 10, 4)
  const to = randomVectors(random, 10, 3)

  it('loads the library it calculates with only when it is called', () => {
    expect(loadedAtFirst).toBe(false)
    align({ from, to })
    expect(isLoaded()).toBe(true)
  })

  it('leaves what it is given as it is', () => {
    const before = structuredClone({ from, to })
    align({ from, to, center: true })
    expect({ from, to }).toEqual(before)
  })

  it('names the vector that is none, or of another dimension', () => {
    const replaced = (index: number, vector: unknown) =>
      from.map((x, i) => (i === index ? vector : x)) as number[][]
    const refused = (given: object, code: 'BAD_VECTOR' | 'DIMENSION_MISMATCH', path: string) =>
      expectThrow(() => align({ from, to, ...given } as AlignOptions), code, { path })
    refused({ from: replaced(7, [1, 2, 3]) }, 'DIMENSION_MISMATCH', 'options.from[7]')
    refused({ from: replaced(7, [1, 2, Number.NaN, 4]) }, 'BAD_VECTOR', 'options.from[7][2]')
    refused({ from: replaced(7, [1, 2, 1e39, 4]) }, 'BAD_VECTOR', 'options.from[7][2]')
    refused({ from: replaced(7, 'x') }, 'BAD_VECTOR', 'options.from[7]')
    refused({ from: replaced(0, []) }, 'BAD_VECTOR', 'options.from[0]')
    refused({ to: to.map((y, i) => (i === 3 ? [...y, 1] : y)) }, 'DIMENSION_MISMATCH', 'options.to[3]')
    refused({ to: to.slice(1) }, 'DIMENSION_MISMATCH', 'options.to')
    refused({ from: [] }, 'BAD_VECTOR', 'options.from')
  })

  it('says how many pairs it needs when there are fewer', () => {
    const first = (count: number, options: Partial<AlignOptions> = {}) => ({
      from: from.slice(0, count),
      to: to.slice(0, count),
      ...options,
    })
    const refused = (options: AlignOptions) =>
      expectThrow(() => align(options), 'BAD_OPTION', { path: 'options.from' }).message
    expect(refused(first(2))).toMatch(/at least 3 pairs/)
    expect(refused(first(3, { center: true }))).toMatch(/at least 4 pairs/)
    expect(refused(first(3, { kind: 'linear' }))).toMatch(/at least 4 pairs.*regularization/)
    expect(refused(first(1, { kind: 'linear', center: true, regularization: 1 }))).toMatch(/at least 2 pairs/)
    for (const good of [
      first(3),
      first(4, { center: true }),
      first(4, { kind: 'linear' }),
      first(1, { kind: 'linear', regularization: 1 }),
    ]) {
      expect(align(good).outputDimension).toBe(3)
    }
  })

  it('refuses options that it does not know', () => {
    const refused = (given: object, path: string) =>
      expectThrow(() => align({ from, to, ...given } as AlignOptions), 'BAD_OPTION', { path })
    refused({ kind: 'affine' }, 'options.kind')
    refused({ centre: true }, 'options.centre')
    refused({ center: 'yes' }, 'options.center')
    refused({ kind: 'linear', regularization: -1 }, 'options.regularization')
    refused({ regularization: 1 }, 'options.regularization')
    for (const flat of [new Float32Array(40), [1, 2, 3], undefined, null, 'from']) {
      refused({ from: flat }, 'options.from')
    }
    expectThrow(() => align(undefined as unknown as AlignOptions), 'BAD_OPTION', { path: 'options.from' })
  })
})
