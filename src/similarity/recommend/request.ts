import { SkalarError } from '../../errors.ts'
import { firstBadVector } from '../../native.ts'
import { checkOptions, enumOption, integerOption, numberOption, signalOption } from '../../options.ts'
import { parseSettings, type Settings } from '../../query/request.ts'
import type { Definition } from '../../store/catalogue.ts'
import type { Id } from '../../types.ts'
import { isArray } from '../../validate/built-in.ts'
import { describe } from '../../validate/describe.ts'
import { badVector, validId, validIds, writeVector } from '../../validate.ts'
import { fieldOption } from '../field.ts'
import type { RecommendStrategy } from './types.ts'

const STRATEGIES: readonly RecommendStrategy[] = ['mean', 'best', 'sum']

/** What each user has of their own, and what else shapes an answer. */
const TASTE = ['positive', 'negative', 'exclude'] as const
const ANSWER = [
  'strategy',
  'k',
  'filter',
  'diversity',
  'perGroup',
  'threshold',
  'select',
  'includeVector',
  'ef',
  'exact',
] as const

const KNOWN = [...TASTE, ...ANSWER, 'signal'] as const
const OWN = [...TASTE, ...ANSWER] as const
const COMMON = ['exclude', ...ANSWER, 'signal'] as const

/** Likes or dislikes: records, and vectors of none. */
export interface Given {
  readonly ids: readonly Id[]
  /** Where each of the ids stands in the array that was given; undefined where all of that are ids. */
  readonly places: readonly number[] | undefined
  /** Of that array. */
  readonly path: string
  readonly vectors: readonly Float32Array[]
}

const NONE: readonly Float32Array[] = []

export const NOTHING: Given = { ids: [], places: undefined, path: '', vectors: NONE }

/** At most so many matches may share a value of a field. */
export interface GroupLimit {
  /** The steps of the path. */
  readonly field: readonly string[]
  readonly limit: number
}

/** How to answer: what the users of one call that have no options of their own share. */
export interface Manner {
  readonly strategy: RecommendStrategy
  /** 0 to 1. */
  readonly diversity: number
  readonly perGroup: GroupLimit | undefined
  readonly exclude: readonly Id[]
  /** `k`, the filter, `exact` and `ef`, and how matches are shaped. */
  readonly settings: Settings
}

/** A recommendation as the user meant it: checked, copied, with defaults. */
export interface Recommendation extends Manner {
  readonly path: string
  readonly positive: Given
  readonly negative: Given
}

/** @throws SkalarError `BAD_OPTION`, `BAD_ID`, `BAD_VECTOR`, `DIMENSION_MISMATCH`, `BAD_FILTER` */
export function parseRecommendation(
  input: unknown,
  definition: Definition,
): { request: Recommendation; signal: AbortSignal | undefined } {
  const { signal, ...options } = checkOptions(input, KNOWN, 'options')
  const manner = parseManner(options, 'options', definition)
  const request = { ...manner, ...parseTaste(options, 'options', definition) }
  return { request, signal: signalOption(signal, 'options.signal') }
}

/** Turns users into recommendations, with what they have in common. Each is checked when it is its turn. */
export interface UserParser {
  readonly signal: AbortSignal | undefined
  readonly manner: Manner
  /** Throws as `parseRecommendation`. */
  parse(user: unknown, index: number): Recommendation
}

/** @throws SkalarError `BAD_OPTION`, `BAD_ID`, `BAD_FILTER` */
export function userParser(input: unknown, definition: Definition): UserParser {
  const { signal, ...shared } = checkOptions(input, COMMON, 'options')
  const manner = parseManner(shared, 'options', definition)
  return {
    signal: signalOption(signal, 'options.signal'),
    manner,
    parse(user, index) {
      const path = `users[${index}]`
      const own = checkOptions(user, OWN, path)
      return { ...mannerOf(own, path), ...parseTaste(own, path, definition) }
    },
  }

  function mannerOf(own: Record<string, unknown>, path: string): Manner {
    const { positive, negative, ...options } = own
    if (Object.keys(options).length === 0) return manner
    const parsed = parseManner({ ...shared, ...options, filter: options.filter }, path, definition)
    if (options.filter !== undefined) return parsed
    return { ...parsed, settings: { ...parsed.settings, test: manner.settings.test } }
  }
}

function parseManner(options: Record<string, unknown>, path: string, definition: Definition): Manner {
  const { k, filter, select, includeVector, ef, exact, threshold } = options
  const plain = { k, filter, select, includeVector, ef, exact, threshold }
  return {
    strategy: enumOption(options.strategy, `${path}.strategy`, STRATEGIES, 'mean'),
    diversity: numberOption(options.diversity, `${path}.diversity`, { min: 0, max: 1, default: 0 }),
    perGroup: parseGroups(options.perGroup, `${path}.perGroup`),
    exclude: options.exclude === undefined ? [] : idList(options.exclude, `${path}.exclude`),
    settings: parseSettings(plain, path, definition),
  }
}

function parseGroups(input: unknown, path: string): GroupLimit | undefined {
  if (input === undefined) return undefined
  const { field, limit } = checkOptions(input, ['field', 'limit'], path)
  const steps = fieldOption(field, `${path}.field`)
  const most = integerOption(limit, `${path}.limit`, { min: 1 })
  if (most !== undefined) return { field: steps, limit: most }
  const message = `${path} needs a limit: how many matches may share a value of ${field}`
  throw new SkalarError('BAD_OPTION', message, { path: `${path}.limit` })
}

function idList(input: unknown, path: string): Id[] {
  if (isArray(input)) return validIds(input, path)
  const message = `${path} must be an array of ids, got ${describe(input)}`
  throw new SkalarError('BAD_OPTION', message, { path })
}

function parseTaste(
  { positive, negative }: Record<string, unknown>,
  path: string,
  definition: Definition,
): Pick<Recommendation, 'path' | 'positive' | 'negative'> {
  const refuseZero = definition.metric === 'cosine'
  const read = (input: unknown, name: string): Given =>
    parseGiven(input, `${path}.${name}`, definition.dimension, refuseZero)
  const liked = read(positive ?? [], 'positive')
  if (liked.ids.length + liked.vectors.length === 0) {
    const problem = positive === undefined ? 'is missing' : 'is empty'
    const message = `${path}.positive ${problem}: give at least one id or vector of what is liked`
    throw new SkalarError('BAD_OPTION', message, { path: `${path}.positive` })
  }
  return { path, positive: liked, negative: negative === undefined ? NOTHING : read(negative, 'negative') }
}

function parseGiven(input: unknown, path: string, dimension: number, refuseZero: boolean): Given {
  if (!isArray(input)) {
    const remedy = ArrayBuffer.isView(input) ? ': give a vector as [vector]' : ''
    const message = `${path} must be an array of ids and vectors, got ${describe(input)}${remedy}`
    throw new SkalarError('BAD_OPTION', message, { path })
  }
  // Of many users it is most of what is kept: as long as it needs to be, and no more.
  const { length } = input
  const items = new Array<unknown>(length)
  let vectors = 0
  for (let i = 0; i < length; i++) {
    const item: unknown = input[i]
    const isVector = typeof item === 'object' && item !== null
    if (isVector) vectors++
    items[i] = isVector ? copyVector(item, `${path}[${i}]`, dimension, refuseZero) : idOf(item, path, i)
  }
  if (vectors === 0) return { ids: items as Id[], places: undefined, path, vectors: NONE }
  const places = [...items.keys()].filter((i) => !(items[i] instanceof Float32Array))
  return {
    ids: places.map((i) => items[i] as Id),
    places,
    path,
    vectors: items.filter((item) => item instanceof Float32Array),
  }
}

/** Most are good, and need no path. */
function idOf(item: unknown, path: string, place: number): Id {
  if (typeof item === 'number' && Number.isSafeInteger(item)) return item + 0
  return validId(item, `${path}[${place}]`)
}

function copyVector(item: object, path: string, dimension: number, refuseZero: boolean): Float32Array {
  const vector = new Float32Array(dimension)
  writeVector(item, vector, 0, dimension, path)
  if (firstBadVector(vector, dimension, refuseZero) === 0) throw badVector(vector, item, path, refuseZero)!
  return vector
}
