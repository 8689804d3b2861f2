import { SkalarError } from '../../errors.ts'
import { LANES, padded } from '../lanes.ts'
import type { Matrix } from '../operand.ts'
import { type AttendRequest, refuseUnequal } from './request.ts'

/*
 * Queries as heads, and sums as outputs. A projection of keys is folded into queries: (W k)·q = k·(Wᵀ q), so that what is stored is
 * read as it is. A projection of values is applied to their sum, which is the same.
 */

/** Components that are read, in whole lanes. */
export interface Window {
  readonly begin: number
  readonly count: number
}

export interface Head {
  /** Of the collection's dimension; zeros outside of its window. */
  readonly query: Float32Array
  readonly keys: Window
  readonly values: Window
}

/** The heads of a query. @throws SkalarError `BAD_VECTOR` when what it is projected to is beyond float32 */
export function headsOf(
  { queries, projections, heads }: AttendRequest,
  place: number,
  dimension: number,
): Omit<Head, 'values'>[] {
  const given = queries[place]!
  const { key } = projections
  const query = projections.query === undefined ? given : times(projections.query, given)
  const size = query.length / heads
  return Array.from({ length: heads }, (_, head) => {
    const begin = head * size
    const part = query.subarray(begin, begin + size)
    const whole = key === undefined ? spread(part, begin, dimension) : transposedTimes(key, begin, part)
    const keys = key === undefined ? windowOf(begin, size) : windowOf(0, dimension)
    return { query: finite(whole, place), keys }
  })
}

/** The window of values whose sum is a head's output, of values of so many components. */
export function valueWindow({ projections, heads }: AttendRequest, head: number, components: number): Window {
  if (projections.value !== undefined) return windowOf(0, components)
  return windowOf((head * components) / heads, components / heads)
}

/**
 * The output of a query, of what its heads have summed: `sums` holds their windows one behind the other.
 *
 * @throws SkalarError as `checkValues`
 */
export function outputOf(
  request: AttendRequest,
  sums: Float64Array,
  components: number,
): Float32Array<ArrayBuffer> {
  const { heads, projections } = request
  const { value } = projections
  const output = new Float32Array(value?.rows ?? components)
  const size = output.length / heads
  let at = 0
  for (let head = 0; head < heads; head++) {
    const window = valueWindow(request, head, components)
    const first = at + (value === undefined ? (head * components) / heads - window.begin : 0)
    if (value === undefined) output.set(sums.subarray(first, first + size), head * size)
    else output.set(rowsTimes(value, head * size, size, sums.subarray(at, at + components)), head * size)
    at += window.count
  }
  return output
}

/** What only the records tell: how many components their values have. @throws SkalarError `DIMENSION_MISMATCH`, `BAD_OPTION` */
export function checkValues({ heads, projections }: AttendRequest, components: number): void {
  const { value } = projections
  if (value === undefined) refuseUnequal(heads, components, 'components of values')
  if (value === undefined || value.columns === components) return
  const path = 'options.projections.value'
  const message = `${path} has ${value.columns} columns, but values have ${components} components`
  throw new SkalarError('DIMENSION_MISMATCH', message, { path })
}

function windowOf(begin: number, size: number): Window {
  const first = Math.floor(begin / LANES) * LANES
  return { begin: first, count: padded(begin + size) - first }
}

function spread(part: Float64Array | Float32Array, begin: number, dimension: number): Float32Array {
  const whole = new Float32Array(dimension)
  whole.set(part, begin)
  return whole
}

function times(matrix: Matrix, vector: ArrayLike<number>): Float64Array {
  return rowsTimes(matrix, 0, matrix.rows, vector)
}

function rowsTimes(
  { data, columns }: Matrix,
  first: number,
  count: number,
  vector: ArrayLike<number>,
): Float64Array {
  const product = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const row = (first + i) * columns
    let sum = 0
    for (let j = 0; j < columns; j++) sum += data[row + j]! * vector[j]!
    product[i] = sum
  }
  return product
}

/** Wᵀ q, of as many rows of W from `first` on as q has components. */
function transposedTimes(
  { data, columns }: Matrix,
  first: number,
  vector: Float64Array | Float32Array,
): Float32Array {
  const product = new Float64Array(columns)
  for (let i = 0; i < vector.length; i++) {
    const row = (first + i) * columns
    const factor = vector[i]!
    for (let j = 0; j < columns; j++) product[j]! += factor * data[row + j]!
  }
  return Float32Array.from(product)
}

function finite(query: Float32Array, place: number): Float32Array {
  if (query.every(Number.isFinite)) return query
  const path = `options.queries[${place}]`
  const message = `${path} is projected to numbers beyond the range of float32 (±3.4028235e38): scale the projections down`
  throw new SkalarError('BAD_VECTOR', message, { path })
}
