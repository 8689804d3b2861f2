import fc from 'fast-check'
import type { Filter, Id, Metadata, MetricName } from '../../src/index.ts'
import type { ModelRecord } from './model.ts'

export const DIMENSION = 3

/** Few, so that they collide; in an order that is not theirs. */
export const IDS: readonly Id[] = ['b', 1, '1', -7, 'a', 0, 'é', '🍏', '\uffee', 2 ** 40]

export const id = fc.constantFrom(...IDS)
export const ids = fc.array(id, { maxLength: 4 })

const small = fc.array(fc.constantFrom(-2, -1, 0, 0.5, 1, 2), { minLength: DIMENSION, maxLength: DIMENSION })

/** Vectors that repeat, all but repeat, differ in length by many orders of magnitude, or are zero where that is allowed. */
export function vector(metric: MetricName): fc.Arbitrary<Float32Array> {
  const almost = fc
    .tuple(small, fc.integer({ min: -3, max: 3 }))
    .map(([components, steps]) => components.map((component) => component * (1 + steps * 2 ** -23)))
  const scaled = fc
    .tuple(small, fc.constantFrom(1e-12, 1e-3, 1e12))
    .map(([components, scale]) => components.map((component) => component * scale))
  return fc
    .oneof({ weight: 3, arbitrary: small }, almost, scaled)
    .map((components) => Float32Array.from(components))
    .map((given) => (metric === 'cosine' && given.every((x) => x === 0) ? Float32Array.of(1, 0, 0) : given))
}

/** `rare…` keys make shapes that the database has not seen before. */
export const metadata: fc.Arbitrary<Metadata> = fc
  .tuple(
    fc.record(
      {
        n: fc.integer({ min: 0, max: 3 }),
        tags: fc.subarray(['x', 'y', 'z']),
        nested: fc.record({ deep: fc.constantFrom(null, 1, 'one') }),
        when: fc.integer({ min: 0, max: 3 }).map((day) => new Date(day * 86_400_000)),
      },
      { requiredKeys: [] },
    ),
    fc.dictionary(
      fc.integer({ min: 0, max: 99 }).map((n) => `rare${n}`),
      fc.constantFrom(7n, new Set([1]), new Map([['k', 1]]), Uint8Array.of(1, 2), 'text', [null, true]),
      { maxKeys: 2, noNullPrototype: true },
    ),
  )
  .map(([usual, rare]) => ({ ...usual, ...rare }))

/** What `update` merges; undefined removes. */
export const patch: fc.Arbitrary<Metadata> = fc.record(
  {
    n: fc.constantFrom(0, 1, 9, undefined),
    nested: fc.constantFrom({ deep: 2 }, undefined),
    added: fc.string({ maxLength: 3 }).map((text) => text.toWellFormed()),
  },
  { requiredKeys: [] },
)

export function record(metric: MetricName): fc.Arbitrary<ModelRecord> {
  return fc.record({ id, vector: vector(metric), metadata })
}

/** A filter beside what it means. */
export interface Judged {
  readonly filter: Filter
  readonly test: (record: ModelRecord) => boolean
}

const FILTERS: readonly Judged[] = [
  { filter: { n: 1 }, test: ({ metadata }) => metadata.n === 1 },
  { filter: { n: { $gte: 1, $lt: 3 } }, test: ({ metadata }) => metadata.n >= 1 && metadata.n < 3 },
  { filter: { tags: { $ne: 'x' } }, test: ({ metadata }) => !metadata.tags?.includes('x') },
  { filter: { 'nested.deep': null }, test: ({ metadata }) => (metadata.nested?.deep ?? null) === null },
  { filter: { when: { $exists: false } }, test: ({ metadata }) => !('when' in metadata) },
  { filter: { $id: { $in: ['a', 1, '🍏'] } }, test: ({ id }) => id === 'a' || id === 1 || id === '🍏' },
  {
    filter: { $or: [{ n: 0 }, { tags: { $all: ['y', 'z'] } }] },
    test: ({ metadata }) =>
      metadata.n === 0 || (metadata.tags?.includes('y') && metadata.tags.includes('z')) === true,
  },
]

export const filter = fc.constantFrom(...FILTERS)
