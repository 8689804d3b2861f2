import { types } from 'node:util'
import { SkalarError } from '../../errors.ts'
import {
  booleanOption,
  checkOptions,
  enumOption,
  integerOption,
  numberOption,
  signalOption,
} from '../../options.ts'
import type { RecordTest } from '../../query/match.ts'
import { parseTest } from '../../query/request.ts'
import type { Handle, Source } from '../../source.ts'
import { isArray, lengthOfView } from '../../validate/built-in.ts'
import { describe } from '../../validate/describe.ts'
import { fieldOption } from '../field.ts'
import { isFlat, type Matrix, matrixOperand } from '../operand.ts'
import { type Formula, kernelFormula, softmaxFormula } from './formula.ts'

const OPTIONS = [
  'queries',
  'k',
  'temperature',
  'kernel',
  'values',
  'heads',
  'projections',
  'filter',
  'exact',
  'bound',
  'signal',
] as const

/** What `missingMass` is proven by. */
const BOUNDS = ['lengths', 'codes', 'products'] as const

/** Weights that are returned where all records are read. */
const DEFAULT_K = 10

/** Logits are finite: no dot product of two vectors is beyond 1e82. */
const TEMPERATURES = { min: 1e-100, max: 1e100, default: 1 } as const

/** What is summed. */
export type ValuesOf =
  | { readonly kind: 'own' }
  | ({ readonly kind: 'collection' } & Handle)
  | { readonly kind: 'field'; readonly segments: readonly string[]; readonly path: string }

export interface Projections {
  readonly query: Matrix | undefined
  readonly key: Matrix | undefined
  readonly value: Matrix | undefined
}

/** A call as the user meant it: checked, copied, with defaults. */
export interface AttendRequest {
  /** Float32 where they are not projected. */
  readonly queries: readonly (Float32Array | Float64Array)[]
  /** Whether all records are read; then `k` is how many weights are returned. */
  readonly full: boolean
  readonly k: number
  readonly formula: Formula
  readonly values: ValuesOf
  readonly heads: number
  readonly projections: Projections
  readonly test: RecordTest | undefined
  /** What the records that were not read are bounded by at last. */
  readonly bound: (typeof BOUNDS)[number]
  readonly signal: AbortSignal | undefined
}

/**
 * `handleOf` is undefined for what is no collection.
 *
 * @throws SkalarError `BAD_OPTION`, `BAD_VECTOR`, `DIMENSION_MISMATCH`, `BAD_FILTER`
 */
export function parseAttend(
  input: unknown,
  { definition }: Source,
  handleOf: (collection: unknown) => Handle | undefined,
): AttendRequest {
  const options = checkOptions(input, OPTIONS, 'options')
  const { dimension } = definition
  const heads = integerOption(options.heads, 'options.heads', { min: 1, default: 1 })
  const values = parseValues(options.values, handleOf)
  const valueDimension = dimensionOf(values, dimension)
  const projections = parseProjections(options.projections, dimension, valueDimension)
  const keys = projections.key?.rows ?? dimension
  refuseUnequal(heads, keys, projections.key ? 'rows of options.projections.key' : 'components of vectors')
  const split = projections.value?.rows ?? valueDimension
  if (split !== undefined) refuseUnequal(heads, split, 'components of values')
  const projected = projections.query !== undefined || projections.key !== undefined
  const { kernel } = options
  if (kernel !== undefined) refuseBesideKernel(options, heads, projections)
  const temperature = numberOption(options.temperature, 'options.temperature', TEMPERATURES)
  const k = integerOption(options.k, 'options.k', { min: 1 })
  return {
    bound: enumOption(options.bound, 'options.bound', BOUNDS, 'codes'),
    full: booleanOption(options.exact, 'options.exact', false) || k === undefined || heads > 1,
    k: k ?? DEFAULT_K,
    formula:
      kernel === undefined
        ? softmaxFormula(temperature, keys / heads, projected, definition)
        : kernelFormula(kernel, 'options.kernel', projected, definition),
    values,
    heads,
    projections,
    test: parseTest(options.filter, 'options.filter'),
    signal: signalOption(options.signal, 'options.signal'),
    queries: parseQueries(options.queries, projections.query?.columns ?? keys, projected),
  }
}

function parseQueries(input: unknown, length: number, projected: boolean): (Float32Array | Float64Array)[] {
  const path = 'options.queries'
  const matrix = projected
    ? matrixOperand(input, length, path)
    : matrixOperand(input, length, path, Float32Array)
  return Array.from({ length: matrix.rows }, (_, i) => matrix.data.subarray(i * length, (i + 1) * length))
}

function parseValues(input: unknown, handleOf: (collection: unknown) => Handle | undefined): ValuesOf {
  const path = 'options.values'
  if (input === undefined) return { kind: 'own' }
  if (typeof input === 'string') {
    return { kind: 'field', segments: fieldOption(input, path), path: input }
  }
  const handle = handleOf(input)
  if (handle !== undefined) return { kind: 'collection', ...handle }
  const message = `${path} must be a collection, or the path of a numeric metadata field, got ${describe(input)}`
  throw new SkalarError('BAD_OPTION', message, { path })
}

/** Undefined where only the records tell. */
function dimensionOf(values: ValuesOf, dimension: number): number | undefined {
  if (values.kind === 'own') return dimension
  return values.kind === 'collection' ? values.source.definition.dimension : undefined
}

function parseProjections(
  input: unknown,
  dimension: number,
  valueDimension: number | undefined,
): Projections {
  const path = 'options.projections'
  const { query, key, value } = checkOptions(input, ['query', 'key', 'value'], path)
  const keys = key === undefined ? undefined : matrixOperand(key, dimension, `${path}.key`)
  return {
    key: keys,
    query: query === undefined ? undefined : queryProjection(query, keys?.rows ?? dimension, `${path}.query`),
    value: value === undefined ? undefined : matrixOperand(value, valueDimension, `${path}.value`),
  }
}

/** As many rows as keys have components tell how many columns there are. */
function queryProjection(value: unknown, rows: number, path: string): Matrix {
  const length = isArray(value) ? value.length : types.isTypedArray(value) ? lengthOfView(value) : 0
  const columns = isFlat(value) && length > 0 && length % rows === 0 ? length / rows : undefined
  if (!isFlat(value) || columns !== undefined || length === 0) {
    const matrix = matrixOperand(value, columns, path)
    if (matrix.rows === rows) return matrix
  }
  const problem = isFlat(value) ? `${length} elements, which are no ${rows} rows` : `${length} rows`
  const message = `${path} has ${problem}: it needs as many rows as keys have components, ${rows}`
  throw new SkalarError('DIMENSION_MISMATCH', message, { path })
}

/** @throws SkalarError `BAD_OPTION` when so many parts are not equal ones */
export function refuseUnequal(heads: number, components: number, what: string): void {
  if (components % heads === 0) return
  const message = `options.heads must split ${components} ${what} into equal parts, got ${heads}`
  throw new SkalarError('BAD_OPTION', message, { path: 'options.heads' })
}

function refuseBesideKernel(
  options: Readonly<Record<string, unknown>>,
  heads: number,
  { key }: Projections,
): void {
  const refuse = (name: string, why: string) => {
    const path = `options.${name}`
    throw new SkalarError('BAD_OPTION', `${path} does not go with options.kernel: ${why}`, { path })
  }
  if (options.temperature !== undefined) {
    refuse('temperature', 'it is of the softmax, whose place a kernel takes; give the kernel another gamma')
  }
  if (heads > 1) refuse('heads', 'kernels are of whole vectors')
  if (key !== undefined) refuse('projections.key', 'kernels are of the vectors as they are stored')
}
