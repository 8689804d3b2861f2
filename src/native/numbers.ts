/*
 * What numbers mean that cross into native code.
 */

/** What rows are ranked by. Never to change: the numbers of `native/score/query.h`. */
export const METRICS = {
  cosine: 0,
  dot: 1,
  euclidean: 2,
  chebyshev: 3,
  manhattan: 4,
  apart: 5,
  mahalanobis: 6,
} as const

export type BaseMetric = keyof typeof METRICS

/** Never to change: the places are the numbers of `native/score/formula.h`. */
export const MEASURES = [
  'dot',
  'cosine',
  'polynomial',
  'sigmoid',
  'euclidean',
  'rbf',
  'manhattan',
  'laplacian',
  'chebyshev',
] as const

/** What `similarities` computes of each pair of vectors. */
export type Measure = (typeof MEASURES)[number]

/** Never to change: the places are the numbers of `native/quant/code.h`. */
export const CODES = ['float32', 'int8', 'int4'] as const

/** How logits are made. Never to change: the numbers of `native/score/attention.h`. */
export const AFFINITIES = { dot: 0, rbf: 1, laplacian: 2, polynomial: 3 } as const
