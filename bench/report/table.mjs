// The results as Markdown tables.
import { problemsOf, skippedOf } from './summary.mjs'

const NONE = '–'

function figure(value) {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(3)))
}

/** The median and, where there are several samples, half their range over it. */
function cell(summary, scale = 1) {
  if (summary === undefined) return NONE
  const { median, min, max } = summary
  const percent = median === 0 ? 0 : Math.round((50 * (max - min)) / Math.abs(median))
  return percent > 0 ? `${figure(median * scale)} ±${percent}%` : figure(median * scale)
}

const number = (value) => (value === undefined ? NONE : figure(value))
const speedCell = (at) => (at === undefined ? NONE : `${at.atLeast ? '≥ ' : ''}${figure(at.speed)}`)

function table(headings, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  const rule = `|${headings.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`
  return [line(headings), rule, ...rows.map(line)].join('\n')
}

/** The point that answers "how long does a query take?": the fastest that reaches the recall. */
function pointAt(recall, points) {
  const reaching = points.filter((point) => point.problems.length === 0 && point.recall >= recall)
  return reaching.sort((a, b) => b.queriesPerSecond.median - a.queriesPerSecond.median)[0]
}

function curveTable({ indexes, recalls }) {
  const middle = recalls[Math.floor((recalls.length - 1) / 2)]
  const headings = [
    'search',
    ...recalls.map((recall) => `QPS at ${recall}`),
    ...recalls.map((recall) => `batch QPS at ${recall}`),
    `p50 ms at ≥ ${middle}`,
    'p99 ms',
    'best recall',
    'mean score error',
  ]
  const rows = indexes.flatMap(({ curves }) => curves).filter(({ points }) => points.length > 0)
  return table(
    headings,
    rows.map(({ name, points, at }) => {
      const point = pointAt(middle, points)
      return [
        name,
        ...at.map(({ single }) => speedCell(single)),
        ...at.map(({ batch }) => speedCell(batch)),
        cell(point?.p50Ms),
        cell(point?.p99Ms),
        Math.max(...points.map(({ recall }) => recall)).toFixed(4),
        `${Math.max(...points.map(({ scoreError }) => scoreError.mean)).toExponential(0)}`,
      ]
    }),
  )
}

/** The longest block of the event loop by a batch, over all points. */
function batchBlock({ curves }) {
  const blocks = curves.flatMap(({ points }) => points.map(({ batchBlockedMs }) => batchBlockedMs?.median))
  const known = blocks.filter((block) => block !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

function indexTable({ indexes }) {
  const headings = [
    'index',
    'build s, 1 thread',
    'build s, all threads',
    'of it save s',
    'open to first answer ms',
    'resident MB',
    'proportional MB',
    'peak MB of build',
    'disk MB',
    'durable rows/s, one at a time',
    'durable rows/s, by 100',
    'event loop blocked ms, build',
    'batch',
  ]
  const built = indexes.filter((index) => index.buildOneThread ?? index.buildAllThreads)
  return table(
    headings,
    built.map((index) => {
      const build = index.buildAllThreads ?? index.buildOneThread
      return [
        index.name,
        cell(index.buildOneThread?.seconds),
        cell(index.buildAllThreads?.seconds),
        cell(build.saveSeconds),
        cell(index.openSeconds, 1e3),
        cell(index.residentBytes, 1e-6),
        cell(index.proportionalBytes, 1e-6),
        cell(build.peakResidentBytes, 1e-6),
        cell(build.diskBytes, 1e-6),
        number(index.durableRowsPerSecond?.[1]),
        number(index.durableRowsPerSecond?.[100]),
        cell(build.blockedMs),
        number(batchBlock(index)),
      ]
    }),
  )
}

function boundsTable({ sequentialGigabytesPerSecond, gather, dot }) {
  return [
    table(
      ['row bytes', 'rows', 'ns per gathered row'],
      gather.map(({ rowBytes, rows, nanoseconds }) => [rowBytes, figure(rows), figure(nanoseconds)]),
    ),
    table(
      ['dimension', 'ns per hot dot product, float32', 'int8'],
      dot.map(({ dimension, float32, int8 }) => [dimension, figure(float32), figure(int8)]),
    ),
    `Sequential reading: ${figure(sequentialGigabytesPerSecond)} GB/s by one thread.`,
  ].join('\n\n')
}

function parameterList({ indexes }) {
  return indexes.map(({ name, parameters }) => `- ${name}: \`${JSON.stringify(parameters)}\``).join('\n')
}

function problemList({ indexes }) {
  const lines = indexes.flatMap((index) => [...problemsOf(index), ...skippedOf(index)])
  if (lines.length === 0) return []
  return ['Not measured, or not admitted:', lines.map((line) => `- ${line}`).join('\n')]
}

function datasetSection(dataset) {
  return [
    `## ${dataset.title}`,
    `${figure(dataset.rows)} rows, metric ${dataset.metric}, k = 10.`,
    curveTable(dataset),
    indexTable(dataset),
    ...problemList(dataset),
    'Parameters:',
    parameterList(dataset),
  ].join('\n\n')
}

/** The whole report. */
export function markdown({ machine, kind, command, minutes, bounds, datasets, versions }) {
  const listed = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `${[
    `# Benchmark (${kind} run)`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGigabytes} GB, Node ${machine.node}, ${machine.platform}. ` +
      `\`${command}\`: ${minutes.toFixed(1)} minutes. ${listed.join(', ')}.`,
    'Medians, and half the range over the median where there were several samples. Compare within one run only.',
    ...datasets.map(datasetSection),
    '## The bounds of this machine',
    boundsTable(bounds),
  ].join('\n\n')}\n`
}
