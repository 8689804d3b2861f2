import { expect } from 'vitest'
import type { Collection, CollectionMetricName, Database, EngineName } from '../../src/index.ts'
import { randomVectors } from '../helpers/random.ts'
import { metricOption } from '../helpers/reference.ts'
import type { Item, Pair } from './match-reference.ts'

export interface Film {
  odd: boolean
}

export type Films = Collection<Film, number>

/** A collection of random vectors, ids ascending from 0. */
export async function fill(
  db: Database,
  name: string,
  vectors: readonly Float32Array[],
  { metric = 'cosine', engine = 'flat' }: { metric?: CollectionMetricName; engine?: EngineName } = {},
): Promise<{ films: Films; items: Item[] }> {
  const dimension = vectors[0]?.length ?? 4
  const films = await db.collection<Film, number>(name, {
    dimension,
    metric: metricOption(metric, dimension),
    index: { engine },
  })
  const items = vectors.map((vector, id) => ({ id, vector }))
  const records = items.map((item) => ({ ...item, metadata: { odd: item.id % 2 === 1 } }))
  for (let i = 0; i < records.length; i += 1_000) await films.upsert(records.slice(i, i + 1_000))
  while ((await films.stats()).pending > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  return { films, items }
}

/** Vectors, and as many that are near them. */
export function noisyCopies(random: () => number, count: number, dimension: number, noise: number) {
  const first = randomVectors(random, count, dimension)
  const noises = randomVectors(random, count, dimension)
  const second = first.map((vector, i) => vector.map((x, j) => x + noise * noises[i]![j]!))
  return { first, second }
}

export async function listed<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of iterable) list.push(item)
  return list
}

/** The same pairs in the same order, with the same numbers but for rounding. */
export function expectPairs(pairs: readonly Pair[], expected: readonly Pair[]): void {
  expect(pairs.map(({ a, b }) => [a, b])).toEqual(expected.map(({ a, b }) => [a, b]))
  for (const [i, { score, margin }] of pairs.entries()) {
    expect(score).toBeCloseTo(expected[i]!.score, 9)
    if (margin !== expected[i]!.margin) expect(margin).toBeCloseTo(expected[i]!.margin, 8)
  }
}
