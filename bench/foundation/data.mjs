import { existsSync, readFileSync } from 'node:fs'
import { uniformFrom } from '../data/random.mjs'

const DIMENSION = 512
const RECORDS = 30_000
const QUERIES = 1_000
const folder = new URL('../../../shared/data/', import.meta.url)

/**
 * 30,000 records { id, vector, metadata: { pos, lemma, lex, gloss } } of 512 dimensions and 1,000 query vectors: WordNet
 * glosses under the Universal Sentence Encoder when they lie beside the checkout, else a synthetic set of that size.
 */
export function wordnet() {
  return existsSync(new URL('wordnet-use512.jsonl', folder)) ? realWordnet() : synthetic(RECORDS, DIMENSION)
}

function realWordnet() {
  const base = floats('wordnet-use512.base.f32')
  const lines = readFileSync(new URL('wordnet-use512.jsonl', folder), 'utf8').split('\n', RECORDS)
  const records = lines.map((line, i) => {
    const { id, ...metadata } = JSON.parse(line)
    return { id, vector: row(base, i, DIMENSION), metadata }
  })
  const queries = rowsOf(floats('wordnet-use512.query.f32'), QUERIES, DIMENSION)
  return { source: 'WordNet glosses, USE 512-d', dimension: DIMENSION, records, queries }
}

/**
 * Components are sums of three uniform numbers (mulberry32), rows scaled to length 1; queries continue the sequence. The
 * metadata has keys and lengths as the real set has them.
 */
export function synthetic(count, dimension, queryCount = QUERIES) {
  const random = uniformFrom(dimension)
  const matrix = new Float32Array((count + queryCount) * dimension)
  for (let i = 0; i < count + queryCount; i++) fillUnit(row(matrix, i, dimension), random)
  const records = Array.from({ length: count }, (_, i) => ({
    id: `s${String(i).padStart(8, '0')}`,
    vector: row(matrix, i, dimension),
    metadata: {
      pos: ['noun', 'verb', 'adj', 'adv'][Math.floor(random() * 4)],
      lemma: `lemma ${Math.floor(random() * 1e5)}`,
      lex: Math.floor(random() * 45),
      gloss: 'of its own kind; '.repeat(1 + Math.floor(random() * 8)),
    },
  }))
  const queries = rowsOf(matrix.subarray(count * dimension), queryCount, dimension)
  return { source: `synthetic unit vectors, ${dimension}-d`, dimension, records, queries }
}

function fillUnit(vector, random) {
  let square = 0
  for (let j = 0; j < vector.length; j++) {
    vector[j] = random() + random() + random() - 1.5
    square += vector[j] ** 2
  }
  const scale = 1 / Math.sqrt(square)
  for (let j = 0; j < vector.length; j++) vector[j] *= scale
}

function floats(name) {
  const bytes = readFileSync(new URL(name, folder))
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
}

function row(matrix, index, dimension) {
  return matrix.subarray(index * dimension, (index + 1) * dimension)
}

function rowsOf(matrix, count, dimension) {
  return Array.from({ length: count }, (_, i) => row(matrix, i, dimension))
}

/** Batches of `size`. */
export function batches(items, size) {
  const result = []
  for (let i = 0; i < items.length; i += size) result.push(items.slice(i, i + size))
  return result
}
