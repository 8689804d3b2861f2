import { SkalarError } from './errors.ts'
import type { MetricName } from './types.ts'
import { isRevoked } from './validate/built-in.ts'
import { describe, propertyStep } from './validate/describe.ts'
import { hintFor } from './validate/hints.ts'
import { isPlainObject } from './validate/plain-object.ts'

/*
 * Options as they come from callers. Every reader takes a value and its path, treats `undefined` as not given, and
 * throws `BAD_OPTION` with what is wrong, what was given and what is accepted.
 */

/**
 * Checks that options are a plain object with known keys only, and returns them, `undefined` as `{}`. A key that is not
 * known is refused with the option that was probably meant.
 *
 * @throws SkalarError `BAD_OPTION`
 */
export function checkOptions(
  options: unknown,
  known: readonly string[],
  path: string,
): Record<string, unknown> {
  if (options === undefined) return {}
  if (!isPlainObject(options)) throw badOption(path, options, 'a plain object')
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw unknownOption(key, known, path)
  }
  return options
}

function unknownOption(key: string, known: readonly string[], parent: string): SkalarError {
  const path = parent + propertyStep(key)
  const hint = hintFor(key, known)
  const list = known.length === 0 ? 'none' : known.join(', ')
  const message = `${path} is not an option${hint === undefined ? '' : `: ${hint}`}. Known options: ${list}`
  return new SkalarError('BAD_OPTION', message, { path })
}

const METRICS: readonly MetricName[] = ['cosine', 'dot', 'euclidean']

/** What a query can rank by, whatever its collection's metric is. */
export const QUERY_METRICS = ['cosine', 'dot', 'euclidean', 'chebyshev', 'manhattan'] as const

/** Names that other libraries give the metrics, in lower case and without separators. */
const METRIC_ALIASES: ReadonlyMap<string, (typeof QUERY_METRICS)[number]> = new Map([
  ['cos', 'cosine'],
  ['angular', 'cosine'],
  ['cosinesim', 'cosine'],
  ['cosinesimilarity', 'cosine'],
  ['dotproduct', 'dot'],
  ['innerproduct', 'dot'],
  ['ip', 'dot'],
  ['euclid', 'euclidean'],
  ['l2', 'euclidean'],
  ['l1', 'manhattan'],
  ['cityblock', 'manhattan'],
  ['taxicab', 'manhattan'],
  ['linf', 'chebyshev'],
  ['chessboard', 'chebyshev'],
])

/** A metric; a name from another library is refused with ours. */
export function metricOption<Accepted extends string = MetricName>(
  value: unknown,
  path: string,
  accepted: readonly Accepted[] = METRICS as readonly string[] as readonly Accepted[],
): Accepted | undefined {
  if (value === undefined || accepted.includes(value as Accepted)) return value as Accepted | undefined
  const name = typeof value === 'string' ? value.toLowerCase().replace(/[\s_-]/g, '') : ''
  if (name === 'mahalanobis') {
    throw badOption(path, value, quotedList(accepted), 'it needs a matrix: pass { mahalanobis: precision }')
  }
  const meant = accepted.find((metric) => metric === (METRIC_ALIASES.get(name) ?? name))
  throw badOption(path, value, quotedList(accepted), meant && `did you mean "${meant}"?`)
}

interface NumberLimits<Fallback> {
  /** Least value accepted. */
  readonly min?: number
  /** Greatest value accepted. */
  readonly max?: number
  /** The greatest value that is not accepted any more. */
  readonly above?: number
  /** What is returned if the option is not given. */
  readonly default?: Fallback
}

/** A safe integer within limits, both included. */
export function integerOption<const Fallback = undefined>(
  value: unknown,
  path: string,
  limits: NumberLimits<Fallback> = {},
): number | Fallback {
  if (value === undefined) return limits.default as Fallback
  if (Number.isSafeInteger(value) && within(value as number, limits)) return value as number
  throw badOption(path, value, `an integer${range(limits)}`)
}

/** A finite number within limits, both included. */
export function numberOption<const Fallback = undefined>(
  value: unknown,
  path: string,
  limits: NumberLimits<Fallback> = {},
): number | Fallback {
  if (value === undefined) return limits.default as Fallback
  if (Number.isFinite(value) && within(value as number, limits)) return value as number
  throw badOption(path, value, `a finite number${range(limits)}`)
}

function within(value: number, { min = -Infinity, max = Infinity, above }: NumberLimits<unknown>): boolean {
  return value >= min && value <= max && (above === undefined || value > above)
}

function range({ min, max, above }: NumberLimits<unknown>): string {
  if (above !== undefined) return ` above ${above}`
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  if (min !== undefined) return ` of at least ${min}`
  return max === undefined ? '' : ` of at most ${max}`
}

/** `true` or `false`; nothing else counts as either. */
export function booleanOption<const Fallback = undefined>(
  value: unknown,
  path: string,
  fallback?: Fallback,
): boolean | Fallback {
  if (value === undefined) return fallback as Fallback
  if (typeof value === 'boolean') return value
  throw badOption(path, value, 'true or false')
}

/** One of a few strings. */
export function enumOption<const Accepted extends string, const Fallback = undefined>(
  value: unknown,
  path: string,
  accepted: readonly Accepted[],
  fallback?: Fallback,
): Accepted | Fallback {
  if (value === undefined) return fallback as Fallback
  if (accepted.includes(value as Accepted)) return value as Accepted
  const hint = typeof value === 'string' ? hintFor(value, accepted) : undefined
  throw badOption(path, value, quotedList(accepted), hint)
}

type Callback = (...values: never[]) => unknown

/** A function; what it takes and gives is not checked. */
export function functionOption<F extends Callback = Callback>(value: unknown, path: string): F | undefined {
  if (value === undefined || isFunction(value)) return value as F | undefined
  throw badOption(path, value, 'a function')
}

/** Whether it can be called. */
export function isFunction(value: unknown): value is (...values: unknown[]) => unknown {
  return typeof value === 'function' && !isRevoked(value)
}

/** An AbortSignal, of whatever realm, or one of a polyfill that has all its methods. */
export function signalOption(value: unknown, path: string): AbortSignal | undefined {
  if (value === undefined || isSignal(value)) return value
  const controller = !isRevoked(value) && isSignal((value as Partial<AbortController> | null)?.signal)
  const hint = controller ? 'pass its .signal' : undefined
  throw badOption(path, value, 'an AbortSignal', hint)
}

function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null || isRevoked(value)) return false
  const signal = value as Partial<AbortSignal>
  return (
    typeof signal.aborted === 'boolean' &&
    typeof signal.throwIfAborted === 'function' &&
    typeof signal.addEventListener === 'function' &&
    typeof signal.removeEventListener === 'function'
  )
}

function badOption(path: string, value: unknown, accepted: string, hint?: string): SkalarError {
  const message = `${path} must be ${accepted}, got ${describe(value)}${hint ? `: ${hint}` : ''}`
  return new SkalarError('BAD_OPTION', message, { path })
}

function quotedList(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(' | ')
}
