import { createRequire } from 'node:module'
import type { Parts } from '../../src/similarity/kernel-machine/parts.ts'

/*
 * libsvm itself, given machines of ours as the text that it reads models from.
 */

interface Model {
  predictOne(sample: ArrayLike<number>): number
  predictOneProbability(sample: ArrayLike<number>): {
    prediction: number
    estimates: { label: number; probability: number }[]
  }
  free(): void
}

const KERNELS = { linear: 'linear', polynomial: 'polynomial', rbf: 'rbf', sigmoid: 'sigmoid' } as const

export async function loadModel(text: string): Promise<Model> {
  const library: { load(text: string): Model } = await createRequire(import.meta.url)('libsvm-js')
  return library.load(text)
}

const exact = (numbers: Iterable<number>) => Array.from(numbers, (number) => number.toPrecision(17)).join(' ')

function head({ kernel: { name, parameters } }: Parts, type: string): string[] {
  if (name === 'laplacian') throw new Error('libsvm has no laplacian kernel')
  const { gamma, coef0, degree } = parameters
  return [
    `svm_type ${type}`,
    `kernel_type ${KERNELS[name]}`,
    ...(name === 'polynomial' ? [`degree ${degree}`] : []),
    ...(name === 'linear' ? [] : [`gamma ${gamma.toPrecision(17)}`]),
    ...(name === 'polynomial' || name === 'sigmoid' ? [`coef0 ${coef0.toPrecision(17)}`] : []),
  ]
}

function support({ supports, dimension }: Parts, s: number): string {
  const components = supports.subarray(s * dimension, (s + 1) * dimension)
  return Array.from(components, (x, i) => `${i + 1}:${x.toPrecision(17)}`).join(' ')
}

/** The whole machine, whose labels are their places. */
export function textOf(parts: Parts): string {
  const { labels, ends, weights, offsets, slopes, intercepts } = parts
  const count = ends.at(-1)!
  return [
    ...head(parts, 'c_svc'),
    `nr_class ${labels.length}`,
    `total_sv ${count}`,
    `rho ${exact(offsets)}`,
    `label ${labels.map((_, i) => i).join(' ')}`,
    `probA ${exact(slopes)}`,
    `probB ${exact(intercepts)}`,
    `nr_sv ${Array.from(ends, (end, i) => end - (ends[i - 1] ?? 0)).join(' ')}`,
    'SV',
    ...Array.from({ length: count }, (_, s) => {
      const own = Array.from({ length: labels.length - 1 }, (_, t) => weights[t * count + s]!)
      return `${exact(own)} ${support(parts, s)}`
    }),
    '',
  ].join('\n')
}

/** What decides between two labels, as a machine for regression: of that, libsvm tells the decision value. */
export function textOfPair(parts: Parts, i: number, j: number, pair: number): string {
  const { ends, weights, offsets } = parts
  const count = ends.at(-1)!
  const lines: string[] = []
  const add = (c: number, t: number) => {
    for (let s = ends[c - 1] ?? 0; s < ends[c]!; s++)
      lines.push(`${exact([weights[t * count + s]!])} ${support(parts, s)}`)
  }
  add(i, j - 1)
  add(j, i)
  return [
    ...head(parts, 'epsilon_svr'),
    'nr_class 2',
    `total_sv ${lines.length}`,
    `rho ${exact([offsets[pair]!])}`,
    'SV',
    ...lines,
    '',
  ].join('\n')
}
