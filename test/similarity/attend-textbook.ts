import type { AttendResult, AttentionKernel, Id } from '../../src/index.ts'

/* Attention by its formulas (Vaswani et al. 2017, sections 3.2.1 and 3.2.2), in float64 and with no care for speed. */

type Vector = ArrayLike<number>
export type Rows = readonly Vector[]

export interface Sample {
  readonly id: Id
  readonly key: Vector
  readonly value: Vector
}

export interface Settings {
  readonly temperature?: number
  readonly kernel?: AttentionKernel
  readonly heads?: number
  readonly projections?: { query?: Rows; key?: Rows; value?: Rows }
}

export interface Attended {
  readonly output: number[]
  /** For each head the weight of each sample, in their order. */
  readonly weights: number[][]
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0)

function dot(a: Vector, b: Vector): number {
  return sumOf(Array.from(a, (x, i) => x * b[i]!))
}

const times = (matrix: Rows | undefined, vector: Vector) =>
  matrix === undefined ? Array.from(vector) : matrix.map((row) => dot(row, vector))

function part(vector: readonly number[], head: number, heads: number): number[] {
  const size = vector.length / heads
  return vector.slice(head * size, (head + 1) * size)
}

/** The logarithm of a weight, but for what all have in common. */
function logit(q: readonly number[], k: readonly number[], { temperature = 1, kernel }: Settings): number {
  if (kernel === undefined) return dot(q, k) / (Math.sqrt(k.length) * temperature)
  const gamma = kernel.gamma ?? 1 / k.length
  const differences = k.map((x, i) => x - q[i]!)
  if (kernel.kernel === 'rbf') return -gamma * dot(differences, differences)
  if (kernel.kernel === 'laplacian') return -gamma * sumOf(differences.map(Math.abs))
  return kernel.degree * Math.log(Math.abs(gamma * dot(q, k) + (kernel.coef0 ?? 1)))
}

export function attended(samples: readonly Sample[], query: Vector, settings: Settings = {}): Attended {
  const { heads = 1, projections = {} } = settings
  const q = times(projections.query, query)
  const keys = samples.map(({ key }) => times(projections.key, key))
  const values = samples.map(({ value }) => times(projections.value, value))
  const output: number[] = []
  const weights = Array.from({ length: heads }, (_, head) => {
    const logits = keys.map((key) => logit(part(q, head, heads), part(key, head, heads), settings))
    const most = logits.reduce((a, b) => Math.max(a, b), -Infinity)
    const powers = logits.map((each) => Math.exp(each - most))
    const sum = sumOf(powers)
    const own = powers.map((power) => power / sum)
    const parts = values.map((value) => part(value, head, heads))
    const size = parts[0]?.length ?? 0
    for (let j = 0; j < size; j++) output.push(sumOf(parts.map((each, i) => own[i]! * each[j]!)))
    return own
  })
  return { output, weights }
}

/** What the records that a query's weights do not name weigh together. */
export function missed(
  samples: readonly Sample[],
  own: readonly number[],
  result: AttendResult,
  query = 0,
): number {
  const read = new Set(result.weights[query]!.map(({ id }) => id))
  return sumOf(samples.map(({ id }, i) => (read.has(id) ? 0 : own[i]!)))
}

export function distance(a: Vector, b: Vector): number {
  return Math.hypot(...Array.from(a, (x, i) => x - b[i]!))
}

/** No less than the largest distance between two values, and no more than twice it. */
export function diameter(samples: readonly Sample[]): number {
  const first = samples[0]!.value
  return 2 * samples.reduce((most, { value }) => Math.max(most, distance(first, value)), 0)
}
