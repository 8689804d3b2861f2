import { type Collection, type Database, open, randomFourierFeatures } from '../../src/index.ts'
import { generator } from '../helpers/random.ts'

/*
 * The world that the examples of README.md and docs/ live in: what they use and do not make themselves. An example that
 * needs a name beyond these should better make it.
 */

export interface Film {
  title: string
  year: number
  genre: string
  stars: number
  genres?: string[]
  director?: { name: string; country: string }
  rating?: number
  banned?: boolean
}

const DIMENSION = 512
const GENRES = ['comedy', 'crime', 'drama', 'horror']

/** A database in that folder, and all names; `db` is the caller's to close. */
export async function makeWorld(folder: string) {
  const random = generator(15)
  const vectorOf = (dimension: number) => Float32Array.from({ length: dimension }, () => random() - 0.5)
  const vectors = (count: number, dimension: number) =>
    Array.from({ length: count }, () => vectorOf(dimension))
  const embed = (_text: string) => vectorOf(DIMENSION)
  const filmOf = (i: number): Film => ({
    title: `Film ${i}`,
    year: 1930 + (i % 90),
    genre: GENRES[i % GENRES.length]!,
    genres: [GENRES[i % GENRES.length]!],
    stars: 1 + (i % 5),
    director: { name: 'Ingmar', country: 'SE' },
  })

  const db: Database = await open(folder)
  const films: Collection<Film> = await db.collection<Film>('films', {
    dimension: DIMENSION,
    metric: 'cosine',
    fields: { year: 'number' },
  })
  const ids = [...Array.from({ length: 300 }, (_, i) => i + 1), 'alien', 'amelie']
  await films.upsert(ids.map((id, i) => ({ id, vector: vectorOf(DIMENSION), metadata: filmOf(i) })))
  const directors = await db.collection('directors', { dimension: 2 })
  const books = await db.collection('books', { dimension: DIMENSION })
  await books.upsert(vectors(20, DIMENSION).map((vector, i) => ({ id: `book ${i}`, vector })))
  const renewed = await db.collection('renewed', { dimension: 32 })
  await renewed.upsert(vectors(20, 32).map((vector, i) => ({ id: `film ${i}`, vector })))

  return {
    db,
    films,
    directors,
    books,
    /** Embedded by the model of fewer dimensions. */
    renewed,
    embed,
    /** What is done with what was found. */
    show: (..._results: unknown[]) => {},
    record: { id: 'solaris', vector: vectorOf(DIMENSION), metadata: filmOf(0) },
    filter: { year: { $gte: 1990 } },
    vector: vectorOf(DIMENSION),
    a: vectorOf(DIMENSION),
    b: vectorOf(DIMENSION),
    /** Three of 512 dimensions, or four of 384, row by row. */
    queries: vectorOf(3 * DIMENSION),
    documents: vectorOf(5 * 384),
    X: [
      [0, 1, 2],
      [3, 4, 5],
    ],
    /** Of components that vary alike. */
    precision: Array.from({ length: DIMENSION }, (_, i) =>
      Array.from({ length: DIMENSION }, (_, j) => +(i === j)),
    ),
    positive: [5, 6],
    seen: [7, 'alien'],
    users: [{ positive: [1, 2] }, { positive: [3], negative: [4], exclude: [5] }],
    history: [
      { vector: vectorOf(DIMENSION), weight: 1, at: new Date('2026-01-01') },
      { vector: vectorOf(DIMENSION), weight: -0.5, at: new Date('2026-02-01') },
    ],
    transform: randomFourierFeatures({ dimension: DIMENSION, features: 32 }),
    rowByRow: vectorOf(2 * DIMENSION),
    /** Of the same texts, by a model of fewer dimensions. */
    newVectors: vectors(40, 32),
    oldVectors: vectors(40, DIMENSION),
    newQuery: vectorOf(32),
  }
}

type World = Awaited<ReturnType<typeof makeWorld>>

let current: World | undefined

export function setWorld(world: World | undefined): void {
  current = world
}

/** Of the example that runs. */
export function world(): World {
  if (current === undefined) throw new Error('no example runs')
  return current
}
