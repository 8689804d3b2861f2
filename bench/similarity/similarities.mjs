// How fast `similarities` is, on one thread, beside OpenBLAS's product of the same matrices through numpy. Rounds take turns,
// so that whatever else the machine does meets both. `npm run build` first; python3 with numpy, or there is no comparison.
//
//   node bench/similarity/similarities.mjs [rows] [columns] [rounds]

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { similarities } from '../../dist/similarity/index.js'

const [rows = 4096, columns = 512, rounds = 7] = process.argv.slice(2).map(Number)
const METRICS = ['dot', 'cosine', 'euclidean', 'manhattan', { kernel: 'rbf' }]

function openblas() {
  const script = fileURLToPath(new URL('openblas.py', import.meta.url))
  const threads = { OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' }
  const child = spawn('python3', [script, String(rows), String(columns)], {
    env: { ...process.env, ...threads },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    async time() {
      child.stdin.write('\n')
      const { value, done } = await lines.next()
      return done ? undefined : Number(value)
    },
    end: () => child.stdin.end(),
  }
}

function randomMatrix() {
  return Float32Array.from({ length: rows * columns }, () => Math.random() * 2 - 1)
}

function best(times) {
  return times.reduce((least, time) => Math.min(least, time), Infinity)
}

function print(name, milliseconds) {
  const rate = (2 * rows * rows * columns) / milliseconds / 1e6
  console.log(
    `${name.padEnd(24)} ${milliseconds.toFixed(0).padStart(6)} ms  ${rate.toFixed(1).padStart(6)} GFLOP/s`,
  )
}

const A = randomMatrix()
const B = randomMatrix()
const blas = openblas()

async function time(metric, precision) {
  const start = performance.now()
  await similarities(A, B, metric, { columns, precision, threads: 1 })
  return performance.now() - start
}

console.log(`${rows} × ${rows} pairs of ${columns} components, one thread, best of ${rounds} rounds`)
const ours = []
const theirs = []
for (let round = 0; round < rounds; round++) {
  ours.push(await time('dot', 'float32'))
  theirs.push(await blas.time())
}
blas.end()
print('similarities, dot', best(ours))
if (theirs.includes(undefined)) console.log('no comparison: python3 has no numpy')
else {
  print('OpenBLAS sgemm', best(theirs))
  console.log(`ratio ${(best(ours) / best(theirs)).toFixed(2)} (copying and checking the operands included)`)
}
for (const metric of METRICS.slice(1)) {
  const times = []
  for (let round = 0; round < 3; round++) times.push(await time(metric, 'float32'))
  print(metric.kernel ?? metric, best(times))
}
print('dot, float64', best([await time('dot', 'float64'), await time('dot', 'float64')]))
