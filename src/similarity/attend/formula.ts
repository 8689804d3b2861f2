import { SkalarError } from '../../errors.ts'
import type { AFFINITIES } from '../../native.ts'
import { checkOptions, numberOption } from '../../options.ts'
import { type Measure, parseKernel, parseMeasure } from '../../query/measure.ts'
import type { Definition } from '../../store/catalogue.ts'
import { describe } from '../../validate/describe.ts'

/*
 * How weights are made. All of them are powers of e, whose exponents are the logits; a factor that all weights have cancels.
 *
 *   softmax      x·q / (√d T)
 *   rbf          −γ |x − q|²
 *   laplacian    −γ Σ|x − q|
 *   polynomial   n ln |x·q + c/γ|, of (γ x·q + c)ⁿ with n even, but for γⁿ
 *
 * What was not read is bounded from above, and what was read from below, with room for what was rounded:
 *
 *   - float64 arithmetic errs by at most 1e-12 of |x||q| in x·q, and of |x| + |q| in |x − q| (native/score/scorer.cc says so);
 *   - projected queries are rounded to float32, which moves them by at most 2⁻²⁴ of their length. Four times that covers
 *     what a square makes of it.
 */

const FLOAT64_SLACK = 1e-12
const FLOAT32_SLACK = 2 ** -22

/** What a sum of n weights may be off by, relatively: n roundings, and as many of exponential functions. */
const roundingOf = (rows: number): number => 2 ** -50 * (rows + 8)

/** How logits are computed, as native code has it. */
export interface Formula {
  /** What the index finds the heaviest records by. */
  readonly measure: Measure
  readonly affinity: keyof typeof AFFINITIES
  readonly scale: number
  readonly center: number
  readonly slack: number
}

/** Weights of some records together, as native code tells of them: `sum` times e^`max`. */
export interface Total {
  readonly max: number
  readonly sum: number
  readonly rows: number
  /** The length of the longest vector. */
  readonly longest: number
}

/** `dimension` is that of the part of a key that one head sees. @throws SkalarError `BAD_OPTION` */
export function softmaxFormula(
  temperature: number,
  dimension: number,
  projected: boolean,
  definition: Definition,
): Formula {
  return {
    measure: parseMeasure('dot', 'options.kernel', definition),
    affinity: 'dot',
    scale: 1 / (Math.sqrt(dimension) * temperature),
    center: 0,
    slack: slackOf(projected),
  }
}

/** @throws SkalarError `BAD_OPTION` also for kernels that can be negative */
export function kernelFormula(
  input: unknown,
  path: string,
  projected: boolean,
  definition: Definition,
): Formula {
  // Read once: what is checked is what is used.
  const kernel: Readonly<Record<string, unknown>> =
    typeof input === 'string'
      ? { kernel: input }
      : { ...checkOptions(input, ['kernel', 'gamma', 'degree', 'coef0'], path) }
  if (kernel.kernel === undefined) {
    const message = `${path} needs the name of a kernel, got ${describe(input)}: pass { kernel: "rbf" } or another`
    throw new SkalarError('BAD_OPTION', message, { path: `${path}.kernel` })
  }
  const { name, metric, center, kernel: map } = parseKernel(kernel, path, definition)
  if (!map?.neverNegative) throw canBeNegative(name, path)
  const gamma = numberOption(kernel.gamma, `${path}.gamma`, { default: 1 / definition.dimension })
  return {
    // By base scores: those of kernels run out of digits.
    measure: { name, metric, center, kernel: undefined },
    affinity: name === 'rbf' || name === 'laplacian' ? name : 'polynomial',
    scale: metric === 'apart' ? (kernel.degree as number) : gamma,
    center,
    slack: slackOf(projected),
  }
}

/**
 * How much of the whole weight records have, at most, that were not read. `rest` bounds their weight from above, `read` is what was
 * read; `lengths` are |q| and the dimension.
 */
export function missingMass(formula: Formula, read: Total, rest: Total, lengths: Lengths): number {
  if (rest.rows === 0) return 0
  return shareOf(atMost(rest), atLeast(formula, read, lengths))
}

/** The same where `all` records were looked at, and the weights of `read` are among theirs. */
export function missingOf(formula: Formula, read: Total, all: Total, lengths: Lengths): number {
  const rows = all.rows - read.rows
  if (rows === 0) return 0
  if (all.sum === 0) return 1
  // What is left of the sum is off by the roundings of all of it.
  const sum = all.sum - read.sum * Math.exp(read.max - all.max) + all.sum * roundingOf(all.rows)
  const rest = { max: all.max, sum: Math.max(sum, 0), rows, longest: all.longest }
  return shareOf(raised(formula, rest, lengths), atLeast(formula, read, lengths))
}

/** The length of the query, and the components of a vector. */
interface Lengths {
  readonly query: number
  readonly dimension: number
}

function slackOf(projected: boolean): number {
  return projected ? FLOAT32_SLACK : FLOAT64_SLACK
}

/** e^rest / (e^read + e^rest), and a little more. */
function shareOf(rest: number, read: number): number {
  if (rest === Number.NEGATIVE_INFINITY) return 0
  return Math.min(1, (1 + FLOAT64_SLACK) / (1 + Math.exp(read - rest)))
}

/** The logarithm of a weight that was bounded record by record. */
function atMost({ max, sum, rows }: Total): number {
  return max + Math.log(sum * (1 + roundingOf(rows)))
}

/** The logarithm of the least that a weight may be. */
function atLeast(formula: Formula, total: Total, lengths: Lengths): number {
  const { max, sum, rows, longest } = total
  const log = max + Math.log(sum * (1 - roundingOf(rows)))
  if (formula.affinity !== 'polynomial') return log - errorOf(formula, longest, lengths)
  return powerMoved(formula, log, -1, total, lengths)
}

/** The logarithm of the most that a weight may be, of which logits were computed. */
function raised(formula: Formula, total: Total, lengths: Lengths): number {
  const { longest } = total
  const log = atMost(total)
  if (formula.affinity !== 'polynomial') return log + errorOf(formula, longest, lengths)
  return powerMoved(formula, log, 1, total, lengths)
}

/** What a logit may be off by, of records whose vectors are no longer than `longest`. */
function errorOf(
  { affinity, scale, slack }: Formula,
  longest: number,
  { query, dimension }: Lengths,
): number {
  if (affinity === 'dot') return scale * slack * longest * query
  const lengths = longest + query
  return affinity === 'rbf' ? scale * slack * lengths ** 2 : scale * slack * Math.sqrt(dimension) * lengths
}

/**
 * The logarithm of Σ tᵢⁿ where each tᵢ may be off by e: (Σ tᵢⁿ)^(1/n) is a norm, so it is off by that of e times all ones at
 * most.
 */
function powerMoved(
  { scale: n, center, slack }: Formula,
  log: number,
  direction: 1 | -1,
  { rows, longest }: Total,
  { query }: Lengths,
): number {
  const error = slack * (longest * query + Math.abs(center)) * rows ** (1 / n)
  const norm = Math.exp(log / n) + direction * error
  return norm > 0 ? n * Math.log(norm) : Number.NEGATIVE_INFINITY
}

function canBeNegative(name: string, path: string): SkalarError {
  const which = name === 'polynomial' ? 'a polynomial of odd degree' : name
  const message = `${path} must not be negative anywhere, which ${which} can be: use rbf, laplacian or a polynomial of even degree`
  return new SkalarError('BAD_OPTION', message, {
    path: `${path}.${name === 'polynomial' ? 'degree' : 'kernel'}`,
  })
}
