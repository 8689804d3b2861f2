// Awaited upserts of one record, one after another, by durability: a process for each, which take turns of some seconds in one
// run. Long turns show what the disk can take, short ones what a burst can. Engine `flat` unless `--engine` says otherwise: a graph
// takes a millisecond of another core for each record. `--against` adds another build of skalar, an older one for example;
// `--folder` keeps them elsewhere than in the system's folder for temporary files, which may be no disk.
// Usage: npm run build && node bench/durability.mjs [--against ../other/dist/index.js] [--rounds n] [--seconds n] [--folder path]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const DIMENSION = 512
const RECORDS = 5_000
const OWN = fileURLToPath(new URL('../dist/index.js', import.meta.url))

const text = (value) => ({ type: 'string', default: value })
const { values } = parseArgs({
  options: {
    against: { type: 'string' },
    folder: text(tmpdir()),
    rounds: text('5'),
    seconds: text('2'),
    engine: text('flat'),
    child: { type: 'string' },
  },
})

if (values.child !== undefined) await child(JSON.parse(values.child))
else await compare()

/** Upserts for some seconds whenever it is asked to, and answers with the rate and the size of the file. */
async function child({ library, durability, engine, folder }) {
  const { open } = await import(pathToFileURL(library).href)
  const database = await open(folder, { durability })
  const collection = await database.collection('records', {
    dimension: DIMENSION,
    metric: 'cosine',
    index: { engine },
  })
  const vector = () => Float32Array.from({ length: DIMENSION }, () => Math.random() - 0.5)
  let id = 0
  const record = () => ({ id: `${id++}`, vector: vector() })
  await collection.upsert(Array.from({ length: RECORDS }, record))
  await collection.upsert(record())
  process.on('message', async (seconds) => {
    if (seconds === 0) {
      await database.close()
      process.exit()
    }
    const start = performance.now()
    let count = 0
    for (; performance.now() - start < seconds * 1000; count++) await collection.upsert(record())
    const rate = (count / (performance.now() - start)) * 1000
    process.send({ rate, megabytes: statSync(join(folder, 'data.mdb')).size / 1e6 })
  })
  process.send('ready')
}

async function compare() {
  const folder = mkdtempSync(join(values.folder, 'skalar-durability-'))
  const builds = [['this', OWN], ...(values.against ? [['against', resolve(values.against)]] : [])]
  const arms = []
  try {
    for (const [build, library] of builds) {
      for (const durability of ['commit', 'flushed']) {
        const name = `${build}, ${durability}`
        const { engine } = values
        const task = JSON.stringify({
          library,
          durability,
          engine,
          folder: join(folder, name.replace(', ', '-')),
        })
        const process = fork(fileURLToPath(import.meta.url), ['--child', task])
        await once(process, 'message')
        arms.push({ name, process, rates: [], megabytes: 0 })
      }
    }
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const arm of arms) {
        arm.process.send(Number(values.seconds))
        const [{ rate, megabytes }] = await once(arm.process, 'message')
        arm.rates.push(rate)
        arm.megabytes = megabytes
      }
    }
    print(arms)
    for (const { process } of arms) process.send(0)
    await Promise.all(arms.map(({ process }) => once(process, 'exit')))
  } finally {
    for (const { process } of arms) process.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

function print(arms) {
  console.log(`| build, durability | upserts/s (median of ${values.rounds}) | lowest | highest | data.mdb |`)
  console.log('|---|---|---|---|---|')
  for (const { name, rates, megabytes } of arms) {
    const sorted = rates.toSorted((a, b) => a - b).map((rate) => Math.round(rate))
    const median = sorted[sorted.length >> 1]
    console.log(`| ${name} | ${median} | ${sorted[0]} | ${sorted.at(-1)} | ${megabytes.toFixed(0)} MB |`)
  }
}
