/*
 * A dictionary read backwards: describe a thing, and get the word. The glosses of 2,000 frequent nouns of WordNet are embedded and
 * stored; a description is embedded by the same model, and the nearest glosses name the word.
 *
 *   node examples/dictionary/demo.mjs                                 the tour
 *   node examples/dictionary/demo.mjs "a place where books are kept"  a description of your own
 *
 * The first run embeds the glosses (about half a minute) into examples/dictionary/.cache; later runs find them there.
 */
import { fileURLToPath } from 'node:url'
import { open } from 'skalar'
import { dimension, loadEncoder } from '../films/encoder.mjs'
import { formatCount, note, timed } from '../films/print.mjs'
import { frequentNouns } from './glosses.mjs'

const NOUNS = 2_000
const TOUR = [
  'a person who teaches children',
  'a building where sick people are treated',
  'the yearly celebration of the day someone was born',
  'money that a worker gets for a month of work',
  'a person who writes novels',
  'water that falls from clouds',
  'the sister of your mother',
  'a place where books are kept',
]

async function fill(words, encoder) {
  const nouns = frequentNouns(NOUNS)
  const missing = nouns.filter(({ id }) => !words.has(id))
  const [, time] = await timed(() => words.upsert(encoder.embedFilms(missing), { batchSize: 128 }))
  note(`Embedded and stored ${formatCount(missing.length)} glosses of ${formatCount(nouns.length)}`, time)
}

async function look(words, encoder, description) {
  const vector = await encoder.embed(description)
  // A word may have several senses near the description: each is to be named once.
  const matches = await words.query({ vector, k: 20 })
  const named = new Map(
    matches.toReversed().map(({ metadata, score }) => [metadata.word, { metadata, score }]),
  )
  const best = [...named.values()].sort((a, b) => b.score - a.score).slice(0, 5)
  console.log(`\n“${description}”`)
  for (const { metadata, score } of best) {
    console.log(`  ${score.toFixed(3)}  ${metadata.word.padEnd(20)} ${metadata.text.slice(0, 90)}`)
  }
}

const encoder = await loadEncoder()
const db = await open(fileURLToPath(new URL('.cache/db', import.meta.url)))
try {
  const words = await db.collection('words', { dimension })
  await fill(words, encoder)
  const [, , ...given] = process.argv
  for (const description of given.length > 0 ? given : TOUR) await look(words, encoder, description)
} finally {
  await db.close()
}
