// How many users recommendMany answers a second, over how many queries queryMany does at the same k and ef: WordNet glosses
// (../shared/data, beside the checkout), 20 likes each. Rounds take turns, so that whatever else the machine does meets all of
// them; a ratio is the median over rounds of the ratios within one. The time of processors is disturbed less. `npm run build` first.
//
//   node bench/similarity/recommend.mjs [users] [rounds]

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { open } from '../../dist/index.js'

const [count = 10_000, rounds = 7] = process.argv.slice(2).map(Number)
const DIMENSION = 512
const LIKES = 20
const COMMON = { k: 10, ef: 100, select: [] }
const data = (name) => readFileSync(new URL(`../../../shared/data/wordnet-use512.${name}`, import.meta.url))

const bytes = data('base.f32')
const rows = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
const glosses = data('jsonl').toString().trim().split('\n').map(JSON.parse)
const size = rows.length / DIMENSION
const vectorOf = (row) => rows.subarray(row * DIMENSION, (row + 1) * DIMENSION)

let state = 1
function below(limit) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * limit)
}

const folder = mkdtempSync(join(tmpdir(), 'skalar-recommend-'))
const db = await open(folder, { threads: 2 })
const words = await db.collection('words', { dimension: DIMENSION, metric: 'cosine' })
for (let begin = 0; begin < size; begin += 1_000) {
  const batch = Array.from({ length: Math.min(1_000, size - begin) }, (_, i) => ({
    id: begin + i,
    vector: vectorOf(begin + i),
    metadata: { lex: glosses[begin + i].lex },
  }))
  await words.upsert(batch)
}
while ((await words.stats()).pending > 0) await setTimeout(50)

const users = Array.from({ length: count }, () => ({
  positive: Array.from({ length: LIKES }, () => below(size)),
}))
// The same vectors, made before: what is compared is finding them, and making them.
const queries = users.map(({ positive }) => {
  const vector = new Float32Array(DIMENSION)
  for (const row of positive) for (const [i, value] of vectorOf(row).entries()) vector[i] += value / LIKES
  return { vector }
})

async function recommended(options) {
  let matches = 0
  for await (const list of words.recommendMany(users, { ...COMMON, ...options })) matches += list.length
  if (matches !== count * COMMON.k) throw new Error(`${matches} matches`)
}

const ARMS = {
  queryMany: () => words.queryMany(queries, COMMON),
  mean: () => recommended({}),
  'mean, diversity 0.3': () => recommended({ diversity: 0.3 }),
  'mean, perGroup 2': () => recommended({ perGroup: { field: 'lex', limit: 2 } }),
  'mean, both': () => recommended({ diversity: 0.3, perGroup: { field: 'lex', limit: 2 } }),
}

const rates = Object.fromEntries(Object.keys(ARMS).map((name) => [name, []]))
const spent = Object.fromEntries(Object.keys(ARMS).map((name) => [name, []]))
for (let round = 0; round <= rounds; round++) {
  for (const [name, run] of Object.entries(ARMS)) {
    const before = process.cpuUsage()
    const start = performance.now()
    await run()
    const { user, system } = process.cpuUsage(before)
    // The first round warms up.
    if (round === 0) continue
    rates[name].push((1_000 * count) / (performance.now() - start))
    spent[name].push((user + system) / count)
  }
}
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]
const over = (name, base) => median(rates[name].map((rate, i) => rate / rates[base][i]))
console.log(`${count} users with ${LIKES} likes, ${size} records, 2 threads, medians of ${rounds} rounds`)
for (const name of Object.keys(ARMS)) {
  const ratios = `${over(name, 'queryMany').toFixed(2)} × queryMany  ${over(name, 'mean').toFixed(2)} × mean`
  const processors = `${median(spent[name]).toFixed(1)} µs of processors each`
  console.log(
    `${name.padEnd(20)} ${median(rates[name]).toFixed(0).padStart(6)} a second  ${ratios}  ${processors}`,
  )
}
await db.close()
rmSync(folder, { recursive: true })
