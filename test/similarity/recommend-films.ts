import type { Collection, CollectionMetricName, EngineName, RecommendStrategy } from '../../src/index.ts'
import { openCollection } from '../helpers/database.ts'
import { untilBuilt } from '../helpers/graphs.ts'
import { generator, randomVector } from '../helpers/random.ts'
import { metricOption } from '../helpers/reference.ts'
import type { Item } from './recommend-reference.ts'

export const DIMENSION = 8
export const STRATEGIES: readonly RecommendStrategy[] = ['mean', 'best', 'sum']

export interface Film {
  genre: string
  tags: string[]
  year?: Date
  odd: boolean
}

export type Films = Collection<Film, number>

export async function fill(
  count: number,
  metric: CollectionMetricName,
  engine: EngineName,
): Promise<{ films: Films; items: Item[] }> {
  const { films } = await openCollection<Film, number>({
    dimension: DIMENSION,
    metric: metricOption(metric, DIMENSION),
    index: { engine },
  })
  const random = generator(count)
  const items = Array.from({ length: count }, (_, id) => ({
    id,
    vector: randomVector(random, DIMENSION, 0.5 + random()),
  }))
  const records = items.map((item) => ({ ...item, metadata: filmOf(item.id) }))
  for (let i = 0; i < count; i += 1_000) await films.upsert(records.slice(i, i + 1_000))
  await untilBuilt(films)
  return { films, items }
}

export function filmOf(id: number): Film {
  const film: Film = { genre: `genre ${id % 7}`, tags: [`a${id % 5}`, `b${id % 3}`], odd: id % 2 === 1 }
  if (id % 4 !== 0) film.year = new Date(2_000 + (id % 10), 0)
  return film
}

/** Of a seed: what is given, some of it by id, and what that comes to as vectors. */
export function givenOf(seed: number, items: readonly Item[]) {
  const random = generator(seed)
  const some = (count: number) =>
    Array.from({ length: count }, () => {
      const item = items[Math.floor(random() * items.length)]!
      return random() < 0.25 ? randomVector(random, DIMENSION) : item
    })
  const likes = some(1 + Math.floor(random() * 5))
  const dislikes = some(Math.floor(random() * 4))
  const exclude = some(Math.floor(random() * 30)).flatMap((item) => ('id' in item ? [item.id] : []))
  const shown = (list: typeof likes) => list.map((item) => ('id' in item ? item.id : item))
  const vectors = (list: typeof likes) => list.map((item) => ('id' in item ? item.vector : item))
  const options = { positive: shown(likes), negative: shown(dislikes), exclude }
  const left = new Set(
    [...options.positive, ...options.negative, ...exclude].filter((x) => typeof x === 'number'),
  )
  return { options, left, positive: vectors(likes), negative: vectors(dislikes) }
}

/** How often each value occurs. */
export function countsOf(values: readonly (readonly string[])[]): number[] {
  const counts = new Map<string, number>()
  for (const value of values.flat()) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts.values()]
}
