import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { summarize } from '../report/summary.mjs'
import { writeReport } from '../report/write.mjs'

const RECALLS = [0.9, 0.95]
const OUT_OF_ORDER = 'scores out of order (1 of 60 answers)'

const memory = {
  before: { resident: 50e6, proportional: 40e6 },
  after: { resident: 80e6, proportional: 60e6 },
}

function point(ef, recall, queriesPerSecond, problems = []) {
  const scoreError = { mean: 0, max: 0 }
  const common = {
    curve: 'curve',
    effort: { ef },
    recall,
    scoreError,
    queries: 60,
    problems,
    queriesPerSecond,
  }
  return { ...common, p50Ms: 1000 / queriesPerSecond, p99Ms: 5000 / queriesPerSecond, blockedMs: 3 }
}

const build = {
  seconds: { insert: 1, build: 2, save: 0.5 },
  blockedMs: 7,
  peakResidentBytes: 99e6,
  diskBytes: 12e6,
}

/** Two repetitions: the second is faster, and would have a better recall if it counted. */
const RECORD = {
  index: { name: 'an index', library: 'a library', curves: [{ name: 'curve', scores: 'exact' }] },
  parameters: { M: 16 },
  builds: { one: [build], all: [] },
  singles: [
    {
      openSeconds: 0.01,
      memory,
      points: [point(10, 0.91, 2000), point(50, 0.97, 500), point(99, 0.99, 9000, [OUT_OF_ORDER])],
    },
    {
      openSeconds: 0.03,
      memory,
      points: [point(10, 0.99, 3000), point(50, 0.99, 700), point(99, 0.99, 9000)],
    },
  ],
  batches: [{ points: [point(10, 0.91, 4000), point(50, 0.97, 1000), point(99, 0.99, 9000)] }],
  insert: { rowsPerSecond: { 1: 100, 100: 5000 } },
  skipped: [{ task: 'build (all)', reason: 'out of time' }],
  problems: ['batch failed: <reason>'],
}

let folder
let table

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skalar-bench-report-'))
  table = await writeReport(folder, {
    kind: 'quick',
    command: 'npm run bench -- --quick',
    minutes: 1,
    machine: { cpu: 'a processor', cores: 2, memoryGigabytes: 8, node: 'v20', platform: 'linux x64' },
    versions: { 'a library': '1.2.3' },
    bounds: { sequentialGigabytesPerSecond: 10, gather: [], dot: [] },
    datasets: [
      {
        name: 'data',
        title: 'Some data',
        metric: 'cosine',
        rows: 1000,
        recalls: RECALLS,
        indexes: [summarize(RECORD, RECALLS)],
      },
    ],
  })
})

after(() => rmSync(folder, { recursive: true, force: true }))

const lineOf = (start) => table.split('\n').find((line) => line.startsWith(start))

test('speeds at fixed recalls come from the medians, and recalls from the first answers', () => {
  const [, , at90, at95] = lineOf('| curve |').split(' | ').join('|').split('|')
  assert.equal(at90, '≥ 2,500')
  const share = (0.95 - 0.91) / (0.97 - 0.91)
  assert.equal(Number(at95), Number((2500 * (600 / 2500) ** share).toPrecision(3)))
})

test('a point with a problem stands in no comparison, and is named', () => {
  assert.equal(lineOf('| curve |').includes('9,000'), false)
  assert.ok(table.includes(`- curve {"ef":99}: ${OUT_OF_ORDER}`))
})

test('the report says how it was made', () => {
  assert.ok(table.includes('`npm run bench -- --quick`: 1.0 minutes'))
})

test('failures and what was not run are named', () => {
  assert.ok(table.includes('- an index: batch failed: <reason>'))
  assert.ok(table.includes('- an index: not run: build (all) (out of time)'))
})

test('memory is what the process grew by, and build time includes saving', () => {
  const cells = lineOf('| an index |')
    .split('|')
    .map((cell) => cell.trim())
  assert.deepEqual(cells.slice(2, 9), ['3.5', '–', '0.5', '20 ±50%', '30', '20', '99'])
})

test('there is a plot of single queries, of batches, and of the rest', () => {
  for (const [file, text] of [
    ['data-single.svg', 'queries per second, one thread'],
    ['data-batch.svg', 'queries per second, batch'],
    ['data-rest.svg', 'Durable inserts'],
  ]) {
    const svg = readFileSync(join(folder, file), 'utf8')
    assert.match(svg, /^<svg /)
    assert.ok(svg.includes(text), file)
    assert.ok(svg.includes('Some data'), file)
  }
})

test('the JSON holds every point', () => {
  const { datasets } = JSON.parse(readFileSync(join(folder, 'bench.json'), 'utf8'))
  assert.equal(datasets[0].indexes[0].curves[0].points.length, 3)
})
