/*
 * Random Fourier features make an RBF kernel a dot product; how near, depends on how many there are. Draws two curves: the kernel over
 * the distance, and how many of the ten nearest by the kernel are found by dot products of features. Vectors are random points around
 * centres; nothing is downloaded, and it takes some seconds.
 *
 *   node examples/features/curve.mjs      writes kernel.svg and recall.svg beside this file
 */
import { writeFileSync } from 'node:fs'
import { dot, randomFourierFeatures, rbf, similarities } from 'skalar'
import { lineChart } from '../svg.mjs'

const DIMENSION = 64
const ROWS = 2_000
const QUERIES = 100
const K = 10
const GAMMA = 1
const FEATURES = [16, 64, 256, 1_024, 4_096]

let state = 11
function uniform() {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state / 2 ** 32
}
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
const write = (name, svg) => writeFileSync(new URL(name, import.meta.url), svg)

const mapOf = (features) => randomFourierFeatures({ gamma: GAMMA, dimension: DIMENSION, features, seed: 1 })

/** The kernel between the origin and points at growing distance in one direction, exact and by features. */
function kernelCurve() {
  const distances = Array.from({ length: 61 }, (_, i) => i / 20)
  const at = (distance) => Float64Array.from({ length: DIMENSION }, (_, i) => (i === 0 ? distance : 0))
  const byFeatures = [64, 256, 4_096].map((features) => {
    const map = mapOf(features)
    const origin = map.apply(at(0))
    const points = distances.map((distance) => [distance, dot(origin, map.apply(at(distance)))])
    return { label: `${features.toLocaleString('en')} features`, points: clipped(points) }
  })
  const exact = distances.map((distance) => [distance, rbf(at(0), at(distance), { gamma: GAMMA })])
  write(
    'kernel.svg',
    lineChart({
      title: `exp(−|x − y|²), and z(x) · z(y) by random Fourier features`,
      xLabel: 'distance |x − y|',
      yLabel: 'kernel (below 0 cut off)',
      ticks: [0, 0.5, 1, 1.5, 2, 2.5, 3],
      lines: [...byFeatures, { label: 'exact', points: exact, dashed: true }],
    }),
  )
}

const clipped = (points) => points.map(([x, y]) => [x, Math.min(1, Math.max(0, y))])

/** The numbers of the best K scores of each query. */
function best(scores) {
  return Array.from({ length: QUERIES }, (_, i) => {
    const row = scores.subarray(i * ROWS, (i + 1) * ROWS)
    const order = Array.from(row.keys()).sort((a, b) => row[b] - row[a])
    return order.slice(0, K)
  })
}

async function recallCurve() {
  const centres = Array.from({ length: 50 }, () => Array.from({ length: DIMENSION }, normal))
  const around = () => {
    const centre = centres[Math.floor(uniform() * centres.length)]
    return Float32Array.from(centre, (x) => (x + 0.5 * normal()) / Math.sqrt(DIMENSION))
  }
  const rows = Array.from({ length: ROWS }, around)
  const queries = Array.from({ length: QUERIES }, around)
  const truth = best(await similarities(queries, rows, { kernel: 'rbf', gamma: GAMMA }))
  const points = []
  for (const features of FEATURES) {
    const map = mapOf(features)
    const found = best(await similarities(map.apply(queries), map.apply(rows), 'dot'))
    const hits = found.flatMap((ids, i) => ids.filter((id) => truth[i].includes(id)))
    points.push([features, hits.length / (K * QUERIES)])
    console.log(`${features} features: recall@${K} ${points.at(-1)[1].toFixed(3)}`)
  }
  write(
    'recall.svg',
    lineChart({
      title: `Recall@${K} of the RBF kernel's neighbours, ${ROWS.toLocaleString('en')} points of ${DIMENSION} dimensions`,
      xLabel: 'features',
      yLabel: `recall@${K}`,
      ticks: FEATURES,
      logarithmic: true,
      lines: [{ label: 'dot products of features', points }],
    }),
  )
}

kernelCurve()
await recallCurve()
