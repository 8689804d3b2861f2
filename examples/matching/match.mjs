import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import { align, open } from 'skalar'
import { loadCatalogue } from '../films/catalogue.mjs'
import { loadEncoder, dimension as meaning } from '../films/encoder.mjs'
import { formatCount, note, timed } from '../films/print.mjs'
import { gramsOf, dimension as spelling } from './grams.mjs'

const folder = fileURLToPath(new URL('./.cache/db', import.meta.url))

/** Films of which both vectors are known to belong together. */
const known = 2_000

const shown = 6

const style = { head: [], border: [], compact: true }

/** The films in a random order, the same in each run. */
function mixed(films) {
  let state = 7
  const keys = new Map(
    films.map((film) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return [film, state]
    }),
  )
  return films.toSorted((a, b) => keys.get(a) - keys.get(b))
}

/** By what a sentence means: vectors of the encoder, kept from one run to the next. */
async function storeMeanings(db, films) {
  const meanings = await db.collection('meanings', { dimension: meaning })
  const missing = films.filter(({ id, metadata }) => meanings.get(id)?.metadata.text !== metadata.text)
  if (missing.length > 0) {
    const encoder = await loadEncoder()
    await meanings.upsert(encoder.embedFilms(missing))
  }
  return meanings
}

/** By how its words are spelled. */
async function storeSpellings(db, films) {
  const spellings = await db.collection('spellings', { dimension: spelling })
  const embed = gramsOf(films.map(({ metadata }) => metadata.text))
  await spellings.upsert(films.map(({ id, metadata }) => ({ id, metadata, vector: embed(metadata.text) })))
  return spellings
}

const vectorsOf = (collection, ids) =>
  collection.getMany(ids, { includeVector: true }).map(({ vector }) => vector)

/** Pairs, best first. */
async function pairsOf(meanings, others, options) {
  const pairs = []
  for await (const pair of meanings.match(others, options)) pairs.push(pair)
  return pairs.sort((x, y) => y.margin - x.margin)
}

/** Remakes may have the same sentence. */
const isRight = (meanings, { a, b }) => sentenceOf(meanings, a) === sentenceOf(meanings, b)

const sentenceOf = (meanings, id) => meanings.get(id).metadata.text

function printPairs(meanings, pairs) {
  const table = new Table({ head: ['margin', 'by meaning', 'by spelling', ''], style })
  for (const pair of pairs) {
    const sentences = [pair.a, pair.b].map((id) => sentenceOf(meanings, id))
    table.push([pair.margin.toFixed(3), ...sentences, isRight(meanings, pair) ? 'right' : 'wrong'])
  }
  console.log(table.toString())
}

const { films } = await loadCatalogue()
const db = await open(folder)
try {
  const order = mixed(films)
  const [meanings, encoded] = await timed(() => storeMeanings(db, order))
  note(
    `${formatCount(films.length)} sentences about films, by the sentence encoder: ${meaning} dimensions`,
    encoded,
  )
  const [spellings, spelled] = await timed(() => storeSpellings(db, order))
  note(`The same by the spelling of their words: ${spelling} dimensions`, spelled)

  const pairs = order.slice(0, known).map(({ id }) => id)
  const rest = order.slice(known).map(({ id }) => id)
  const [transform, learned] = await timed(async () =>
    align({
      from: vectorsOf(meanings, pairs),
      to: vectorsOf(spellings, pairs),
      kind: 'linear',
      regularization: 0.1,
    }),
  )
  note(`A map between the two spaces, learned from ${formatCount(known)} of them`, learned)

  // What is known needs no partner: it would only take those of others.
  await spellings.delete(pairs)
  const filter = { $id: { $in: rest } }
  const table = new Table({ head: ['margin', 'mutual', 'pairs', 'right', 'precision', 'recall'], style })
  for (const mutual of [false, true]) {
    for (const margin of ['ratio', 'distance', 'none']) {
      const found = await pairsOf(meanings, spellings, { transform, margin, mutual, filter })
      const right = found.filter((pair) => isRight(meanings, pair)).length
      const percent = (share) => `${(100 * share).toFixed(1)} %`
      table.push([
        margin,
        mutual,
        found.length,
        right,
        percent(right / found.length),
        percent(right / rest.length),
      ])
    }
  }
  console.log(`\nThe ${formatCount(rest.length)} others, matched:\n${table.toString()}`)

  const best = await pairsOf(meanings, spellings, { transform, mutual: true, filter })
  console.log('\nThe best pairs, and the first that are wrong:')
  printPairs(meanings, best.slice(0, shown))
  printPairs(meanings, best.filter((pair) => !isRight(meanings, pair)).slice(0, shown))
} finally {
  await db.close()
}
