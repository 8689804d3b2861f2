import { expectTypeOf, test } from 'vitest'
import type { KernelMetric, QueryMetric } from '../../src/index.ts'
import { type Flat, films } from './film.ts'

const vector = [1, 2]

test('a query ranks by any metric, or a kernel with its parameters', async () => {
  for (const metric of ['cosine', 'dot', 'euclidean', 'chebyshev', 'manhattan'] as const)
    films.query({ vector, metric })
  films.query({ vector, metric: { kernel: 'linear' } })
  films.query({ vector, metric: { kernel: 'polynomial', gamma: 1, degree: 2, coef0: 0 } })
  films.query({ vector, metric: { kernel: 'rbf', gamma: undefined } })
  films.query({ vector, metric: { kernel: 'laplacian', gamma: 0.5 }, candidates: 500 })
  films.query({ vector, metric: { kernel: 'sigmoid', coef0: 1 } })
  expectTypeOf<KernelMetric>().toExtend<QueryMetric>()
  const [match] = await films.query({ vector, metric: 'manhattan', select: ['year'] })
  expectTypeOf<Flat<NonNullable<typeof match>>['metadata']>().toEqualTypeOf<{ year: number }>()
})

test('querySync, queryMany and explain take it, queryMany for each query, too', () => {
  films.querySync({ vector, metric: 'chebyshev' })
  films.queryMany([{ vector, metric: { kernel: 'rbf' } }, { vector }], { metric: 'dot' })
  films.explain({ vector, metric: 'euclidean', candidates: 20 })
})

test('other names and parameters are refused', () => {
  // @ts-expect-error: no metric
  films.query({ vector, metric: 'hamming' })
  // @ts-expect-error: kernels have parameters
  films.query({ vector, metric: 'rbf' })
  // @ts-expect-error: no kernel
  films.query({ vector, metric: { kernel: 'gaussian' } })
  // @ts-expect-error: no parameter of this kernel
  films.query({ vector, metric: { kernel: 'linear', gamma: 1 } })
  // @ts-expect-error: a number
  films.query({ vector, metric: { kernel: 'polynomial', degree: '2' } })
  // @ts-expect-error: a number
  films.query({ vector, candidates: '20' })
})
