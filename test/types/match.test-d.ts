import { expectTypeOf, test } from 'vitest'
import { type Collection, type DuplicatePair, dense, type MatchedPair } from '../../src/index.ts'
import type { Film } from './film.ts'

declare const films: Collection<Film, string>
declare const books: Collection<{ pages: number }, number>

test('pairs have the ids of their collections', () => {
  expectTypeOf(films.match(books)).toEqualTypeOf<AsyncIterable<MatchedPair<string, number>>>()
  expectTypeOf(books.match(films)).toEqualTypeOf<AsyncIterable<MatchedPair<number, string>>>()
  expectTypeOf(books.duplicates({ threshold: 1 })).toEqualTypeOf<AsyncIterable<DuplicatePair<number>>>()
})

test('filters are those of the collection that is matched', () => {
  films.match(books, { filter: { year: 1979 }, transform: dense([{ weights: [[1]] }]), mutual: true })
  films.duplicates({ threshold: 0.9, filter: { year: { $gt: 1979 } } })
  // @ts-expect-error: no path of it
  films.match(books, { filter: { pages: 5 } })
  // @ts-expect-error: no path of it
  films.duplicates({ threshold: 0.9, filter: { pages: 5 } })
})

test('margins are named, and duplicates need a threshold', () => {
  films.match(books, { margin: 'distance', threshold: 0.1, k: 8 })
  // @ts-expect-error: no margin
  films.match(books, { margin: 'absolute' })
  // @ts-expect-error: no threshold
  films.duplicates({})
})
