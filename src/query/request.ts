import { types } from 'node:util'
import { SkalarError } from '../errors.ts'
import { firstBadVector } from '../native.ts'
import { booleanOption, checkOptions, integerOption, numberOption, signalOption } from '../options.ts'
import type { Definition } from '../store/catalogue.ts'
import type { Id } from '../types.ts'
import { isArray, lengthOfView } from '../validate/built-in.ts'
import { badVector, mapItems, validId, writeVector } from '../validate.ts'
import { isEmptyFilter, parseFilter } from './filter.ts'
import { compileFilter, type RecordTest } from './match.ts'
import { type Measure, parseMeasure } from './measure.ts'
import { takeRoom } from './room.ts'

const DEFAULT_K = 10

/** Milliseconds that a timer of JavaScript can wait: 24 days. */
const LONGEST_TIMEOUT = 2 ** 31 - 1

const SETTINGS = [
  'k',
  'filter',
  'select',
  'includeVector',
  'metric',
  'candidates',
  'ef',
  'exact',
  'threshold',
  'after',
] as const

/** Options of a query, of one among several, and of several together. */
const KNOWN = ['vector', 'id', ...SETTINGS, 'timeout', 'signal'] as const
const OWN = ['vector', 'id', ...SETTINGS] as const
const COMMON = [...SETTINGS, 'signal'] as const

/** What to look for: a vector, or the id of the record whose vector it is. */
type Target =
  | { readonly vector: Float32Array; readonly id: undefined }
  | { readonly vector: undefined; readonly id: Id }

/** A query as the user meant it: checked, copied, with defaults. */
export interface Request {
  readonly target: Target
  /** Queries of one call that have none of their own share this object. */
  readonly settings: Settings
}

/** How to look for it. */
export interface Settings {
  readonly k: number
  /** Undefined when every record may match. Queries of one call that share a filter share this function. */
  readonly test: RecordTest | undefined
  /** Undefined for all of the metadata. */
  readonly select: readonly string[] | undefined
  readonly includeVector: boolean
  readonly measure: Measure
  /** So many are found by the collection's metric, and ranked by the measure; undefined leaves it to the plan. */
  readonly candidates: number | undefined
  readonly exact: boolean
  readonly ef: number | undefined
  readonly threshold: number | undefined
  readonly after: { readonly id: Id; readonly score: number } | undefined
  readonly timeout: number | undefined
  readonly signal: AbortSignal | undefined
}

interface ParseOptions {
  readonly path?: string
  /** The vector need not be copied: the query is over when the call returns. */
  readonly borrow?: boolean
}

/**
 * @throws SkalarError `BAD_OPTION`, `BAD_ID`, `BAD_VECTOR`, `DIMENSION_MISMATCH`, `BAD_FILTER`
 */
export function parseRequest(
  input: unknown,
  definition: Definition,
  { path = 'query', borrow = false }: ParseOptions = {},
): Request {
  const options = checkOptions(input, KNOWN, path)
  const target = parseTarget(options, definition, path, { borrow })
  const settings = parseSettings(options, path, definition)
  const { vector } = target
  if (vector !== undefined && isBad(vector, settings)) throw badTarget(vector, options, path, settings)
  return { target, settings }
}

/** Of options whose names are known to be right; `measure` where that of `metric` is known. @throws SkalarError `BAD_OPTION`, `BAD_FILTER`, `BAD_ID` */
export function parseSettings(
  options: Record<string, unknown>,
  path: string,
  definition: Definition,
  measure: Measure = parseMeasure(options.metric, `${path}.metric`, definition),
): Settings {
  const exact = booleanOption(options.exact, `${path}.exact`, false)
  const candidates = integerOption(options.candidates, `${path}.candidates`, { min: 1 })
  if (exact && candidates !== undefined) {
    const message = `${path} takes either candidates or exact: true, which considers all records`
    throw new SkalarError('BAD_OPTION', message, { path: `${path}.candidates` })
  }
  return {
    k: integerOption(options.k, `${path}.k`, { min: 1, default: DEFAULT_K }),
    test: parseTest(options.filter, `${path}.filter`),
    select: parseSelect(options.select, `${path}.select`),
    includeVector: booleanOption(options.includeVector, `${path}.includeVector`, false),
    measure,
    candidates,
    exact,
    ef: integerOption(options.ef, `${path}.ef`, { min: 1 }),
    threshold: numberOption(options.threshold, `${path}.threshold`),
    after: parseAfter(options.after, `${path}.after`),
    timeout: numberOption(options.timeout, `${path}.timeout`, { min: 0, max: LONGEST_TIMEOUT }),
    signal: signalOption(options.signal, `${path}.signal`),
  }
}

/** Of a query on the calling thread, which nothing can stop. @throws SkalarError `BAD_OPTION` */
export function refuseTimeout({ timeout }: Settings): void {
  if (timeout === undefined) return
  const message = 'query.timeout does not apply to querySync, which blocks until it is done: use query()'
  throw new SkalarError('BAD_OPTION', message, { path: 'query.timeout' })
}

/**
 * Queries of one call, each with its own options over the common ones. Their vectors stand side by side in `vectors`, as
 * native code takes them; to be given back to `giveRoom`. Throws as `parseRequest`.
 */
export function parseRequests(
  inputs: unknown,
  common: unknown,
  definition: Definition,
): { requests: Request[]; signal: AbortSignal | undefined; vectors: Float32Array } {
  if (!isArray(inputs)) {
    throw new SkalarError('BAD_OPTION', 'queries must be an array of { vector } or { id }', {
      path: 'queries',
    })
  }
  const { length } = inputs
  refuseHoles(inputs, length)
  const { signal, ...shared } = checkOptions(common, COMMON, 'options')
  const settings = parseSettings(shared, 'options', definition)
  const measures = new Map<unknown, Measure>([[shared.metric, settings.measure]])
  const { dimension } = definition
  const vectors = takeRoom(dimension * length)
  const places: number[] = []
  const requests = mapItems(
    inputs,
    (input, i) => {
      const path = pathOf(i)
      const begin = places.length * dimension
      const own = checkOptions(input, OWN, path)
      const target = parseTarget(own, definition, path, { room: vectors.subarray(begin, begin + dimension) })
      if (target.vector !== undefined) places.push(i)
      return { target, settings: overridden(settings, shared, own, path, definition, measures) }
    },
    length,
  )
  const bad = firstBad(vectors, dimension, requests, places)
  if (bad !== undefined) {
    const { target, settings } = requests[bad]!
    throw badTarget(target.vector!, (inputs[bad] ?? {}) as { vector?: unknown }, pathOf(bad), settings)
  }
  return { requests, signal: signalOption(signal, 'options.signal'), vectors }
}

/** Before memory is taken for as many as there seem to be. */
function refuseHoles(inputs: readonly unknown[], length: number): void {
  for (let i = 0; i < length; i++) {
    if (i in inputs) continue
    const path = pathOf(i)
    throw new SkalarError('BAD_OPTION', `${path} is a hole in the array: give { vector } or { id }`, { path })
  }
}

function pathOf(place: number): string {
  return `queries[${place}]`
}

export const needsDirection = ({ measure }: Settings): boolean => measure.metric === 'cosine'

function isBad(vector: Float32Array, settings: Settings): boolean {
  return firstBadVector(vector, vector.length, needsDirection(settings)) === 0
}

/** The place of the first request whose vector is bad; the vectors stand side by side, of the requests at `places`. */
function firstBad(
  vectors: Float32Array,
  dimension: number,
  requests: readonly Request[],
  places: readonly number[],
): number | undefined {
  const alike = requests.every(({ settings }) => needsDirection(settings))
  const first = firstBadVector(vectors.subarray(0, places.length * dimension), dimension, alike)
  if (alike || first < places.length) return places[first]
  return places.find((place) => {
    const { target, settings } = requests[place]!
    return needsDirection(settings) && isBad(target.vector!, settings)
  })
}

/** The error for a vector that native code has found to be bad. */
function badTarget(
  vector: Float32Array,
  { vector: given }: { vector?: unknown },
  path: string,
  settings: Settings,
): SkalarError {
  return badVector(vector, given, `${path}.vector`, needsDirection(settings))!
}

/** Common settings with a query's own over them; queries without a filter of their own share the common one's test. */
function overridden(
  settings: Settings,
  shared: Record<string, unknown>,
  own: Record<string, unknown>,
  path: string,
  definition: Definition,
  measures: Map<unknown, Measure>,
): Settings {
  if (Object.keys(own).length === 1) return settings
  // What was parsed once, of the common ones or for another query of the call, is not parsed again: it may be a matrix.
  const options: Record<string, unknown> = { ...shared, ...own, filter: own.filter }
  const parsed = parseSettings(options, path, definition, measures.get(options.metric))
  measures.set(options.metric, parsed.measure)
  return options.filter === undefined ? { ...parsed, test: settings.test } : parsed
}

/** Its vector is still to be checked for numbers that are not finite. */
function parseTarget(
  options: Record<string, unknown>,
  definition: Definition,
  path: string,
  { borrow = false, room }: { borrow?: boolean; room?: Float32Array },
): Target {
  const { vector, id } = options
  if ((vector === undefined) === (id === undefined)) {
    const problem =
      vector === undefined ? 'needs a vector or an id' : 'takes either a vector or an id, not both'
    throw new SkalarError('BAD_OPTION', `${path} ${problem}`, { path })
  }
  if (vector === undefined) return { vector: undefined, id: validId(id, `${path}.id`) }
  const ready = borrow && isReady(vector, definition.dimension)
  return { vector: ready ? vector : copyVector(vector, definition, path, room), id: undefined }
}

/** Whether native code may read it as it is. Memory that threads share may change meanwhile. */
function isReady(vector: unknown, dimension: number): vector is Float32Array {
  return (
    types.isFloat32Array(vector) &&
    lengthOfView(vector) === dimension &&
    !types.isSharedArrayBuffer(vector.buffer)
  )
}

function copyVector(
  vector: unknown,
  { dimension }: Definition,
  path: string,
  room: Float32Array = new Float32Array(dimension),
): Float32Array {
  writeVector(vector, room, 0, dimension, `${path}.vector`)
  return room
}

export function parseTest(filter: unknown, path: string): RecordTest | undefined {
  if (filter === undefined) return undefined
  const node = parseFilter(filter, path)
  return isEmptyFilter(node) ? undefined : compileFilter(node)
}

function parseSelect(select: unknown, path: string): readonly string[] | undefined {
  if (select === undefined) return undefined
  const refused = () => new SkalarError('BAD_OPTION', `${path} must be an array of metadata keys`, { path })
  if (!isArray(select)) throw refused()
  return mapItems(select, (key) => {
    if (typeof key !== 'string') throw refused()
    return key
  })
}

function parseAfter(input: unknown, path: string): Settings['after'] {
  if (input === undefined) return undefined
  // A whole match may be passed.
  const { id, score } = checkOptions(input, ['id', 'score', 'metadata', 'vector'], path)
  const number = numberOption(score, `${path}.score`)
  if (number === undefined) {
    throw new SkalarError('BAD_OPTION', `${path} needs id and score of the last match`, { path })
  }
  return { id: validId(id, `${path}.id`), score: number }
}
