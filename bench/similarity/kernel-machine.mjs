// Part of speech from the meaning of a gloss: how often a support-vector machine, votes of near records and a linear baseline are
// right on 1,000 glosses that none has seen; then how fast the machine is, in turns with libsvm-js, which has trained one like it on
// the vectors themselves: by the clock, and by the time that processors spent, which other processes disturb less. Prints Markdown tables.
// Usage: npm run build && node bench/similarity/kernel-machine.mjs [speeds | accuracies] [folder of wordnet-use512.*]
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Matrix, solve } from 'ml-matrix'
import { open } from '../../dist/index.js'

const DIMENSION = 512
const FIELD = 'pos'
/** Records that libsvm-js trains on, too. */
const SHARED = 2000
const ROUNDS = 15
const LIBRARY_ROWS = 100
const GAMMA = 1
const C = 4

const only = ['speeds', 'accuracies'].find((part) => part === process.argv[2])
const folder =
  process.argv[only === undefined ? 2 : 3] ?? new URL('../../../shared/data/', import.meta.url).pathname
const floats = (name) => {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, name))
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength))
}
const rowsOf = (matrix) =>
  Array.from({ length: matrix.length / DIMENSION }, (_, i) =>
    matrix.subarray(i * DIMENSION, (i + 1) * DIMENSION),
  )
const base = rowsOf(floats('wordnet-use512.base.f32'))
const asked = rowsOf(floats('wordnet-use512.query.f32'))
const labels = readFileSync(join(folder, 'wordnet-use512.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line)[FIELD])
const truth = labels.slice(base.length)

const accuracyOf = (found) => found.filter((label, i) => label === truth[i]).length / truth.length
const percent = (share) => `${(100 * share).toFixed(1)} %`
/** Tells the time that this process has computed since, on all threads: others on the machine lengthen it little. */
const cpuClock = () => {
  const begin = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(begin)
    return `${((user + system) / 1e6).toFixed(1)} s`
  }
}
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

async function fill(db, name, count) {
  const collection = await db.collection(name, { dimension: DIMENSION, metric: 'cosine' })
  await collection.upsert(
    (function* () {
      for (let id = 0; id < count; id++) yield { id, vector: base[id], metadata: { [FIELD]: labels[id] } }
    })(),
  )
  return collection
}

/** Ridge regression of one number for each label, 1 for its own and 0 for others, with an intercept; the greatest wins. */
function ridge(lambda, count) {
  const names = [...new Set(labels)]
  const width = DIMENSION + 1
  const squares = Matrix.zeros(width, width)
  const products = Matrix.zeros(width, names.length)
  for (let begin = 0; begin < count; begin += 2000) {
    const X = new Matrix(base.slice(begin, Math.min(begin + 2000, count)).map((row) => [...row, 1]))
    const Y = new Matrix(X.to2DArray().map((_, i) => names.map((name) => Number(labels[begin + i] === name))))
    squares.add(X.transpose().mmul(X))
    products.add(X.transpose().mmul(Y))
  }
  for (let i = 0; i < DIMENSION; i++) squares.set(i, i, squares.get(i, i) + lambda)
  const weights = solve(squares, products)
  const values = new Matrix(asked.map((row) => [...row, 1])).mmul(weights).to2DArray()
  return values.map((row) => names[row.indexOf(Math.max(...row))])
}

async function accuracies(collection) {
  console.log('| | records | found right | cross-validated | support vectors | CPU time |')
  console.log('|---|---:|---:|---:|---:|---:|')
  const row = (name, count, found, time, machine) => {
    const own = machine === undefined ? ['', ''] : [percent(machine.accuracy), machine.supports]
    console.log(`| ${[name, count, percent(accuracyOf(found)), ...own, time].join(' | ')} |`)
  }
  const nouns = truth.map(() => 'noun')
  row('always `noun`', '', nouns, '')
  for (const k of [10, 30]) {
    const clock = cpuClock()
    const found = []
    for (const vector of asked) {
      found.push((await collection.classify({ vector, field: FIELD, k, exact: true })).label)
    }
    row(`\`films.classify\`, k = ${k}`, base.length, found, clock())
  }
  for (const count of [4000, base.length]) {
    const clock = cpuClock()
    row('ridge regression, λ = 1', count, ridge(1, count), clock())
  }
  for (const [kernel, cost, sample] of [
    [{ kernel: 'linear' }, 1, 4000],
    [{ kernel: 'rbf', gamma: GAMMA }, 1, 4000],
    [{ kernel: 'rbf', gamma: GAMMA }, C, 4000],
    [{ kernel: 'laplacian', gamma: 0.1 }, C, 4000],
    [{ kernel: 'rbf', gamma: GAMMA }, C, 8000],
  ]) {
    const clock = cpuClock()
    const machine = await collection.train({ field: FIELD, kernel, C: cost, sample })
    const time = clock()
    const width = kernel.gamma === undefined ? '' : `, γ = ${kernel.gamma}`
    const found = (await machine.classify(asked)).map(({ label }) => label)
    row(`machine, ${kernel.kernel}${width}, C = ${cost}`, machine.sample, found, time, machine)
  }
}

/** libsvm-js by itself: it computes kernels of vectors, for each pair of labels and each fold of Platt's again. */
async function trainLibrary() {
  const SVM = await createRequire(import.meta.url)('libsvm-js')
  const names = [...new Set(labels)]
  const svm = new SVM({
    type: SVM.SVM_TYPES.C_SVC,
    kernel: SVM.KERNEL_TYPES.RBF,
    gamma: GAMMA,
    cost: C,
    probabilityEstimates: true,
    quiet: true,
  })
  const clock = cpuClock()
  svm.train(
    base.slice(0, SHARED),
    labels.slice(0, SHARED).map((label) => names.indexOf(label)),
  )
  return {
    time: clock(),
    supports: svm.getSVIndices().length,
    classify: (vector) => names[svm.predictOneProbability(vector).prediction],
  }
}

async function speeds(collection) {
  const clock = cpuClock()
  const machine = await collection.train({ field: FIELD, kernel: { kernel: 'rbf', gamma: GAMMA }, C })
  const trained = clock()
  const libsvm = await trainLibrary()
  const arms = {
    'libsvm-js, one after the other': [LIBRARY_ROWS, (rows) => rows.map(libsvm.classify)],
    'machine.classify, one after the other': [
      LIBRARY_ROWS,
      async (rows) => {
        const found = []
        for (const row of rows) found.push((await machine.classify(row)).label)
        return found
      },
    ],
    'machine.classify, 32 a call': [
      32,
      async (rows) => (await machine.classify(rows)).map(({ label }) => label),
    ],
    'machine.classify, 1,000 a call': [
      1000,
      async (rows) => (await machine.classify(rows)).map(({ label }) => label),
    ],
  }
  const times = new Map(Object.keys(arms).map((name) => [name, { clock: [], spent: [] }]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, [count, run]] of Object.entries(arms)) {
      const before = process.cpuUsage()
      const begin = performance.now()
      await run(asked.slice(0, count))
      times.get(name).clock.push((performance.now() - begin) / count)
      const { user, system } = process.cpuUsage(before)
      times.get(name).spent.push((user + system) / 1000 / count)
    }
  }
  const found = (await machine.classify(asked)).map(({ label }) => label)
  console.log(`rbf, γ = ${GAMMA}, C = ${C}, of ${SHARED} records; ${availableParallelism()} threads.\n`)
  console.log('| | CPU time of training | support vectors | found right |')
  console.log('|---|---:|---:|---:|')
  const right = percent(accuracyOf(asked.map(libsvm.classify)))
  console.log(`| libsvm-js, without validation | ${libsvm.time} | ${libsvm.supports} | ${right} |`)
  console.log(
    `| collection.train, 5 folds | ${trained} | ${machine.supports} | ${percent(accuracyOf(found))} |\n`,
  )
  console.log('| | ms a vector | times as fast | ms of processors | times as little |')
  console.log('|---|---:|---:|---:|---:|')
  const library = times.get('libsvm-js, one after the other')
  const figures = (of, own) => `${median(own).toFixed(3)} | ${(median(of) / median(own)).toFixed(1)}`
  for (const [name, { clock, spent }] of times) {
    console.log(`| ${name} | ${figures(library.clock, clock)} | ${figures(library.spent, spent)} |`)
  }
}

const database = mkdtempSync(join(tmpdir(), 'skalar-machine-'))
const db = await open(database)
try {
  console.log(`${truth.length} glosses; ${base.length} are stored.\n`)
  if (only !== 'accuracies') await speeds(await fill(db, 'some', SHARED))
  console.log('')
  if (only !== 'speeds') await accuracies(await fill(db, 'all', base.length))
} finally {
  await db.close()
  rmSync(database, { recursive: true })
}
