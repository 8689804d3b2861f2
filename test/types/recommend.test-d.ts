import { expectTypeOf, test } from 'vitest'
import type { RecommendStrategy } from '../../src/index.ts'
import { type Film, type Flat, films, numbered, untyped } from './film.ts'

const vector = [1, 2]

test('matches are those of queries', async () => {
  const [match] = await films.recommend({ positive: ['a', vector], negative: [new Float32Array(2)] })
  expectTypeOf<Flat<NonNullable<typeof match>>>().toEqualTypeOf<{
    id: string
    score: number
    metadata: Film
  }>()
  const [some] = await numbered.recommend({ positive: [1], select: ['year'], includeVector: true })
  expectTypeOf(some!.id).toBeNumber()
  expectTypeOf(some!.metadata).toEqualTypeOf<Pick<Film, 'year'>>()
  expectTypeOf(some!.vector).toEqualTypeOf<Float32Array>()
  // @ts-expect-error: not selected
  some!.metadata.title
})

test('ids are those of the collection', () => {
  films.recommend({ positive: ['a'], exclude: ['b'] })
  // @ts-expect-error: strings
  films.recommend({ positive: [1] })
  // @ts-expect-error: strings
  films.recommend({ positive: ['a'], exclude: [1] })
  // @ts-expect-error: one must be liked
  films.recommend({ negative: ['a'] })
})

test('its options are typed', () => {
  const signal = AbortSignal.timeout(1)
  expectTypeOf<RecommendStrategy>().toEqualTypeOf<'mean' | 'best' | 'sum'>()
  const filter = { year: { $gte: 1990 } }
  films.recommend({ positive: ['a'], strategy: 'best', k: 5, ef: 40, exact: true, diversity: 0.3, filter })
  films.recommend({ positive: ['a'], perGroup: { field: 'studio.name', limit: 2 }, threshold: 0.5, signal })
  untyped.recommend({ positive: ['a', 1], perGroup: { field: 'anything.at.all', limit: 1 } })
  // @ts-expect-error: no strategy
  films.recommend({ positive: ['a'], strategy: 'worst' })
  // @ts-expect-error: no path
  films.recommend({ positive: ['a'], perGroup: { field: 'studio.nmae', limit: 2 } })
  // @ts-expect-error: without a limit
  films.recommend({ positive: ['a'], perGroup: { field: 'year' } })
  // @ts-expect-error: no option
  films.recommend({ positive: ['a'], metric: 'dot' })
})

test('recommendMany gives the matches of each user', async () => {
  const signal = AbortSignal.timeout(1)
  const users = [{ positive: ['a'], k: 3, exclude: ['b'] }, { positive: [vector] }]
  for await (const matches of films.recommendMany(users, { select: ['title'], signal })) {
    expectTypeOf(matches[0]!.id).toBeString()
    expectTypeOf(matches[0]!.metadata).toEqualTypeOf<Pick<Film, 'title'>>()
  }
  async function* others() {
    yield { positive: ['a'], negative: ['b'] }
  }
  films.recommendMany(others())
  films.recommendMany(new Set(users))
  // @ts-expect-error: for all of them, not for one
  films.recommendMany([{ positive: ['a'], signal }])
  // @ts-expect-error: strings
  films.recommendMany([{ positive: [1] }])
  // @ts-expect-error: each user has their own
  films.recommendMany(users, { positive: ['a'] })
})
