import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  chebyshev,
  cosine,
  dot,
  euclidean,
  laplacian,
  linear,
  type MatrixInput,
  manhattan,
  norm,
  polynomial,
  rbf,
  type SimilarityMetric,
  type SimilarityProgress,
  sigmoid,
  similarities,
} from '../../src/similarity/index.ts'
import { expectRejection, rejectionOf } from '../helpers/errors.ts'
import { generator } from '../helpers/random.ts'
import { simdTargets } from '../helpers/simd-targets.ts'
import { exact, multiply, sum, toNumber } from './exact.ts'

/*
 * The reference is the function of two vectors, which its own tests hold against exact arithmetic; bounds are those of
 * docs/similarity.md.
 */

const METRICS: readonly SimilarityMetric[] = [
  'dot',
  'cosine',
  'euclidean',
  'chebyshev',
  'manhattan',
  { kernel: 'linear' },
  { kernel: 'polynomial' },
  { kernel: 'polynomial', gamma: 0.25, degree: 2, coef0: -1 },
  { kernel: 'sigmoid' },
  { kernel: 'sigmoid', gamma: 0.01, coef0: 0.5 },
  { kernel: 'rbf' },
  { kernel: 'rbf', gamma: 0.1 },
  { kernel: 'laplacian' },
  { kernel: 'laplacian', gamma: 0.05 },
]

const BY_NAME = { chebyshev, cosine, dot, euclidean, manhattan }
const KERNELS = { laplacian, linear, polynomial, rbf, sigmoid }

type Numbers = Float32Array | Float64Array

function reference(metric: SimilarityMetric, a: Numbers, b: Numbers): number {
  if (typeof metric === 'string') return BY_NAME[metric](a, b)
  const { kernel, ...options } = metric
  return KERNELS[kernel](a, b, options)
}

/** The largest error that the documentation allows. */
function bound(metric: SimilarityMetric, a: Numbers, b: Numbers, unit: number): number {
  const n = a.length
  const each = (130 + n / 128) * unit
  const product = each * norm(a) * norm(b)
  const truth = Math.abs(reference(metric, a, b))
  if (metric === 'dot') return product + unit * truth
  if (metric === 'cosine') return 2 * each
  if (typeof metric === 'string') return each * truth
  switch (metric.kernel) {
    case 'linear':
      return product + unit * truth
    case 'polynomial': {
      const { gamma = 1 / n, degree = 3, coef0 = 1 } = metric
      const size = gamma * norm(a) * norm(b) + Math.abs(coef0)
      return degree * (gamma * product + 4 * unit * size) * size ** (degree - 1) + 4 * unit * truth
    }
    case 'sigmoid':
      return (metric.gamma ?? 1 / n) * product + 4 * unit
    default:
      // Of the exponent, which is worth the more the nearer the result is to 1/e.
      return each * -Math.log(Math.max(truth, 1e-300)) * truth + 4 * unit * truth + 1e-300
  }
}

interface Problem {
  readonly A: Numbers
  readonly B: Numbers
  readonly rows: number
  readonly others: number
  readonly columns: number
}

interface Elements {
  new (numbers: ArrayLike<number>): Numbers
}

function numbers(elements: Elements, length: number, element: (i: number) => number): Numbers {
  return new elements(Array.from({ length }, (_, i) => element(i)))
}

function problems(elements: Elements): fc.Arbitrary<Problem> {
  return fc
    .record({
      rows: fc.constantFrom(1, 2, 5, 13, 14, 15, 30, 113),
      others: fc.constantFrom(1, 3, 15, 16, 17, 32, 33, 70),
      columns: fc.constantFrom(1, 2, 3, 16, 127, 128, 129, 300),
      seed: fc.integer(),
      relation: fc.constantFrom('none', 'near', 'equal'),
    })
    .map(({ rows, others, columns, seed, relation }) => {
      const random = generator(seed)
      const A = numbers(elements, rows * columns, () => random() - 0.5)
      const B = numbers(elements, others * columns, (i) => {
        if (relation === 'none') return random() * 2 - 1
        return A[i % A.length]! * (relation === 'near' ? 1 + random() * 1e-4 : 1)
      })
      return { A, B, rows, others, columns }
    })
}

describe.each([
  ['float32', Float32Array, 2 ** -24],
  ['float64', Float64Array, 2 ** -53],
] as const)('in %s', (precision, elements, unit) => {
  it.each(METRICS.map((metric) => [JSON.stringify(metric), metric] as const))(
    '%s is within its bound of the function of two vectors',
    async (_, metric) => {
      await fc.assert(
        fc.asyncProperty(problems(elements), async ({ A, B, rows, others, columns }) => {
          const results = await similarities(A, B, metric, { columns, precision })
          expect(results).toBeInstanceOf(elements)
          expect(results).toHaveLength(rows * others)
          for (let i = 0; i < rows; i += 1 + (rows >> 3)) {
            for (let j = 0; j < others; j += 1 + (others >> 3)) {
              const a = A.subarray(i * columns, (i + 1) * columns)
              const b = B.subarray(j * columns, (j + 1) * columns)
              const error = Math.abs(results[i * others + j]! - reference(metric, a, b))
              // The reference has an error too.
              const allowed =
                bound(metric, a, b, unit) + (precision === 'float64' ? bound(metric, a, b, unit) : 0)
              expect(error, `${i}, ${j} of ${rows} × ${others} × ${columns}`).toBeLessThanOrEqual(allowed)
            }
          }
        }),
        { numRuns: 25 },
      )
    },
  )

  it('the cosine of a vector with itself is exactly 1, and none lies beyond', async () => {
    const random = generator(3)
    for (const columns of [1, 3, 100, 1000]) {
      const A = numbers(elements, 60 * columns, () => random() - 0.5)
      const results = await similarities(A, A, 'cosine', { columns, precision })
      for (let i = 0; i < 60; i++) expect(results[i * 61]).toBe(1)
      expect(results.every((cosine) => Math.abs(cosine) <= 1)).toBe(true)
    }
  })

  it('takes vectors as long and as short as its numbers are', async () => {
    const [large, small] = precision === 'float32' ? [1e30, 1e-38] : [1e300, 1e-300]
    const A = [
      [3 * large, 4 * large],
      [3 * small, 4 * small],
    ]
    const cosines = await similarities(A, A, 'cosine', { precision })
    expect(Array.from(cosines, (x) => Math.abs(x - 1) < 3 * unit)).toEqual([true, true, true, true])
    const dots = await similarities(A, A, 'dot', { precision })
    expect(dots[0]).toBe(Infinity)
    expect(Math.abs(dots[1]! / (25 * large * small) - 1)).toBeLessThan(8 * unit)
    expect(dots[3]).toBe(0)
    const distances = await similarities(A, [[0, 0]], 'euclidean', { precision })
    expect(Math.abs(distances[0]! / (5 * large) - 1)).toBeLessThan(4 * unit)
    const alone = await similarities([A[1]!], [[0, 0]], 'euclidean', { precision })
    expect(Math.abs(alone[0]! / (5 * small) - 1)).toBeLessThan(precision === 'float32' ? 1e-6 : 1e-14)
  })
})

describe('a product of float64', () => {
  it('is within 10⁻¹² of its terms at 4,096 components', async () => {
    const random = generator(11)
    const columns = 4096
    const A = Float64Array.from({ length: 3 * columns }, () => random() - 0.5)
    const results = await similarities(A, A, 'dot', { columns })
    const terms = Array.from({ length: columns }, (_, k) => multiply(exact(A[k]!), exact(A[columns + k]!)))
    const size = terms.reduce((total, term) => total + Math.abs(toNumber(term)), 0)
    expect(Math.abs(results[1]! - toNumber(sum(terms)))).toBeLessThan(1e-13 * size)
  })
})

describe('the results', () => {
  const random = generator(5)
  const columns = 200
  const A = Float32Array.from({ length: 700 * columns }, () => random() - 0.5)
  const B = Float32Array.from({ length: 1300 * columns }, () => random() - 0.5)

  it('are the same for any number of threads, and whatever stands beside a pair', async () => {
    for (const metric of ['dot', 'euclidean'] as const) {
      const one = await similarities(A, B, metric, { columns, threads: 1 })
      expect(await similarities(A, B, metric, { columns, threads: 2 })).toEqual(one)
      const few = await similarities(A.subarray(columns * 650, columns * 652), B, metric, { columns })
      expect(few).toEqual(one.subarray(650 * 1300, 652 * 1300))
    }
  })

  it('are the same on every target of this machine', () => {
    const program = `
      import { createHash } from 'node:crypto'
      import { similarities } from ${JSON.stringify(new URL('../../dist/similarity/index.js', import.meta.url).href)}
      const hash = createHash('sha256')
      for (const precision of ['float32', 'float64']) {
        const A = Float32Array.from({ length: 40 * 333 }, (_, i) => Math.fround(Math.sin(i * i)))
        for (const metric of ${JSON.stringify(METRICS)}) {
          hash.update(new Uint8Array((await similarities(A, A, metric, { columns: 333, precision })).buffer))
        }
      }
      process.stdout.write(hash.digest('hex'))`
    const hashes = simdTargets().map((target) =>
      execFileSync(process.execPath, ['--input-type=module', '-e', program], {
        env: { ...process.env, SKALAR_SIMD: target },
      }).toString(),
    )
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/)
    expect(new Set(hashes).size).toBe(1)
  })

  it('are of what was given when the call was made', async () => {
    const changing = Float32Array.of(1, 2)
    const work = similarities(changing, changing, 'dot', { columns: 2 })
    changing.fill(100)
    expect(await work).toEqual(Float32Array.of(5))
  })

  it('are float32 where that holds what was given, else float64', async () => {
    const cases: [MatrixInput, MatrixInput, unknown][] = [
      [Float32Array.of(1), Float32Array.of(2), Float32Array],
      [[Int8Array.of(1)], Float32Array.of(2), Float32Array],
      [[1], Float32Array.of(2), Float64Array],
      [[[1]], [[2]], Float64Array],
      [Float64Array.of(1), Float32Array.of(2), Float64Array],
    ]
    for (const [left, right, kind] of cases) {
      expect(await similarities(left, right, 'dot', { columns: 1 })).toBeInstanceOf(kind)
    }
    expect(await similarities([[1]], [[2]], 'dot', { precision: 'float32' })).toEqual(Float32Array.of(2))
  })
})

describe('the columns', () => {
  it('are those of whichever has rows', async () => {
    const flat = Float32Array.of(1, 2, 3, 4)
    expect(await similarities(flat, [Float32Array.of(1, 1)], 'dot')).toEqual(Float32Array.of(3, 7))
    expect(await similarities([Float32Array.of(1, 1)], flat, 'dot')).toEqual(Float32Array.of(3, 7))
    await expectRejection(similarities(flat, flat, 'dot'), 'BAD_OPTION', { path: 'options.columns' })
  })
})

describe('what is refused', () => {
  const A = [[1, 2]]

  it('is no matrix, or of other sizes', async () => {
    await expectRejection(similarities('A' as never, A, 'dot'), 'BAD_VECTOR', { path: 'A' })
    await expectRejection(similarities(A, [[1, NaN]], 'dot'), 'BAD_VECTOR', { path: 'B[0][1]' })
    await expectRejection(similarities(A, [[1]], 'dot'), 'DIMENSION_MISMATCH', { path: 'B[0]' })
    await expectRejection(similarities(A, [1, 2, 3], 'dot'), 'DIMENSION_MISMATCH', { path: 'B' })
    const beyond = similarities([[1e300]], [[1]], 'dot', { precision: 'float32' })
    await expectRejection(beyond, 'BAD_VECTOR', { path: 'A[0][0]' })
  })

  it('is a row of zeros where a cosine is asked for', async () => {
    const zero = [
      [1, 2],
      [0, -0],
    ]
    await expectRejection(similarities(zero, A, 'cosine'), 'BAD_VECTOR', { path: 'A[1]' })
    const flat = similarities(A, [1, 2, 0, 0], 'cosine')
    expect((await expectRejection(flat, 'BAD_VECTOR', { path: 'B' })).message).toMatch(/row 1 of B/)
    expect(await similarities(zero, A, 'dot')).toEqual(Float64Array.of(5, 0))
  })

  it('is another metric or option', async () => {
    const options = { precision: 'double' } as never
    await expectRejection(similarities(A, A, 'dot', options), 'BAD_OPTION', { path: 'options.precision' })
    await expectRejection(similarities(A, A, 'dot', { threads: 0 }), 'BAD_OPTION', {
      path: 'options.threads',
    })
    await expectRejection(similarities(A, A, 'dot', { dim: 2 } as never), 'BAD_OPTION', {
      path: 'options.dim',
    })
    const rbf = await expectRejection(similarities(A, A, 'rbf' as never), 'BAD_OPTION', { path: 'metric' })
    expect(rbf.message).toMatch(/did you mean \{ kernel: "rbf" \}/)
    await expectRejection(similarities(A, A, {} as never), 'BAD_OPTION', { path: 'metric' })
    await expectRejection(similarities(A, A, { kernel: 'rfb' } as never), 'BAD_OPTION', {
      path: 'metric.kernel',
    })
    await expectRejection(similarities(A, A, { kernel: 'rbf', gamma: -1 }), 'BAD_OPTION', {
      path: 'metric.gamma',
    })
    await expectRejection(similarities(A, A, { kernel: 'linear', gamma: 1 } as never), 'BAD_OPTION', {
      path: 'metric.gamma',
    })
  })
})

describe('a long call', () => {
  const columns = 1024
  const long = new Float32Array(6000 * columns).fill(0.5)

  it('is stopped by its signal, with its reason', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const work = similarities(long, long, 'manhattan', { columns, signal: controller.signal })
    await new Promise((resolve) => setTimeout(resolve, 30))
    const start = performance.now()
    controller.abort(reason)
    expect(await rejectionOf(work)).toBe(reason)
    expect(performance.now() - start).toBeLessThan(500)
    const late = similarities(long, long, 'dot', { columns, signal: controller.signal })
    expect(await rejectionOf(late)).toBe(reason)
  })

  it('tells its progress, and stops when that fails', async () => {
    const calls: SimilarityProgress[] = []
    const some = long.subarray(0, 4000 * columns)
    await similarities(some, some, 'euclidean', { columns, onProgress: (progress) => calls.push(progress) })
    expect(calls.at(-1)).toEqual({ done: 16e6, total: 16e6 })
    expect(calls.length).toBeGreaterThan(1)
    const done = calls.map((call) => call.done)
    expect(done).toEqual(done.toSorted((a, b) => a - b))
    const failure = new Error('no')
    const work = similarities(long, long, 'dot', {
      columns,
      onProgress: () => {
        throw failure
      },
    })
    expect(await rejectionOf(work)).toBe(failure)
  })
})

describe('a process', () => {
  const module = JSON.stringify(new URL('../../dist/similarity/index.js', import.meta.url).href)

  function run(program: string): string {
    return execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 20_000,
    }).toString()
  }

  it('waits for a call, and is not kept alive by what was done', () => {
    const program = `const { similarities } = await import(${module})
      similarities([[1, 2]], [[3, 4]], 'dot').then(([result]) => process.stdout.write(String(result)))`
    expect(run(program)).toBe('11')
  })

  it('may end a worker amid a call', () => {
    const program = `
      import { Worker } from 'node:worker_threads'
      const worker = new Worker(\`
        Promise.all([import(${module}), import('node:worker_threads')]).then(([{ similarities }, { parentPort }]) => {
          const A = new Float32Array(5e6).fill(1)
          similarities(A, A, 'manhattan', { columns: 1000 })
          parentPort.postMessage(0)
        })\`, { eval: true })
      worker.once('message', () => setTimeout(() => worker.terminate().then(() => process.stdout.write('ended')), 20))`
    expect(run(program)).toBe('ended')
  })

  it('loads no addon for the functions of two vectors', () => {
    const program = `const { cosine, rbf } = await import(${module})
      cosine([1], [1]) + rbf([1], [1])
      process.stdout.write(String(process.report.getReport().sharedObjects.some((path) => path.endsWith('skalar.node'))))`
    expect(run(program)).toBe('false')
  })
})
