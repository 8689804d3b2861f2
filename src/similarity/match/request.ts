import { SkalarError } from '../../errors.ts'
import {
  booleanOption,
  checkOptions,
  enumOption,
  functionOption,
  integerOption,
  numberOption,
  signalOption,
} from '../../options.ts'
import { sameNumbers } from '../../precision-matrix.ts'
import type { RecordTest } from '../../query/match.ts'
import { parseTest } from '../../query/request.ts'
import type { Handle, Source } from '../../source.ts'
import { describe } from '../../validate/describe.ts'
import { isTransform, type Transform } from '../transform.ts'
import type { DuplicatesProgress, MatchMargin, MatchProgress } from './types.ts'

const COMMON = ['threshold', 'filter', 'ef', 'exact', 'signal', 'onProgress'] as const
const OF_MATCH = ['k', 'margin', 'mutual', 'transform', ...COMMON] as const

const MARGINS: readonly MatchMargin[] = ['ratio', 'distance', 'none']

/** That of the paper. */
const DEFAULT_K = 4

/** Neighbourhoods are kept in memory. */
const MOST_K = 1_000

/** What both methods take. */
interface Common<Progress> {
  readonly test: RecordTest | undefined
  readonly ef: number | undefined
  readonly exact: boolean
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: Progress) => void) | undefined
}

/** A call of `match` as the user meant it: checked, with defaults. */
export interface MatchRequest extends Common<MatchProgress> {
  readonly other: Handle
  readonly k: number
  readonly margin: MatchMargin
  readonly threshold: number | undefined
  readonly mutual: boolean
  readonly transform: Transform | undefined
}

/** A call of `duplicates`. */
export interface DuplicatesRequest extends Common<DuplicatesProgress> {
  readonly threshold: number
}

/**
 * `handleOf` is undefined for what is no collection.
 *
 * @throws SkalarError `BAD_OPTION`, `BAD_FILTER`, `DIMENSION_MISMATCH`
 */
export function parseMatch(
  source: Source,
  other: unknown,
  input: unknown,
  handleOf: (collection: unknown) => Handle | undefined,
): MatchRequest {
  const handle = handleOf(other)
  if (handle === undefined) {
    const message = `other must be a collection from db.collection(), got ${describe(other)}`
    throw new SkalarError('BAD_OPTION', message, { path: 'other' })
  }
  const options = checkOptions(input, OF_MATCH, 'options')
  const transform = parseTransform(options.transform)
  const margin = enumOption(options.margin, 'options.margin', MARGINS, 'ratio')
  const request = {
    ...parseCommon<MatchProgress>(options),
    other: handle,
    k: integerOption(options.k, 'options.k', { min: 1, max: MOST_K, default: DEFAULT_K }),
    margin,
    threshold: numberOption(options.threshold, 'options.threshold'),
    mutual: booleanOption(options.mutual, 'options.mutual', false),
    transform,
  }
  refuseOtherSpace(source, handle.source, transform)
  refuseRatio(margin, handle.source)
  return request
}

/** @throws SkalarError `BAD_OPTION`, `BAD_FILTER` */
export function parseDuplicates(input: unknown): DuplicatesRequest {
  const options = checkOptions(input, COMMON, 'options')
  const threshold = numberOption(options.threshold, 'options.threshold')
  if (threshold === undefined) {
    const message =
      "options.threshold is missing: say how near two records must be, by the collection's metric"
    throw new SkalarError('BAD_OPTION', message, { path: 'options.threshold' })
  }
  return { ...parseCommon<DuplicatesProgress>(options), threshold }
}

function parseCommon<Progress>(options: Record<string, unknown>): Common<Progress> {
  return {
    test: parseTest(options.filter, 'options.filter'),
    ef: integerOption(options.ef, 'options.ef', { min: 1 }),
    exact: booleanOption(options.exact, 'options.exact', false),
    signal: signalOption(options.signal, 'options.signal'),
    onProgress: functionOption<(progress: Progress) => void>(options.onProgress, 'options.onProgress'),
  }
}

function parseTransform(value: unknown): Transform | undefined {
  if (value === undefined || isTransform(value)) return value
  const makers = 'align, dense, randomFourierFeatures or transformFromBytes'
  const message = `options.transform must be a transform of ${makers}, got ${describe(value)}`
  throw new SkalarError('BAD_OPTION', message, { path: 'options.transform' })
}

/** Where vectors of the two cannot be compared. */
function refuseOtherSpace(source: Source, target: Source, transform: Transform | undefined): void {
  const { dimension, metric, precision } = source.definition
  const other = target.definition
  if (transform !== undefined) {
    refuseSize(transform.inputDimension, dimension, 'takes', 'this collection')
    refuseSize(transform.outputDimension, other.dimension, 'gives', 'the other collection')
    return
  }
  if (source === target) {
    const message = 'other is this collection itself, where each record is its own best: use duplicates()'
    throw new SkalarError('BAD_OPTION', message, { path: 'other' })
  }
  if (dimension !== other.dimension) {
    const sizes = `${other.dimension} components, but this collection of ${dimension}`
    const message = `other has vectors of ${sizes}: give options.transform, such as align({ from, to })`
    throw new SkalarError('DIMENSION_MISMATCH', message, { path: 'other' })
  }
  if (metric !== other.metric) {
    const message =
      `other has the metric ${other.metric}, but this collection ${metric}: neighbours of both must be by one, ` +
      'so store one of them in a collection with the metric of the other'
    throw new SkalarError('BAD_OPTION', message, { path: 'other' })
  }
  if (precision !== undefined && !sameNumbers(precision.data, other.precision!.data)) {
    const message =
      'other has the metric mahalanobis of another matrix: neighbours of both must be by one, ' +
      'so store one of them in a collection with the matrix of the other'
    throw new SkalarError('BAD_OPTION', message, { path: 'other' })
  }
}

function refuseSize(given: number, wanted: number, does: string, whose: string): void {
  if (given === wanted) return
  const message = `options.transform ${does} vectors of ${given} components, but ${whose} has ${wanted}`
  throw new SkalarError('DIMENSION_MISMATCH', message, { path: 'options.transform' })
}

function refuseRatio(margin: MatchMargin, { definition }: Source): void {
  if (margin !== 'ratio' || definition.metric === 'cosine') return
  const reason =
    definition.metric === 'dot'
      ? 'lengths of vectors do not cancel out in it'
      : 'a distance has no such ratio'
  const message = `options.margin "ratio" is one of cosines, and the metric is ${definition.metric}: ${reason}; use "distance"`
  throw new SkalarError('BAD_OPTION', message, { path: 'options.margin' })
}
