// How the work of a search grows with the number of rows: figures at equal recall, the fit, tables and plots.
import { judged, show } from '../foundation/report.mjs'
import { admitted } from '../measure/graph.mjs'
import { BASE, svg } from './plots.mjs'
import { costAt, exponentOf, speedAt } from './statistics.mjs'

/** Growth is judged at the first; the others show how it depends on the recall. */
export const RECALLS = [0.95, 0.975, 0.99]
export const MOST_EXPONENT = 0.2
export const VISITED_RECALL = 0.975
/** Of the rows, a search looks at the neighbours of fewer than one in so many. */
export const VISITED_PART = 20

const NONE = '–'

const costsOf = (points, count) => points.map((point) => ({ recall: point.recall, cost: point[count] }))
const speedsOf = (points) =>
  points.map(({ recall, queriesPerSecond }) => ({ recall, speed: queriesPerSecond.median }))

/**
 * One size of a dataset at each of the recalls.
 *
 * @returns {{ rows: number, at: { recall, distances?: { cost, atMost }, speed?: { speed, atLeast } }[] }}
 */
export function sizeSummary({ rows, points }) {
  const standing = admitted(points)
  const at = RECALLS.map((recall) => ({
    recall,
    distances: costAt(recall, costsOf(standing, 'distances')),
    speed: speedAt(recall, speedsOf(standing)),
  }))
  return { rows, at }
}

/**
 * The exponent of the growth of distances at each of the recalls. A size at which the least effort exceeds the recall has
 * only a bound, and is left out of the fit; one that never reaches it would cost the most, so without it nothing is known.
 *
 * @returns {{ recall: number, exponent?: number, fitted: number[] }[]} `fitted` are the rows of the sizes that count
 */
export function growthOf(sizes) {
  return RECALLS.map((recall, i) => {
    const figures = sizes.map(({ rows, at }) => ({ rows, ...at[i].distances }))
    const known = figures.filter(({ atMost }) => atMost === false)
    const reached = figures.every(({ cost }) => cost !== undefined)
    const exponent = reached ? exponentOf(known.map(({ rows, cost }) => [rows, cost])) : undefined
    return { recall, exponent, fitted: known.map(({ rows }) => rows) }
  })
}

/** Whether distances grow slowly enough, at the first of the recalls. */
export function exponentsTable(datasets) {
  const verdict = (exponent) =>
    exponent === undefined ? [NONE, `≤ ${MOST_EXPONENT}`, 'not known'] : judged(exponent, '≤', MOST_EXPONENT)
  return {
    title: 'Distances over the number of rows n: the exponent e of n^e that fits best',
    headings: ['data', 'recall@10', 'rows fitted', 'e', 'target', ''],
    rows: datasets.flatMap(({ title, growth }) =>
      growth.map(({ recall, exponent, fitted }, i) => [
        title,
        String(recall),
        fitted.map(show).join('; '),
        ...(i === 0 ? verdict(exponent) : [exponent ?? NONE, '', '']),
      ]),
    ),
  }
}

const bounded = (sign, is, value) => (is ? `${sign} ${show(value)}` : value)

/** The figures of one dataset's sizes. */
export function sizesTable({ title, sizes }) {
  const headed = (text) => RECALLS.map((recall) => `${text} at ${recall}`)
  return {
    title,
    headings: ['rows', ...headed('distances'), ...headed('QPS')],
    rows: sizes.map(({ rows, at }) => [
      rows,
      ...at.map(({ distances }) => (distances ? bounded('≤', distances.atMost, distances.cost) : NONE)),
      ...at.map(({ speed }) => (speed ? bounded('≥', speed.atLeast, speed.speed) : NONE)),
    ]),
  }
}

/** Whether a graph is searched, and not all of it: nodes visited at one recall, and over ef. */
export function visitedSummary({ points }) {
  const standing = admitted(points).toSorted((a, b) => a.ef - b.ef)
  const rises = standing.every(({ visited }, i) => i === 0 || visited > standing[i - 1].visited)
  // Where the least effort exceeds the recall, this is what has to be visited to reach it.
  const visited = costAt(VISITED_RECALL, costsOf(standing, 'visited'))?.cost
  return { visited, grows: standing.length > 1 && rises }
}

export function visitedTable({ title, rows, points, visited, grows }) {
  const most = rows / VISITED_PART
  return {
    title: `${title}, ${show(rows)} rows: nodes visited`,
    headings: ['', 'visited', 'target', ''],
    rows: [
      ...admitted(points).map((point) => [
        `ef ${point.ef}, recall ${point.recall.toFixed(4)}`,
        point.visited,
        '',
        '',
      ]),
      [
        `recall ${VISITED_RECALL}`,
        ...(visited === undefined ? [NONE, `< ${most}`, 'missed'] : judged(visited, '<', most)),
      ],
      ['over ef', '', 'grows', grows ? 'met' : 'missed'],
    ],
  }
}

/** What is drawn, as [file name, title of the axis, the figure at a recall]; bounds are not. */
const PLOTS = [
  [
    'growth-distances.svg',
    'distances computed',
    ({ distances }) => (distances?.atMost ? undefined : distances?.cost),
  ],
  [
    'growth-qps.svg',
    'queries per second, one thread',
    ({ speed }) => (speed?.atLeast ? undefined : speed?.speed),
  ],
]

function growthPlot(datasets, axisTitle, figureOf) {
  const values = datasets.flatMap(({ title, sizes }) =>
    sizes.flatMap(({ rows, at }) =>
      at
        .map((figures) => ({ title, rows, recall: String(figures.recall), value: figureOf(figures) }))
        .filter(({ value }) => value !== undefined),
    ),
  )
  const logarithmic = { type: 'log', nice: false, padding: 20 }
  return svg({
    ...BASE,
    title: 'skalar hnsw, M 16, efConstruction 200',
    width: 520,
    height: 360,
    data: { values },
    encoding: {
      x: { field: 'rows', type: 'quantitative', title: 'rows', scale: logarithmic, axis: { format: '~s' } },
      y: { field: 'value', type: 'quantitative', title: axisTitle, scale: logarithmic },
      color: { field: 'title', type: 'nominal', title: null, legend: { labelLimit: 240 } },
    },
    layer: [
      {
        mark: 'line',
        encoding: { strokeDash: { field: 'recall', type: 'nominal', title: 'recall@10' } },
      },
      // Every point by itself, or a size without neighbours would not be seen.
      { mark: { type: 'point', filled: true, size: 50 }, encoding: { detail: { field: 'recall' } } },
    ],
  })
}

/** The plots as [file name, SVG]: both axes are logarithmic, so that n^e is a straight line. */
export function growthPlots(datasets) {
  return Promise.all(PLOTS.map(async ([file, ...plot]) => [file, await growthPlot(datasets, ...plot)]))
}
