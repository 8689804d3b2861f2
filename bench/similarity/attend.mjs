// Attention over all of 30,000 × 512 vectors, and over the top 10 through the graph, against a plain loop over a typed array; in
// one run, in turns. Prints Markdown tables: times by the clock, and of processors, which other processes disturb less; and, for some
// temperatures, what the top 10 miss and what each bound says they miss at most.
// Usage: npm run build && node bench/similarity/attend.mjs [folder of wordnet-use512.*.f32]
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from '../../dist/index.js'

const DIMENSION = 512
const ROUNDS = 15
const BATCH = 16
const BOUNDS = ['lengths', 'codes', 'products']
const TEMPERATURE = 0.005
const TEMPERATURES = [0.02, 0.005, 0.002, 0.001, 0.0005]

const folder = process.argv[2] ?? new URL('../../../shared/data/', import.meta.url).pathname
const floats = (name) => {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, name))
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength))
}
const keys = floats('wordnet-use512.base.f32')
const asked = floats('wordnet-use512.query.f32')
const rows = keys.length / DIMENSION
const query = (i) => asked.subarray(i * DIMENSION, (i + 1) * DIMENSION)

/** The textbook, in float64. */
function plain(q) {
  const weights = new Float64Array(rows)
  const scale = 1 / (Math.sqrt(DIMENSION) * TEMPERATURE)
  let most = Number.NEGATIVE_INFINITY
  for (let i = 0; i < rows; i++) {
    const row = i * DIMENSION
    let dot = 0
    for (let j = 0; j < DIMENSION; j++) dot += keys[row + j] * q[j]
    weights[i] = dot * scale
    most = Math.max(most, weights[i])
  }
  let sum = 0
  for (let i = 0; i < rows; i++) {
    weights[i] = Math.exp(weights[i] - most)
    sum += weights[i]
  }
  const output = new Float64Array(DIMENSION)
  for (let i = 0; i < rows; i++) {
    const row = i * DIMENSION
    const weight = weights[i] / sum
    for (let j = 0; j < DIMENSION; j++) output[j] += weight * keys[row + j]
  }
  return output
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

const database = mkdtempSync(join(tmpdir(), 'skalar-attend-'))
const threads = Number(process.env.THREADS ?? cpus().length)
const db = await open(database, { threads })
try {
  const vectors = await db.collection('vectors', { dimension: DIMENSION, metric: 'dot' })
  await vectors.upsert(
    (function* () {
      for (let id = 0; id < rows; id++)
        yield { id, vector: keys.subarray(id * DIMENSION, (id + 1) * DIMENSION) }
    })(),
  )
  while ((await vectors.stats()).pending > 0) await new Promise((resolve) => setTimeout(resolve, 50))

  const attend = (queries, options) => vectors.attend({ queries, temperature: TEMPERATURE, ...options })
  const batchOf = (i) => Array.from({ length: BATCH }, (_, j) => query(i * BATCH + j))
  const arms = {
    'plain loop': [1, async (i) => plain(query(i))],
    'all records': [1, (i) => attend([query(i)])],
    [`all records, ${BATCH} queries a call`]: [BATCH, (i) => attend(batchOf(i))],
    ...Object.fromEntries(
      BOUNDS.flatMap((bound) => [
        [`top 10, bound by ${bound}`, [1, (i) => attend([query(i)], { k: 10, bound })]],
        [
          `top 10, bound by ${bound}, ${BATCH} queries a call`,
          [BATCH, (i) => attend(batchOf(i), { k: 10, bound })],
        ],
      ]),
    ),
  }
  const times = new Map(Object.keys(arms).map((name) => [name, { clock: [], spent: [] }]))
  let error = 0
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, [queries, run]] of Object.entries(arms)) {
      const { clock, spent } = times.get(name)
      const before = process.cpuUsage()
      const begin = performance.now()
      const result = await run(round)
      clock.push((performance.now() - begin) / queries)
      const { user, system } = process.cpuUsage(before)
      spent.push((user + system) / 1_000 / queries)
      if (name === 'all records') {
        const expected = plain(query(round))
        error = Math.max(error, ...result.outputs[0].map((x, j) => Math.abs(x - expected[j])))
      }
    }
  }
  const base = times.get('plain loop')
  const figures = (of, own) => `${median(own).toFixed(2)} | ${(median(of) / median(own)).toFixed(1)}`
  console.log(`${rows} × ${DIMENSION}, Node ${process.version}, ${cpus()[0].model}, ${threads} threads\n`)
  console.log(
    '| | ms a query | plain loop / this | ms of processors | plain loop / this |\n|---|---|---|---|---|',
  )
  for (const [name, { clock, spent }] of times) {
    console.log(`| ${name} | ${figures(base.clock, clock)} | ${figures(base.spent, spent)} |`)
  }
  console.log(
    `\nLargest difference of an output's component from the plain loop's: ${error.toExponential(1)}`,
  )
  console.log(`\n| temperature | missed | ${BOUNDS.map((bound) => `by ${bound}`).join(' | ')} |`)
  console.log(`|---:|---:|${BOUNDS.map(() => '---:|').join('')}`)
  const queries = Array.from({ length: ROUNDS }, (_, i) => query(i))
  for (const temperature of TEMPERATURES) {
    const all = await attend(queries, { k: 10, exact: true, temperature })
    const missed = all.weights.map((top) => 1 - top.reduce((sum, { weight }) => sum + weight, 0))
    const figures = [median(missed)]
    for (const bound of BOUNDS) {
      figures.push(median((await attend(queries, { k: 10, bound, temperature })).missingMass))
    }
    console.log(`| ${temperature} | ${figures.map((figure) => figure.toFixed(5)).join(' | ')} |`)
  }
} finally {
  await db.close()
  rmSync(database, { recursive: true })
}
