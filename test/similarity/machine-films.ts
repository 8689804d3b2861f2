import type { Collection, EngineName } from '../../src/index.ts'
import { openCollection } from '../helpers/database.ts'
import { generator, randomVector } from '../helpers/random.ts'

export type Film = { genre?: string | number | boolean | bigint; about?: { stars: number }; year?: number }
export type Films = Collection<Film, number>

export const DIMENSION = 3

export async function openFilms(engine: EngineName = 'flat'): Promise<Films> {
  const { films } = await openCollection<Film, number>({
    dimension: DIMENSION,
    metric: 'euclidean',
    index: { engine },
  })
  return films
}

/** Points around a centre for each genre, which overlap more the wider they are spread. */
export function points(count: number, genres: readonly NonNullable<Film['genre']>[], spread = 0.7, seed = 1) {
  const random = generator(seed)
  return Array.from({ length: count }, (_, id) => {
    const c = id % genres.length
    const vector = randomVector(random, DIMENSION, spread)
    vector[c % DIMENSION]! += 2 * (1 + Math.floor(c / DIMENSION))
    return { id, vector, metadata: { genre: genres[c]!, year: 1990 + (id % 20) } }
  })
}
