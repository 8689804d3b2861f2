import { expectTypeOf, test } from 'vitest'
import type { AttendResult, Collection } from '../../src/index.ts'
import type { Film } from './film.ts'

declare const films: Collection<Film, string>
const queries = [[1, 2, 3]]

test('weights have the ids of the collection', async () => {
  const result = await films.attend({ queries })
  expectTypeOf(result).toEqualTypeOf<AttendResult<string>>()
  expectTypeOf(result.weights[0]![0]!.id).toBeString()
})

test('values are a path of metadata, or a collection', () => {
  films.attend({ queries, values: 'year' })
  films.attend({ queries: new Float32Array(3), values: films })
  // @ts-expect-error: no path
  films.attend({ queries, values: 'yaer' })
})

test('kernels are those that can not be negative', () => {
  films.attend({ queries, kernel: 'rbf' })
  films.attend({ queries, kernel: { kernel: 'polynomial', degree: 2 } })
  // @ts-expect-error: its default degree is odd
  films.attend({ queries, kernel: { kernel: 'polynomial' } })
  // @ts-expect-error: can be negative
  films.attend({ queries, kernel: { kernel: 'linear' } })
})

test('the bound of what is missing has three names', () => {
  films.attend({ queries, k: 5, bound: 'products' })
  films.attend({ queries, k: 5, bound: 'codes' })
  films.attend({ queries, k: 5, bound: 'lengths' })
  // @ts-expect-error: none of them
  films.attend({ queries, k: 5, bound: 'code' })
})
