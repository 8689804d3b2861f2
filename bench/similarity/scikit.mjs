// How far kernels and distances are from scikit-learn's own, over random vectors of 1 to 4,096 dimensions: prints the largest error of
// each as a Markdown table. An error is told as a share of the sum of absolute terms (linear, polynomial), else of 1 (of what lies
// between −1 and 1) or of the value (distances); it is that of both libraries together.
// Usage: pip install scikit-learn && npm run build && node bench/similarity/scikit.mjs [--fixtures]
//
// --fixtures writes test/similarity/scikit-reference.json instead, which the tests read: run `npm run format` behind it.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import * as skalar from '../../dist/similarity/index.js'
import { gaussianFrom, uniformFrom } from '../data/random.mjs'
import { printTable } from '../foundation/report.mjs'

const DIMENSIONS = [1, 2, 3, 5, 8, 16, 31, 100, 384, 512, 1_000, 1_024, 2_048, 4_096]
const PAIRS = 20
/** The matrix of more dimensions would take longer to send than all the rest. */
const MOST_FOR_MAHALANOBIS = 384
const TARGET = 1e-12
const FIXTURES = new URL('../../test/similarity/scikit-reference.json', import.meta.url)

const uniform = uniformFrom(15)
const normal = gaussianFrom(uniform)
const oneOf = (...values) => values[Math.floor(uniform() * values.length)]
const product = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0)

/** I + 1/n C Cᵀ of an n × 3 matrix C: symmetric to the bit, and positive definite. */
function precisionOf(dimension, number) {
  const columns = Array.from({ length: dimension }, () => Array.from({ length: 3 }, number))
  return columns.map((row, i) =>
    columns.map((other, j) => (i === j ? 1 : 0) + product(row, other) / dimension),
  )
}

/** Two random vectors, near each other or not, and parameters; `number` makes components. */
function caseOf(dimension, number, most = MOST_FOR_MAHALANOBIS) {
  const size = oneOf(0.25, 1, 1, 4)
  const a = Array.from({ length: dimension }, () => size * number())
  const near = oneOf(false, false, true)
  const b = a.map((x) => (near ? x + number() / 16 : size * number()))
  return {
    a,
    b,
    gamma: oneOf(1, 0.5, 2) / dimension,
    degree: oneOf(1, 2, 3, 4),
    coef0: oneOf(0, 1, -0.5),
    precision: dimension <= most ? precisionOf(dimension, number) : null,
  }
}

/** Asks scikit-learn for one case after the other. */
async function* asked(cases) {
  const python = spawn('python3', [fileURLToPath(new URL('scikit.py', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve, reject) => python.on('error', reject).on('close', resolve))
  python.stdin.on('error', () => {})
  const lines = createInterface(python.stdout)[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('scikit.py ended early: pip install scikit-learn')
    return JSON.parse(value)
  }
  yield await next()
  for (const each of cases) {
    python.stdin.write(`${JSON.stringify(each)}\n`)
    yield await next()
  }
  python.stdin.end()
  await ended
}

/** What skalar's function of that name says, and what an error of it is a share of. */
const OURS = {
  linear: ({ a, b }) => [skalar.linear(a, b), absoluteTerms(a, b)],
  polynomial: ({ a, b, gamma, degree, coef0 }) => [
    skalar.polynomial(a, b, { gamma, degree, coef0 }),
    degree * (gamma * absoluteTerms(a, b) + Math.abs(coef0)) ** degree,
  ],
  rbf: ({ a, b, gamma }) => [skalar.rbf(a, b, { gamma }), 1],
  laplacian: ({ a, b, gamma }) => [skalar.laplacian(a, b, { gamma }), 1],
  sigmoid: ({ a, b, gamma, coef0 }) => [skalar.sigmoid(a, b, { gamma, coef0 }), 1],
  cosine: ({ a, b }) => [skalar.cosine(a, b), 1],
  euclidean: ({ a, b }) => relative(skalar.euclidean(a, b)),
  manhattan: ({ a, b }) => relative(skalar.manhattan(a, b)),
  chebyshev: ({ a, b }) => relative(skalar.chebyshev(a, b)),
  mahalanobis: ({ a, b, precision }) => relative(skalar.mahalanobis(a, b, precision)),
}
const absoluteTerms = (a, b) => a.reduce((sum, x, i) => sum + Math.abs(x * b[i]), 0)
const relative = (value) => [value, value]

function errorsOf(given, theirs) {
  const errors = Object.entries(theirs).map(([name, value]) => {
    if (name === 'softmax') {
      const ours = skalar.softmax(given.a)
      return [name, value.reduce((most, share, i) => Math.max(most, Math.abs(share - ours[i])), 0)]
    }
    const [ours, scale] = OURS[name](given)
    return [name, ours === value ? 0 : Math.abs(ours - value) / scale]
  })
  return Object.fromEntries(errors)
}

async function compare() {
  const cases = DIMENSIONS.flatMap((dimension) =>
    Array.from({ length: PAIRS }, () => caseOf(dimension, normal)),
  )
  const worst = new Map()
  const answers = asked(cases)
  const { value: versions } = await answers.next()
  let i = 0
  for await (const theirs of answers) {
    const dimension = cases[i].a.length
    for (const [name, error] of Object.entries(errorsOf(cases[i++], theirs))) {
      const { error: before = -1, cases: count = 0 } = worst.get(name) ?? {}
      const most = error > before ? { error, dimension } : worst.get(name)
      worst.set(name, { ...most, cases: count + 1 })
    }
  }
  const rows = [...worst].map(([name, { error, dimension, cases: count }]) => [
    name,
    count,
    error.toExponential(1),
    dimension,
    error <= TARGET ? 'met' : 'missed',
  ])
  const named = Object.entries(versions).map((pair) => pair.join(' '))
  const title = `Largest difference from ${named.join(', ')}; dimensions 1 to ${DIMENSIONS.at(-1)}`
  printTable({ title, headings: ['function', 'pairs', 'error', 'at dimension', `≤ ${TARGET}`], rows })
  if (rows.some((row) => row.at(-1) === 'missed')) process.exitCode = 1
}

async function writeFixtures() {
  // Sixteenths: exact, and short to write.
  const number = () => Math.round(16 * normal()) / 16
  const cases = [1, 2, 3, 8, 33, 100].flatMap((dimension) =>
    Array.from({ length: 3 }, () => caseOf(dimension, number, 3)),
  )
  const answers = asked(cases)
  const { value: versions } = await answers.next()
  const expected = []
  for await (const values of answers) expected.push(values)
  const listed = cases.map((given, i) => ({ ...given, expected: expected[i] }))
  writeFileSync(FIXTURES, JSON.stringify({ versions, cases: listed }))
}

if (process.argv.includes('--fixtures')) await writeFixtures()
else await compare()
