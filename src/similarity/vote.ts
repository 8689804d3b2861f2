import { SkalarError } from '../errors.ts'
import { checkOptions, enumOption, integerOption } from '../options.ts'
import { parseKernel } from '../query/measure.ts'
import { parseRequest } from '../query/request.ts'
import { run } from '../query/run.ts'
import type { AnyMatch } from '../query/shape.ts'
import type { Source } from '../source.ts'
import type { Cancel, Filter, Id, KernelMetric, QueryTarget } from '../types.ts'
import { fieldOption, valueAt } from './field.ts'
import { kernelObject } from './kernel-option.ts'
import { type Classification, LABELS, type LabelValue, toClassification, toLabel } from './labels.ts'

/*
 * What the labels of near records say of a vector: those of the k nearest, each with a weight (Dudani 1976, "The distance-weighted
 * k-nearest-neighbor rule"), or of all records, weighted by a kernel (Nadaraya 1964; Watson 1964):
 *
 *   p(label) = Σ wᵢ [yᵢ = label] / Σ wᵢ          value = Σ wᵢ yᵢ / Σ wᵢ
 *
 *   weights       wᵢ
 *   kernel        the kernel's score
 *   distance      1 / dᵢ; where some are at distance 0, 1 for these and 0 for the others. Of cosines, dᵢ is the distance of the
 *                 vectors scaled to length 1, √(2 − 2 cos)
 *   uniform       1
 *
 * The weights are of scikit-learn's KNeighborsClassifier. Records without the field have no vote, nor a place among the k.
 */

export interface VoteSettings<M extends object, I extends Id, P extends string> extends Cancel {
  /** The metadata field with the labels, or a dotted path to it. */
  field: P
  /** So many of the nearest records that have the field vote. Default 10; with a `kernel`, all. */
  k?: number | undefined
  /** The votes are weighted by this kernel (its name, or with its parameters), whose scores must not be negative. */
  kernel?: KernelMetric | 'rbf' | 'laplacian' | undefined
  /** Without a kernel: by 1 / distance (default, but for the metric `dot`), or all alike. */
  weights?: 'distance' | 'uniform' | undefined
  filter?: Filter<M, I> | undefined
  ef?: number | undefined
  exact?: boolean | undefined
  timeout?: number | undefined
}

export type VoteOptions<M extends object, I extends Id, P extends string> = QueryTarget<I> &
  VoteSettings<M, I, P>

export interface Regression {
  readonly value: number
}

const KNOWN = [
  'vector',
  'id',
  'field',
  'k',
  'kernel',
  'weights',
  'filter',
  'ef',
  'exact',
  'timeout',
  'signal',
] as const

const DEFAULT_K = 10

const KERNEL = 'options.kernel'

/** How much farther is looked each time where records without the field have taken the places of others. */
const WIDER = 4

interface Voter<Y> {
  readonly value: Y
  readonly weight: number
}

/** The most probable label, and all with their probabilities. */
export async function classify(source: Source, input: unknown): Promise<Classification<LabelValue>> {
  const voters = await votersOf(source, input, toLabel, LABELS)
  const sums = new Map<LabelValue, number>()
  let total = 0
  for (const { value, weight } of voters) {
    sums.set(value, (sums.get(value) ?? 0) + weight)
    total += weight
  }
  // Equal ones stay in the order in which they were met: nearest first.
  return toClassification(Array.from(sums, ([label, sum]) => ({ label, probability: sum / total })))
}

/** The weighted mean. */
export async function regress(source: Source, input: unknown): Promise<Regression> {
  const voters = await votersOf(source, input, toNumber, 'a finite number')
  let sum = 0
  let total = 0
  for (const { value, weight } of voters) {
    sum += value * weight
    total += weight
  }
  return { value: sum / total }
}

function toNumber(value: unknown): number | undefined {
  return Number.isFinite(value) ? (value as number) : undefined
}

/** At least one. */
async function votersOf<Y>(
  source: Source,
  input: unknown,
  read: (value: unknown) => Y | undefined,
  what: string,
): Promise<Voter<Y>[]> {
  const { field, k, kernel, weights, ...query } = checkOptions(input, KNOWN, 'options')
  const path = fieldOption(field, 'options.field')
  const weigh = weighing(source, kernel, weights)
  const most = integerOption(k, 'options.k', { min: 1 }) ?? (kernel === undefined ? DEFAULT_K : Infinity)
  const metric = kernel === undefined ? undefined : kernelObject(kernel, KERNEL)
  const select = [path[0]!]
  const ask = async (wanted: number): Promise<AnyMatch[]> => {
    const request = parseRequest(
      { ...query, select, k: wanted, ...(metric && { metric }) },
      source.definition,
      { path: 'options' },
    )
    const [outcome] = await run(source, [request], request.settings)
    return outcome!.matches
  }
  for (let wanted = Math.max(1, Math.min(most, await size(source))); ; wanted *= WIDER) {
    const matches = await ask(wanted)
    const labelled: { value: Y; score: number }[] = []
    for (const { metadata, score } of matches) {
      const value = read(valueAt(metadata, path))
      if (value !== undefined) labelled.push({ value, score })
    }
    if (labelled.length < most && matches.length >= wanted && wanted < (await size(source))) continue
    const voters = weigh(labelled.slice(0, most))
    if (voters.length > 0) return voters
    const problem = `no record that was looked at has ${what} as its ${JSON.stringify(field)}`
    throw new SkalarError('NOT_FOUND', `${problem}: check options.field and options.filter`, {
      path: 'options.field',
    })
  }
}

async function size({ replica }: Source): Promise<number> {
  await replica.catchUp()
  return replica.state().live
}

type Weigh = <Y>(labelled: readonly { value: Y; score: number }[]) => Voter<Y>[]

/** Of matches, nearest first. @throws SkalarError `BAD_OPTION` */
function weighing(source: Source, kernel: unknown, weights: unknown): Weigh {
  const { metric } = source.definition
  const chosen = enumOption(weights, 'options.weights', ['distance', 'uniform'])
  if (kernel !== undefined) {
    checkKernel(source, kernel, chosen)
    return byKernel
  }
  if (chosen === 'distance' && metric === 'dot') {
    const message =
      'options.weights cannot be "distance" with the metric dot, which is no distance: give a kernel'
    throw new SkalarError('BAD_OPTION', message, { path: 'options.weights' })
  }
  if (chosen === 'uniform' || metric === 'dot')
    return (labelled) => labelled.map(({ value }) => ({ value, weight: 1 }))
  return byDistance(metric === 'cosine' ? (cosine) => Math.sqrt(Math.max(0, 2 - 2 * cosine)) : (d) => d)
}

function checkKernel(source: Source, kernel: unknown, weights: unknown): void {
  if (weights !== undefined) {
    const message = 'options takes either weights or a kernel, whose scores are the weights'
    throw new SkalarError('BAD_OPTION', message, { path: 'options.weights' })
  }
  const measure = parseKernel(kernelObject(kernel, KERNEL), KERNEL, source.definition)
  if (measure.kernel?.neverNegative) return
  const message =
    'options.kernel must be one whose scores are never negative: "rbf", "laplacian", or "polynomial" of even degree'
  throw new SkalarError('BAD_OPTION', message, { path: KERNEL })
}

const byKernel: Weigh = (labelled) => {
  const largest = labelled[0]?.score
  // So far away that no kernel has digits for it, the nearest outweighs the rest.
  if (largest === 0) return [{ value: labelled[0]!.value, weight: 1 }]
  return labelled.map(({ value, score }) => ({ value, weight: score / largest! }))
}

function byDistance(distanceOf: (score: number) => number): Weigh {
  return (labelled) => {
    const nearest = labelled[0] && distanceOf(labelled[0].score)
    return labelled.map(({ value, score }) => {
      const distance = distanceOf(score)
      return { value, weight: nearest === 0 ? Number(distance === 0) : nearest! / distance }
    })
  }
}
