// What margins are worth when two collections are matched: two noisy copies of WordNet glosses (512-d), in which most records have a
// partner and some have none. Prints Markdown tables; two minutes.
// Usage: npm run build && node bench/similarity/match.mjs [pairs] [without a partner, on each side]
//
// Noise of a share s of a vector's length is added on both sides: of one share for all, or of a share of its own for each record, so
// that how alike partners are says less. A threshold is chosen on half of the records by F1, as the paper (arXiv 1811.01136) does, and
// judged on the others: a found pair is right where both are copies of one gloss.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { open } from '../../dist/index.js'
import { cachedFolder } from '../data/cache.mjs'
import { readMatrix, rowsOf } from '../data/matrix.mjs'
import { gaussianFrom, normalize, shuffled, uniformFrom } from '../data/random.mjs'
import { DIMENSION, makeWordnet } from '../data/wordnet.mjs'
import { printTable } from '../foundation/report.mjs'

const [pairs = 8_000, lonely = 4_000] = process.argv.slice(2).map(Number)
const MARGINS = ['ratio', 'distance', 'none']
const ROWS = pairs + 2 * lonely

const uniform = uniformFrom(515)
const normal = gaussianFrom(uniform)
const NOISES = {
  's = 0.5 for all': () => 0.5,
  's = 0.8 for all': () => 0.8,
  's from 0.2 to 1.2, a record': () => 0.2 + uniform(),
}

const folder = await cachedFolder(`match-${ROWS}`, (unfinished) => makeWordnet(unfinished, ROWS))
const rows = rowsOf(readMatrix(join(folder, 'base.f32'), DIMENSION, 0, ROWS), DIMENSION)

/** A record as one of the copies has it. */
function noisy(row, share) {
  const scale = share / Math.sqrt(DIMENSION)
  return normalize(row.map((x) => x + scale * normal()))
}

/** A copy: partners and those without one in random order, the row as the id. */
async function copy(db, name, numbers, noise) {
  const films = await db.collection(name, { dimension: DIMENSION, metric: 'cosine' })
  const order = Array.from(shuffled(numbers.length, uniform), (i) => numbers[i])
  for (let begin = 0; begin < order.length; begin += 1_000) {
    const batch = order.slice(begin, begin + 1_000)
    await films.upsert(batch.map((id) => ({ id, vector: noisy(normalize(rows[id].slice()), noise()) })))
  }
  while ((await films.stats()).pending > 0) await setTimeout(50)
  return films
}

const percent = (share) => `${(100 * share).toFixed(1)} %`

/** Precision, recall and F1 of those that are at least as good as a threshold. */
function judge(found, partners, threshold) {
  const taken = found.filter(({ margin }) => margin >= threshold)
  const right = taken.filter(({ a, b }) => a === b).length
  const precision = taken.length === 0 ? 1 : right / taken.length
  const recall = right / partners
  return { precision, recall, f1: right === 0 ? 0 : (2 * precision * recall) / (precision + recall) }
}

/** The margin that gives the best F1. */
function bestThreshold(found, partners) {
  const sorted = found.toSorted((x, y) => y.margin - x.margin)
  let right = 0
  let best = { f1: -1, threshold: 0 }
  for (const [i, { a, b, margin }] of sorted.entries()) {
    if (a === b) right++
    const f1 = (2 * right) / (i + 1 + partners)
    if (f1 > best.f1) best = { f1, threshold: margin }
  }
  return best.threshold
}

async function measure(left, right, margin, mutual) {
  const start = performance.now()
  const found = []
  for await (const pair of left.match(right, { margin, mutual })) found.push(pair)
  const seconds = (performance.now() - start) / 1_000
  const halves = [0, 1].map((half) => found.filter(({ a }) => a % 2 === half))
  const partners = pairs / 2
  const judged = [0, 1].map((half) => {
    const threshold = bestThreshold(halves[1 - half], partners)
    return { ...judge(halves[half], partners, threshold), all: judge(halves[half], partners, -Infinity) }
  })
  const mean = (of) => (of(judged[0]) + of(judged[1])) / 2
  return [
    percent(mean(({ precision }) => precision)),
    percent(mean(({ recall }) => recall)),
    percent(mean(({ f1 }) => f1)),
    percent(mean(({ all }) => all.precision)),
    percent(mean(({ all }) => all.recall)),
    `${seconds.toFixed(1)} s`,
  ]
}

const numbers = (begin, end) => Array.from({ length: end - begin }, (_, i) => begin + i)

for (const [name, noise] of Object.entries(NOISES)) {
  const place = mkdtempSync(join(tmpdir(), 'skalar-match-'))
  const db = await open(place, { threads: 2 })
  const left = await copy(db, 'left', numbers(0, pairs + lonely), noise)
  const right = await copy(db, 'right', [...numbers(0, pairs), ...numbers(pairs + lonely, ROWS)], noise)
  const table = []
  for (const mutual of [false, true]) {
    for (const margin of MARGINS) {
      table.push([mutual ? `${margin}, mutual` : margin, ...(await measure(left, right, margin, mutual))])
    }
  }
  await db.close()
  rmSync(place, { recursive: true })
  printTable({
    title: `Noise ${name}: ${pairs} pairs, ${lonely} without a partner on each side, k = 4`,
    headings: ['margin', 'precision', 'recall', 'F1', 'precision without threshold', 'recall', 'took'],
    rows: table,
  })
}
