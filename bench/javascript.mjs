// How much of a query is JavaScript: all that `querySync` does around its call into native code (checking and copying,
// looking for commits of others, making objects), as a share of that call. WordNet 512-d, engine hnsw,
// one thread, `select: []`. Prints a Markdown table and writes javascript.md and javascript.json to results/.
// Usage: npm run build && npm ci --prefix bench && node bench/javascript.mjs
import { Session } from 'node:inspector/promises'
import { dataset } from './data/datasets.mjs'
import { readMatrix, rowsOf } from './data/matrix.mjs'
import { judged } from './foundation/report.mjs'
import { built } from './measure/built.mjs'
import { Judge } from './measure/judge.mjs'
import { writeTables } from './report/write.mjs'
import { indexNamed } from './systems/catalogue.mjs'
import { Skalar } from './systems/skalar.mjs'

const ROWS = 30_000
const K = 10
/** Recall 0.975 on this data. */
const EF = 40
const PASSES = 15
const SAMPLING_MICROSECONDS = 100
const MOST_SHARE = 0.15
const NOTES =
  'Samples that the profiler of V8 took in passes over all queries: time in native code of the search, and all ' +
  'other under the same loop. Garbage collection stands apart in profiles, and is not counted.'

/** Native functions have no name in a profile: ours is what these call. */
const callsNative = ({ url }) => url.endsWith('/engine/hnsw/graph.js')
const isNameless = ({ functionName, url }) => functionName === '' && url === ''

const data = await dataset('wordnet-512d', ROWS)
const { query, queries, dimension } = data
const vectors = rowsOf(readMatrix(query, dimension, 0, queries), dimension)
const parameters = indexNamed('skalar hnsw').parametersFor(dimension)
const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.setSamplingInterval', { interval: SAMPLING_MICROSECONDS })
// From the beginning: what is compiled before a profiler runs does not tell which functions were inlined.
await session.post('Profiler.start')
const { system, dispose } = await built(Skalar, data, { k: K, parameters })

const pass = () => vectors.map((vector) => system.search(vector))

/** What is measured: the profile is searched for what this function calls. */
function measuredPasses() {
  for (let i = 0; i < PASSES; i++) pass()
}

/** Seconds in native code, and in everything else, under `measuredPasses`. */
function attributed({ nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map((node) => [node.id, node]))
  // By node under `measuredPasses`: whether it is our native code.
  const measured = new Map()
  const collect = (id, caller) => {
    const { callFrame, children = [] } = frames.get(id)
    measured.set(id, callsNative(caller) && isNameless(callFrame))
    for (const child of children) collect(child, callFrame)
  }
  for (const { id, callFrame } of nodes) {
    if (callFrame.functionName === measuredPasses.name) collect(id, callFrame)
  }
  const seconds = { native: 0, other: 0 }
  for (const [i, id] of samples.entries()) {
    const native = measured.get(id)
    if (native !== undefined) seconds[native ? 'native' : 'other'] += timeDeltas[i] / 1e6
  }
  return seconds
}

try {
  await system.setEffort({ ef: EF })
  const judge = new Judge(data)
  const answers = pass().map((answer) => system.read(answer))
  const { recall, problems } = judge.judge(answers, 0, K, 'exact')
  judge.close()
  for (let i = 0; i < PASSES; i++) pass()
  measuredPasses()
  const { profile } = await session.post('Profiler.stop')
  const { native, other } = attributed(profile)
  if (native === 0) throw new Error('no sample fell into native code: has the engine changed its files?')
  const share = other / native
  writeTables('javascript', {
    kind: 'full',
    heading: 'JavaScript around the native search',
    notes: NOTES,
    tables: [
      {
        title: `querySync, engine hnsw, ${ROWS} × ${dimension}`,
        headings: ['ef', 'recall', 'JavaScript over native', 'target', ''],
        rows: [[EF, recall, ...judged(share, '≤', MOST_SHARE)]],
      },
    ],
    problems,
    measured: { ef: EF, recall, native, other, share },
  })
} finally {
  session.disconnect()
  await dispose()
}
