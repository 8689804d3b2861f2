// Maximum inner product through the graph (metric `dot`), where lengths differ: GloVe as it is, and WordNet glosses with log-normal
// lengths; each inserted in random order, and with the shortest first. hnswlib-node (`ip`) and zvec (IP) beside it, and our exact float32
// scan. One process, one thread; all systems are built, then passes over the queries take turns, so that whatever else the machine
// does meets all of them. QPS at a recall is interpolated over `ef` (report/statistics.mjs); over the scan it is the median of the
// ratios within a pass. Half an hour on two cores; prints Markdown and writes mips.md and mips.json to results/.
// Usage: npm run build && npm ci --prefix bench && node bench/similarity/mips.mjs [--quick] [--rows most] [--only skalar] [name of a dataset …]
import { parseArgs } from 'node:util'
import { DATASETS, dataset } from '../data/datasets.mjs'
import { readMatrix, rowsOf } from '../data/matrix.mjs'
import { judged } from '../foundation/report.mjs'
import { built } from '../measure/built.mjs'
import { Judge } from '../measure/judge.mjs'
import { secondsOf } from '../measure/time.mjs'
import { speedAt } from '../report/statistics.mjs'
import { writeTables } from '../report/write.mjs'
import { EFS } from '../systems/catalogue.mjs'
import { HnswlibNode } from '../systems/hnswlib-node.mjs'
import { Skalar } from '../systems/skalar.mjs'
import { Zvec } from '../systems/zvec.mjs'

const K = 10
const RECALL = 0.97
const LEAST_RATIO = 10
/** Between the two orders, in recall at equal `ef`. */
const MOST_DIFFERENCE = 0.01
const PAIRS = {
  glove: ['glove-lengths', 'glove-lengths-sorted'],
  wordnet: ['wordnet-skewed', 'wordnet-sorted'],
}
const graph = { M: 16, efConstruction: 200 }
const SCAN = 'skalar, scan'
const OURS = 'skalar hnsw'
const ALL = {
  [OURS]: [Skalar, { engine: 'hnsw', ...graph }],
  [SCAN]: [Skalar, { engine: 'flat' }],
  'hnswlib-node ip': [HnswlibNode, graph],
  'zvec HNSW IP': [Zvec, { kind: 'float32', ...graph }],
}

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, rows: { type: 'string' }, only: { type: 'string', default: '' } },
})
const SYSTEMS = Object.fromEntries(Object.entries(ALL).filter(([name]) => name.startsWith(options.only)))
const kind = options.quick ? 'quick' : 'full'
const LIMITS = { quick: { rows: 10_000, queries: 200, passes: 2 }, full: { passes: 3 } }[kind]

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]
/** Its scan needs no effort; zvec's second pass, over vectors that it has scored already, is left out. */
const EFFORTS = {
  [SCAN]: [{}],
  'zvec HNSW IP': EFS.map((ef) => ({ ef, refine: false })),
}
const effortsOf = (name) => EFFORTS[name] ?? EFS.map((ef) => ({ ef }))

async function measure(name) {
  const rows = Math.min(Number(options.rows ?? LIMITS.rows ?? Infinity), DATASETS[name].rows)
  const data = await dataset(name, rows)
  const queries = Math.min(data.queries, LIMITS.queries ?? data.queries)
  const vectors = rowsOf(readMatrix(data.query, data.dimension, 0, queries), data.dimension)
  const judge = new Judge(data)
  const arms = []
  try {
    for (const [system, [SystemClass, parameters]] of Object.entries(SYSTEMS)) {
      const start = performance.now()
      arms.push({ name: system, ...(await built(SystemClass, data, { k: K, parameters })) })
      console.error(`${name}: ${system} built in ${((performance.now() - start) / 1000).toFixed(0)} s`)
    }
    const points = arms.flatMap(({ name, system }) =>
      effortsOf(name).map((effort) => ({ name, system, effort, speeds: [] })),
    )
    for (let pass = 0; pass <= LIMITS.passes; pass++) {
      for (const point of points) await ask(point, vectors, judge, pass > 0)
    }
    return { name, title: data.title, rows, points: points.map(({ system, ...point }) => point) }
  } finally {
    judge.close()
    for (const { dispose } of arms) await dispose()
  }
}

/** Asks all queries once, of a scan a tenth of them; the first time judges, and warms up. */
async function ask(point, vectors, judge, timed) {
  const { name, system, effort } = point
  await system.setEffort(effort)
  const asked = vectors.slice(0, name === SCAN ? Math.ceil(vectors.length / 10) : vectors.length)
  const prepared = asked.map((vector) => system.prepareQuery(vector))
  const answers = new Array(prepared.length)
  const seconds = await secondsOf(() => {
    for (let i = 0; i < prepared.length; i++) answers[i] = system.search(prepared[i])
  })
  if (timed) point.speeds.push(prepared.length / seconds)
  else {
    const read = answers.map((answer) => system.read(answer))
    Object.assign(point, judge.judge(read, 0, K, 'exact'))
  }
}

/** QPS of a system in one pass at the recall; undefined where it never comes to that. */
function speedOf(points, name, pass) {
  const own = points.filter((point) => point.name === name)
  if (name === SCAN) return own[0].speeds[pass]
  return speedAt(
    RECALL,
    own.map(({ recall, speeds }) => ({ recall, speed: speeds[pass] })),
  )?.speed
}

const passesOf = (points) => points[0].speeds.map((_, pass) => pass)

function tableOf({ title, rows, points }) {
  const lines = Object.keys(SYSTEMS).map((name) => {
    const speeds = passesOf(points).map((pass) => speedOf(points, name, pass))
    const reached = speeds.every((speed) => speed !== undefined)
    const ratio = reached
      ? median(speeds.map((speed, pass) => speed / speedOf(points, SCAN, pass)))
      : undefined
    const verdict = name === OURS ? judged(ratio ?? 0, '≥', LEAST_RATIO).slice(1) : ['', '']
    const own = points.filter((point) => point.name === name)
    const recalls = EFS.map((ef) => own.find(({ effort }) => effort.ef === ef)?.recall.toFixed(3) ?? '')
    return [name, ...recalls, reached ? median(speeds) : '–', ratio ?? '–', ...verdict]
  })
  return {
    title: `${title}, ${rows} rows: recall@${K} at each ef, and QPS where it is ${RECALL}`,
    headings: ['', ...EFS.map((ef) => `ef ${ef}`), 'QPS', 'over the scan', 'target', ''],
    rows: lines,
  }
}

/** The most that recalls of the two orders differ by at equal `ef`, from where the better one reaches the recall. */
function ordersOf(measured) {
  const rows = Object.entries(PAIRS).flatMap(([data, [random, sorted]]) => {
    const [a, b] = [random, sorted].map((name) => measured.find((each) => each.name === name))
    if (a === undefined || b === undefined) return []
    return Object.keys(SYSTEMS)
      .filter((name) => name !== SCAN)
      .map((name) => {
        const recalls = ({ points }) =>
          points.filter((point) => point.name === name).map(({ recall }) => recall)
        const pairs = recalls(a).map((recall, i) => [recall, recalls(b)[i]])
        const compared = pairs.filter((pair) => Math.max(...pair) >= RECALL)
        const most = compared.reduce((worst, [x, y]) => Math.max(worst, Math.abs(x - y)), 0)
        const difference = compared.length === 0 ? '–' : most
        const verdict = name === OURS ? judged(most, '≤', MOST_DIFFERENCE).slice(1) : ['', '']
        return [data, name, difference, ...verdict]
      })
  })
  const title = `Between the orders: the largest difference of recall@${K} at equal ef, from recall ${RECALL} on`
  return { title, headings: ['data', 'system', 'difference', 'target', ''], rows }
}

const measured = []
for (const name of Object.values(PAIRS).flat()) {
  if (names.length === 0 || names.includes(name)) measured.push(await measure(name))
}
writeTables('mips', {
  kind,
  heading: 'Maximum inner product',
  notes: `One thread, M ${graph.M}, efConstruction ${graph.efConstruction}, ${LIMITS.passes} passes that take turns; medians.`,
  tables: [...measured.map(tableOf), ordersOf(measured)],
  problems: measured.flatMap(({ name, points }) =>
    points.flatMap((point) =>
      point.problems.map((problem) => `${name}, ${point.name}, ${JSON.stringify(point.effort)}: ${problem}`),
    ),
  ),
  measured: { measured },
})
