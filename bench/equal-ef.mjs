// The engine `hnswlib` through skalar's API against raw hnswlib-node at equal ef: what ids, exact scores, the store and
// freshness cost. One process, one thread, WordNet 512-d, both graphs built with the same parameters; every pass asks all
// queries, the passes of the two take turns, and the ratio is the median of those of neighbours. All of it twice, since
// which is built first, and so lies where in memory, makes a difference. Prints a Markdown table and writes
// results/equal-ef.json.
// Usage: npm run build && npm ci --prefix bench && node bench/equal-ef.mjs
import { mkdirSync, writeFileSync } from 'node:fs'
import { dataset } from './data/datasets.mjs'
import { readMatrix, rowsOf } from './data/matrix.mjs'
import { machine } from './foundation/machine.mjs'
import { judged, printTable } from './foundation/report.mjs'
import { built } from './measure/built.mjs'
import { Judge } from './measure/judge.mjs'
import { secondsOf } from './measure/time.mjs'
import { spread } from './report/statistics.mjs'
import { HnswlibNode } from './systems/hnswlib-node.mjs'
import { Skalar } from './systems/skalar.mjs'

const ROWS = 30_000
const K = 10
const M = 16
const efConstruction = 200
const EFS = [50, 100, 200]
const PASSES = 11
const LEAST_RATIO = 0.9

const data = await dataset('wordnet-512d', ROWS)
const { query, queries, dimension } = data
const results = new URL('./results/', import.meta.url)

/** One pass over all queries: QPS, and the answers. */
async function pass({ system }, prepared) {
  const answers = new Array(prepared.length)
  const seconds = await secondsOf(() => {
    for (let i = 0; i < prepared.length; i++) answers[i] = system.search(prepared[i])
  })
  return { speed: prepared.length / seconds, answers: answers.map((answer) => system.read(answer)) }
}

const SYSTEMS = {
  skalar: [Skalar, { engine: 'hnswlib', M, efConstruction }],
  raw: [HnswlibNode, { M, efConstruction }],
}
const vectors = rowsOf(readMatrix(query, dimension, 0, queries), dimension)
const judge = new Judge(data)

async function measure(arms, prepared, ef, found) {
  for (const { system } of Object.values(arms)) await system.setEffort({ ef })
  for (let i = -1; i < PASSES; i++) {
    for (const [name, arm] of Object.entries(arms)) {
      const { speed, answers } = await pass(arm, prepared[name])
      found.recalls[name] ??= judge.judge(answers, 0, K, 'exact').recall
      // The first pass warms up.
      if (i >= 0) found.speeds[name].push(speed)
    }
  }
}

/** Builds both in that order, since where memory lies makes a few per cent, and measures each ef. */
async function round(order, found) {
  const arms = {}
  try {
    for (const name of order) {
      const [SystemClass, parameters] = SYSTEMS[name]
      arms[name] = await built(SystemClass, data, { k: K, parameters })
    }
    const prepared = Object.fromEntries(
      Object.entries(arms).map(([name, { system }]) => [name, vectors.map((v) => system.prepareQuery(v))]),
    )
    for (const ef of EFS) await measure(arms, prepared, ef, found.get(ef))
  } finally {
    for (const { dispose } of Object.values(arms)) await dispose()
  }
}

function summary([ef, { speeds, recalls }]) {
  // Of passes next to each other, since machines have slow and fast minutes.
  const ratio = spread(speeds.skalar.map((speed, i) => speed / speeds.raw[i]))
  return { ef, skalar: spread(speeds.skalar), raw: spread(speeds.raw), ratio, recalls }
}

try {
  const found = new Map(EFS.map((ef) => [ef, { speeds: { skalar: [], raw: [] }, recalls: {} }]))
  await round(['skalar', 'raw'], found)
  await round(['raw', 'skalar'], found)
  const measured = Array.from(found, summary)
  const table = {
    title: `engine hnswlib over hnswlib-node, ${ROWS} × ${dimension}, M ${M}, efConstruction ${efConstruction}`,
    headings: ['ef', 'skalar QPS', 'raw QPS', 'recall', 'raw recall', 'ratio', 'target', ''],
    rows: measured.map(({ ef, skalar, raw, ratio, recalls }) => [
      ef,
      skalar.median,
      raw.median,
      recalls.skalar,
      recalls.raw,
      ...judged(ratio.median, '≥', LEAST_RATIO),
    ]),
  }
  printTable(table)
  mkdirSync(results, { recursive: true })
  writeFileSync(
    new URL('equal-ef.json', results),
    `${JSON.stringify({ machine: machine(), tables: [table], measured }, null, 2)}\n`,
  )
} finally {
  judge.close()
}
