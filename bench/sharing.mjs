// What processes that share a database hold in memory: the sum of their proportional set sizes (each page divided by the processes that
// have it), for one and for four of them, beside what Node itself takes. Linux only.
//
//   node bench/sharing.mjs [rows]      of WordNet glosses, at most 30,000; more are synthetic
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { open } from '../dist/index.js'
import { synthetic, wordnet } from './foundation/data.mjs'
import { inTemporaryFolder } from './foundation/measure.mjs'
import { fill } from './foundation/skalar.mjs'

const SELF = fileURLToPath(import.meta.url)
const QUERIES = 2_000

function megabytes() {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))[1]) * 1.024e-3
}

/** Opens, answers, has all of the file checked, and waits to be asked. */
async function beChild(folder, dimension) {
  const node = megabytes()
  const vector = () => Float32Array.from({ length: dimension }, () => Math.random() - 0.5)
  const begun = performance.now()
  const db = await open(folder, { threads: 1 })
  const collection = await db.collection('bench')
  await collection.query({ vector: vector(), k: 10 })
  const ms = performance.now() - begun
  await collection.indexed()
  for (let i = 0; i < QUERIES; i++) collection.querySync({ vector: vector(), k: 10 })
  process.send({ ms, node })
  await once(process, 'message')
  process.send({ all: megabytes() })
  await once(process, 'message')
  process.exit()
}

async function measure(folder, dimension, count) {
  const children = Array.from({ length: count }, () => fork(SELF, [folder, dimension]))
  const told = () => Promise.all(children.map(async (child) => (await once(child, 'message'))[0]))
  const ready = await told()
  const answers = told()
  for (const child of children) child.send('measure')
  const sum = (await answers).reduce((total, { all }) => total + all, 0)
  for (const child of children) child.send('end')
  const opening = ready.map(({ ms }) => ms).sort((a, b) => a - b)[Math.floor(count / 2)]
  return { count, opening, sum, node: ready.reduce((total, { node }) => total + node, 0) }
}

async function main(rows) {
  const known = wordnet()
  const data = rows <= known.records.length ? known : synthetic(rows, 100)
  const records = data.records.slice(0, rows)
  await inTemporaryFolder(async (folder) => {
    const db = await open(folder)
    const collection = await db.collection('bench', { dimension: data.dimension })
    await fill(collection, records)
    await collection.indexed()
    await db.close()
    const [one, four] = [await measure(folder, data.dimension, 1), await measure(folder, data.dimension, 4)]
    for (const { count, opening, sum, node } of [one, four]) {
      console.log(
        `${count} of them: ${sum.toFixed(0)} MB in all, ${node.toFixed(0)} MB of Node's; closed → answer ${opening.toFixed(1)} ms`,
      )
    }
    console.log(`four over one: ${(four.sum / one.sum).toFixed(2)}`)
  })
}

if (process.send) await beChild(process.argv[2], Number(process.argv[3]))
else await main(Number(process.argv[2] ?? 30_000))
