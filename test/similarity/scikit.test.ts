import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  chebyshev,
  cosine,
  euclidean,
  laplacian,
  linear,
  mahalanobis,
  manhattan,
  polynomial,
  type QueryMetric,
  rbf,
  type SimilarityMetric,
  sigmoid,
  similarities,
  softmax,
} from '../../src/index.ts'
import { openCollection } from '../helpers/database.ts'

/*
 * Against numbers that scikit-learn has computed: `node bench/similarity/scikit.mjs --fixtures` has written them.
 */

interface Case {
  readonly a: number[]
  readonly b: number[]
  readonly gamma: number
  readonly degree: number
  readonly coef0: number
  readonly precision: number[][] | null
  readonly expected: { readonly [name: string]: number } & { readonly softmax: number[] }
}

const reference: { versions: object; cases: Case[] } = JSON.parse(
  readFileSync(new URL('scikit-reference.json', import.meta.url), 'utf8'),
)

/** What 10⁻¹² is a share of: the absolute values of all terms where they may cancel, else the value. */
function scaleOf(name: string, { a, b, gamma, degree, coef0, expected }: Case): number {
  const terms = a.reduce((sum, x, i) => sum + Math.abs(x * b[i]!), 0)
  if (name === 'linear') return terms
  if (name === 'polynomial') return degree * (gamma * terms + Math.abs(coef0)) ** degree
  return ['euclidean', 'manhattan', 'chebyshev', 'mahalanobis'].includes(name) ? expected[name]! : 1
}

function expectAsScikit(ours: number, name: string, given: Case): void {
  const theirs = given.expected[name]!
  const allowed = 1e-12 * scaleOf(name, given)
  expect(Math.abs(ours - theirs), `${name}: ${ours}, not ${theirs}`).toBeLessThanOrEqual(allowed)
}

/** The metrics of queries and of `similarities` by their names, with the parameters of a case. */
function metricsOf({ gamma, degree, coef0 }: Case): { [name: string]: QueryMetric & SimilarityMetric } {
  return {
    linear: { kernel: 'linear' },
    polynomial: { kernel: 'polynomial', gamma, degree, coef0 },
    rbf: { kernel: 'rbf', gamma },
    laplacian: { kernel: 'laplacian', gamma },
    sigmoid: { kernel: 'sigmoid', gamma, coef0 },
    cosine: 'cosine',
    euclidean: 'euclidean',
    manhattan: 'manhattan',
    chebyshev: 'chebyshev',
  }
}

describe.each(reference.cases)('as scikit-learn: vectors $#', (given) => {
  const { a, b, gamma, degree, coef0, precision, expected } = given

  it('functions', () => {
    expectAsScikit(linear(a, b), 'linear', given)
    expectAsScikit(polynomial(a, b, { gamma, degree, coef0 }), 'polynomial', given)
    expectAsScikit(rbf(a, b, { gamma }), 'rbf', given)
    expectAsScikit(laplacian(a, b, { gamma }), 'laplacian', given)
    expectAsScikit(sigmoid(a, b, { gamma, coef0 }), 'sigmoid', given)
    expectAsScikit(cosine(a, b), 'cosine', given)
    expectAsScikit(euclidean(a, b), 'euclidean', given)
    expectAsScikit(manhattan(a, b), 'manhattan', given)
    expectAsScikit(chebyshev(a, b), 'chebyshev', given)
    if (precision) expectAsScikit(mahalanobis(a, b, precision), 'mahalanobis', given)
    softmax(a).forEach((share, i) => {
      expect(Math.abs(share - expected.softmax[i]!)).toBeLessThanOrEqual(1e-12)
    })
  })

  it('similarities', async () => {
    for (const [name, metric] of Object.entries(metricsOf(given))) {
      const [ours] = await similarities([a], [b], metric)
      expectAsScikit(ours!, name, given)
    }
  })

  it.each(['hnsw', 'flat'] as const)('metrics of queries, engine %s', async (engine) => {
    const { films } = await openCollection({ dimension: a.length, index: { engine } })
    await films.upsert({ id: 1, vector: b })
    for (const [name, metric] of Object.entries(metricsOf(given))) {
      const [match] = await films.query({ vector: a, metric })
      expectAsScikit(match!.score, name, given)
    }
  })
})

it('the reference speaks of many dimensions, parameters and relations', () => {
  const { cases } = reference
  expect(new Set(cases.map(({ a }) => a.length)).size).toBeGreaterThan(4)
  expect(new Set(cases.map(({ degree }) => degree)).size).toBeGreaterThan(2)
  expect(cases.filter(({ precision }) => precision).length).toBeGreaterThan(4)
})
