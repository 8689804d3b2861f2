// Stores points of three spirals, trains a kernel machine on their labels, and draws what it makes of the plane.
// Usage: npm run build && node examples/classifier/demo.mjs
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kernelMachineFromBytes, open } from '../../dist/index.js'
import { plot } from './svg.mjs'

const COLOURS = new Map([
  ['red', '#d1495b'],
  ['blue', '#30638e'],
  ['amber', '#edae49'],
])
const EACH = 60
const CELLS = 80

/** Invented: three arms that wind around each other, with some noise that is the same each time. */
function spirals() {
  let state = 1
  const noise = () => {
    state = (state * 16_807) % 2_147_483_647
    return (state / 2_147_483_647 - 0.5) * 0.09
  }
  return [...COLOURS.keys()].flatMap((label, arm) =>
    Array.from({ length: EACH }, (_, i) => {
      const radius = 0.12 + (0.8 * i) / EACH
      const angle = (arm * 2 * Math.PI) / COLOURS.size + 3.6 * radius
      return { label, x: radius * Math.cos(angle) + noise(), y: radius * Math.sin(angle) + noise() }
    }),
  )
}

const folder = mkdtempSync(join(tmpdir(), 'skalar-classifier-'))
const db = await open(folder)
try {
  const collection = await db.collection('points', { dimension: 2, metric: 'euclidean' })
  const points = spirals()
  await collection.upsert(points.map(({ x, y, label }, id) => ({ id, vector: [x, y], metadata: { label } })))

  const linear = await collection.train({ field: 'label', kernel: 'linear' })
  const machine = await collection.train({ field: 'label', kernel: { kernel: 'rbf', gamma: 12 }, C: 10 })
  const percent = (share) => `${(100 * share).toFixed(1)} %`
  console.log(
    `A straight line between each two colours finds ${percent(linear.accuracy)} of points it has not seen,`,
  )
  console.log(
    `the rbf kernel ${percent(machine.accuracy)}, by ${machine.supports} of ${machine.sample} points.`,
  )

  // It needs no database any more.
  const kept = kernelMachineFromBytes(machine.toBytes())
  const places = Array.from({ length: CELLS }, (_, i) => (2 * (i + 0.5)) / CELLS - 1)
  const cells = []
  for (const y of places.map((place) => -place)) {
    const row = await kept.classify(places.map((x) => [x, y]))
    cells.push(row.map(({ label, probabilities: [first] }) => ({ label, probability: first.probability })))
  }
  const file = new URL('decision.svg', import.meta.url)
  writeFileSync(
    file,
    plot({ cells, points, colours: COLOURS, title: 'Three spirals, told apart by an rbf kernel' }),
  )
  console.log(`${file.pathname} shows it.`)
} finally {
  await db.close()
  rmSync(folder, { recursive: true })
}
