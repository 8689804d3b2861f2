/*
 * Run in a process of its own, with SKALAR_SIMD in its environment: asks many queries and prints which instruction set
 * answered, and a hash of every bit of ids, scores and vectors. Input, as JSON in the first argument:
 *   { folder }                     makes collections of seeded numbers in the folder, and asks these
 *   { folder, collection, file }   asks an existing collection for the neighbours of the float32 rows in a file
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { open } from 'skalar'
import { simdTarget } from '../../dist/native.js'

const input = JSON.parse(process.argv[2])
const db = await open(input.folder, { readOnly: input.collection !== undefined })
const hash = createHash('sha256')
if (input.collection === undefined) await askMany()
else await ask(await db.collection(input.collection), rowsOf(readFileSync(input.file)))
await db.close()
process.stdout.write(JSON.stringify({ target: simdTarget(), hash: hash.digest('hex') }))

async function askMany() {
  for (const metric of ['cosine', 'dot', 'euclidean']) {
    // Dimensions around multiples of the 16 lanes, and long enough for every unrolled loop.
    for (const dimension of [1, 15, 16, 17, 100, 768]) {
      const collection = await db.collection(`${metric} ${dimension}`, { dimension, metric })
      await collection.upsert(vectors(1, 500, dimension).map((vector, id) => ({ id, vector })))
      await ask(collection, vectors(2, 20, dimension))
    }
  }
}

async function ask(collection, queries) {
  const answers = await collection.queryMany(
    queries.map((vector) => ({ vector })),
    { k: 20, select: [], includeVector: true },
  )
  for (const matches of answers) {
    hash.update(JSON.stringify(matches.map(({ id }) => id)))
    hash.update(Float64Array.from(matches, ({ score }) => score))
    for (const { vector } of matches) hash.update(vector)
  }
}

function rowsOf(bytes) {
  const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  return Array.from({ length: numbers.length / 512 }, (_, i) => numbers.subarray(512 * i, 512 * (i + 1)))
}

/** Components of very different sizes; a linear congruential generator suffices to make them. */
function vectors(seed, count, dimension) {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32 - 0.5
  }
  return Array.from({ length: count }, () =>
    Float32Array.from({ length: dimension }, () => next() * 10 ** (4 * next())),
  )
}
