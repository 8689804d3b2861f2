// How much of a query is JavaScript: all that `querySync` does around the engine's search (checking, looking for commits of
// others, making objects, garbage collection), as a share of that search. WordNet 512-d, engine hnsw, one thread,
// `select: []`. Prints a Markdown table and writes javascript.md and javascript.json to results/.
// Usage: npm run build && npm ci --prefix bench && node bench/javascript.mjs
import { HnswGraph } from '../dist/engine/hnsw/graph.js'
import { dataset } from './data/datasets.mjs'
import { readMatrix, rowsOf } from './data/matrix.mjs'
import { judged } from './foundation/report.mjs'
import { built } from './measure/built.mjs'
import { Judge } from './measure/judge.mjs'
import { secondsOf } from './measure/time.mjs'
import { spread } from './report/statistics.mjs'
import { writeTables } from './report/write.mjs'
import { indexNamed } from './systems/catalogue.mjs'
import { Skalar } from './systems/skalar.mjs'

const ROWS = 30_000
const K = 10
const EFS = [40, 64, 100]
const PASSES = 21
const MOST_SHARE = 0.15
const NOTES =
  'Medians of passes over all queries. _search_: in the call of the graph, which is native but for packing its arguments; ' +
  '_around it_: all else that `querySync` takes, and two readings of the clock.'

/** Counts the seconds that searches of graphs take in this process. */
function timedSearches() {
  const clock = { seconds: 0 }
  const { searchSync } = HnswGraph.prototype
  HnswGraph.prototype.searchSync = function (queries, since) {
    const start = performance.now()
    const answers = searchSync.call(this, queries, since)
    clock.seconds += (performance.now() - start) / 1000
    return answers
  }
  return clock
}

const data = await dataset('wordnet-512d', ROWS)
const { query, queries, dimension } = data
const vectors = rowsOf(readMatrix(query, dimension, 0, queries), dimension)
const parameters = indexNamed('skalar hnsw').parametersFor(dimension)
const { system, dispose } = await built(Skalar, data, { k: K, parameters })
const judge = new Judge(data)
const clock = timedSearches()

const pass = () => vectors.map((vector) => system.search(vector))

/** Microseconds of a query, by part. */
async function timedPass() {
  clock.seconds = 0
  const seconds = await secondsOf(() => void pass())
  const microseconds = (part) => (part / queries) * 1e6
  return { search: microseconds(clock.seconds), around: microseconds(seconds - clock.seconds) }
}

async function measure(ef) {
  await system.setEffort({ ef })
  const answers = pass().map((answer) => system.read(answer))
  const { recall, problems } = judge.judge(answers, 0, K, 'exact')
  const passes = []
  // As many first to warm up.
  for (let i = -PASSES; i < PASSES; i++) {
    const timed = await timedPass()
    if (i >= 0) passes.push(timed)
  }
  const median = (part) => spread(passes.map(part)).median
  return {
    ef,
    recall,
    problems,
    search: median(({ search }) => search),
    around: median(({ around }) => around),
    share: median(({ search, around }) => around / search),
  }
}

try {
  const measured = []
  for (const ef of EFS) measured.push(await measure(ef))
  writeTables('javascript', {
    kind: 'full',
    heading: 'JavaScript around the search',
    notes: NOTES,
    tables: [
      {
        title: `querySync, engine hnsw, ${ROWS} × ${dimension}`,
        headings: ['ef', 'recall', 'search, µs', 'around it, µs', 'around it / search', 'target', ''],
        rows: measured.map(({ ef, recall, search, around, share }) => [
          ef,
          recall,
          search,
          around,
          ...judged(share, '≤', MOST_SHARE),
        ]),
      },
    ],
    problems: measured.flatMap(({ problems }) => problems),
    measured: { measured },
  })
} finally {
  judge.close()
  await dispose()
}
