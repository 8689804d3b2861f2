// Distances that skalar computes for a query over those that hnswlib does, at equal recall.
import { judged, show } from '../foundation/report.mjs'
import { admitted } from '../measure/graph.mjs'
import { costAt } from './statistics.mjs'

export const MOST_RATIO = 1

const NONE = '–'

/** What is counted of either: skalar on its graph, and with its second pass; hnswlib's calls, and its own count. */
const COUNTS = {
  graph: ['skalar', ({ distances }) => distances],
  withExact: ['skalar', ({ distances, reranked }) => distances + reranked],
  hnswlib: ['hnswlib', ({ computed }) => computed],
  counted: ['hnswlib', (point) => point.counted],
}

/**
 * All counts at one recall, and ratios of skalar's to what hnswlib computed. Undefined are a count whose recall is never
 * reached, or exceeded by the least effort, and the ratios of such.
 */
export function compared(recall, points) {
  const at = ([system, costOf]) => {
    const costs = admitted(points[system]).map((point) => ({ recall: point.recall, cost: costOf(point) }))
    const found = costAt(recall, costs)
    return found?.atMost ? undefined : found?.cost
  }
  const counts = Object.fromEntries(Object.entries(COUNTS).map(([name, count]) => [name, at(count)]))
  const over = (ours) =>
    ours === undefined || counts.hnswlib === undefined ? undefined : ours / counts.hnswlib
  return { recall, ...counts, ratio: over(counts.graph), ratioWithExact: over(counts.withExact) }
}

/** Ratios near 1 are told apart by their third decimal. */
const ratioText = (ratio) => (ratio === undefined ? NONE : ratio.toFixed(3))

function verdict(ratio) {
  return ratio === undefined ? [`≤ ${MOST_RATIO}`, 'not known'] : judged(ratio, '≤', MOST_RATIO).slice(1)
}

/** One table for each dataset. */
export function ratioTable({ title, rows, comparisons }) {
  return {
    title: `${title}, ${show(rows)} rows: distances computed for a query`,
    headings: [
      'recall@10',
      'skalar, graph',
      'with exact scores',
      'hnswlib',
      'its own count',
      'with exact scores / hnswlib',
      'graph / hnswlib',
      'target',
      '',
    ],
    rows: comparisons.map(({ recall, ratio, ratioWithExact, ...counts }) => [
      String(recall),
      ...Object.keys(COUNTS).map((name) => counts[name] ?? NONE),
      ratioText(ratioWithExact),
      ratioText(ratio),
      ...verdict(ratio),
    ]),
  }
}
