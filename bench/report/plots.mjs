// The results as SVG: one plot of speed over recall for each dataset, and one of bars for the rest.
import { parse, View } from 'vega'
import { compile } from 'vega-lite'

const COLOR_SCHEME = 'category20'
/** Systems are compared above this; points below would press the rest together. */
const LEAST_RECALL_SHOWN = 0.8
const BAR_WIDTH = 220
const BAR_STEP = 16

/** A Vega-Lite plot as SVG. */
export async function svg(specification) {
  const view = new View(parse(compile(specification).spec), { renderer: 'none' })
  try {
    return `${await view.toSVG()}\n`
  } finally {
    view.finalize()
  }
}

/** What all plots have in common. */
export const BASE = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  background: 'white',
  padding: 8,
}

/** Queries per second, on a logarithmic axis, over recall: up and to the right is better. */
function curvePlot(dataset, measure, axisTitle) {
  const values = dataset.indexes.flatMap(({ library, curves }) =>
    curves.flatMap(({ name, points }) =>
      points
        .filter((point) => point.problems.length === 0 && point[measure] !== undefined)
        .filter((point) => point.recall >= LEAST_RECALL_SHOWN)
        .map((point, place) => ({
          name,
          place,
          ours: library === 'skalar',
          recall: point.recall,
          speed: point[measure].median,
        })),
    ),
  )
  const names = [...new Set(values.map(({ name }) => name))]
  const color = {
    field: 'name',
    type: 'nominal',
    sort: names,
    title: null,
    scale: { scheme: COLOR_SCHEME },
    legend: { symbolType: 'circle', labelLimit: 240 },
  }
  return svg({
    ...BASE,
    title: `${dataset.title}, ${dataset.rows.toLocaleString('en-US')} rows`,
    width: 620,
    height: 420,
    data: { values },
    mark: { type: 'line', point: { size: 40 }, interpolate: 'linear' },
    encoding: {
      x: {
        field: 'recall',
        type: 'quantitative',
        title: `recall@10, from ${LEAST_RECALL_SHOWN}`,
        scale: { zero: false },
      },
      y: { field: 'speed', type: 'quantitative', title: axisTitle, scale: { type: 'log' } },
      order: { field: 'place' },
      strokeWidth: { condition: { test: 'datum.ours', value: 4 }, value: 1.5 },
      color,
      shape: { field: 'name', type: 'nominal', sort: names, title: null, legend: null },
    },
  })
}

const BARS = [
  ['Build, one thread (s)', ({ buildOneThread }) => buildOneThread?.seconds.median],
  ['Build, all threads (s)', ({ buildAllThreads }) => buildAllThreads?.seconds.median],
  ['Open to first answer (ms)', ({ openSeconds }) => openSeconds && 1e3 * openSeconds.median],
  ['Resident memory (MB)', ({ residentBytes }) => residentBytes && residentBytes.median / 1e6],
  ['On disk (MB)', (index) => diskOf(index)],
  ['Durable inserts, by 100 (rows/s)', ({ durableRowsPerSecond }) => durableRowsPerSecond?.[100]],
]

function diskOf({ buildAllThreads, buildOneThread }) {
  const build = buildAllThreads ?? buildOneThread
  return build && build.diskBytes.median / 1e6
}

/** One small chart of bars, with the figure beside each. */
function barChart(title, values, names) {
  return {
    title: { text: title, anchor: 'start' },
    width: BAR_WIDTH,
    height: { step: BAR_STEP },
    data: { values },
    encoding: {
      y: { field: 'name', type: 'nominal', sort: names, title: null, axis: { labelLimit: 160 } },
      x: { field: 'value', type: 'quantitative', title: null },
    },
    layer: [
      { mark: { type: 'bar', color: '#4c78a8' } },
      {
        mark: { type: 'text', align: 'left', dx: 3, fontSize: 10 },
        encoding: { text: { field: 'label', type: 'nominal' } },
      },
    ],
  }
}

function barPlot(dataset) {
  const names = dataset.indexes.map(({ name }) => name)
  const charts = BARS.map(([title, figureOf]) => {
    const values = dataset.indexes.flatMap((index) => {
      const value = figureOf(index)
      return value === undefined
        ? []
        : [{ name: index.name, value, label: String(Number(value.toPrecision(3))) }]
    })
    return values.length === 0 ? undefined : barChart(title, values, names)
  })
  return svg({
    ...BASE,
    title: `${dataset.title}, ${dataset.rows.toLocaleString('en-US')} rows`,
    columns: 2,
    concat: charts.filter((chart) => chart !== undefined),
  })
}

/** The plots of a dataset as [file name, SVG]. */
export async function plotsOf(dataset) {
  return [
    [
      `${dataset.name}-single.svg`,
      await curvePlot(dataset, 'queriesPerSecond', 'queries per second, one thread'),
    ],
    [
      `${dataset.name}-batch.svg`,
      await curvePlot(dataset, 'batchQueriesPerSecond', 'queries per second, batch'),
    ],
    [`${dataset.name}-rest.svg`, await barPlot(dataset)],
  ]
}
