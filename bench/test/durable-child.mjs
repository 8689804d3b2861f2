// Builds an index, inserts into it and kills itself, or looks for what was inserted: see durability.test.mjs.
import { normalize, uniformFrom } from '../data/random.mjs'
import { indexNamed } from '../systems/catalogue.mjs'

const [name, step, folder] = process.argv.slice(2)
const DIMENSION = 128
const ROWS = 1_000
const INSERTED = 10

function vectorOf(id) {
  const uniform = uniformFrom(id)
  return normalize(Float32Array.from({ length: DIMENSION }, () => uniform() - 0.5))
}

function matrixOf(first, count) {
  const matrix = new Float32Array(count * DIMENSION)
  for (let i = 0; i < count; i++) matrix.set(vectorOf(first + i), i * DIMENSION)
  return matrix
}

const index = indexNamed(name)
const Library = await index.load()
const system = new Library({
  folder,
  dimension: DIMENSION,
  metric: 'cosine',
  rows: ROWS,
  k: 1,
  threads: 1,
  parameters: index.parametersFor(DIMENSION),
})

const steps = {
  async build() {
    await system.create()
    await system.insert(system.prepareRows(0, matrixOf(0, ROWS)))
    await system.build()
    await system.close()
    process.send('built')
  },

  async insert() {
    await system.open()
    for (let id = ROWS; id < ROWS + INSERTED; id++) {
      await system.insertDurably(system.prepareRows(id, vectorOf(id)))
    }
    process.kill(process.pid, 'SIGKILL')
  },

  async find() {
    await system.open()
    await system.setEffort(index.curves.at(-1).efforts.at(-1))
    let found = 0
    for (let id = ROWS; id < ROWS + INSERTED; id++) {
      const answer = await system.search(system.prepareQuery(vectorOf(id)))
      if (system.read(answer).ids[0] === id) found++
    }
    await system.close()
    process.send(`found ${found} of ${INSERTED}`)
  },
}

await steps[step]()
process.disconnect()
