import { inspect } from 'node:util'
import { open } from 'skalar'
import { readArguments, usage } from './arguments.mjs'
import { loadCatalogue } from './catalogue.mjs'
import { dimension, loadEncoder } from './encoder.mjs'
import { formatCount, note, printMatches, progressBar, shownFields, timed } from './print.mjs'
import { recommend } from './recommend.mjs'

const searches = [
  'space adventure with robots',
  'a scary story about a haunted house',
  'a funny film about talking animals',
  'pirates and treasure',
]

const filtered = {
  text: 'falling in love at the wrong moment',
  filter: { genre: 'Romantic Comedy', year: { $gte: 1990, $lt: 2000 }, rating: { $gte: 7 } },
}

const filmsPerCommit = 128

async function main({ folder, query }) {
  const [encoder, encoderTime] = await timed(loadEncoder)
  note('Loaded the sentence encoder', encoderTime)
  await fill(folder, encoder)

  const [db, openTime] = await timed(() => open(folder))
  try {
    const films = await db.collection('films')
    note(`Opened it again: ${formatCount(films.size)} films of ${films.dimension} dimensions`, openTime)
    if (query === undefined) await tour(films, encoder)
    else await search(films, encoder, { text: query, k: 10 })
  } finally {
    await db.close()
  }
}

/** Embeds and stores the films that are not in the database yet, then closes it. */
async function fill(folder, encoder) {
  const [{ films, corrections }, readTime] = await timed(loadCatalogue)
  const { years, titles } = corrections
  note(`Read ${formatCount(films.length)} films, ${years} years and ${titles} titles put right`, readTime)

  const db = await open(folder)
  try {
    const collection = await db.collection('films', {
      dimension,
      metric: 'cosine',
      fields: { year: 'number', genre: 'string', rating: 'number' },
    })
    const missing = films.filter(({ id, metadata }) => collection.get(id)?.metadata.text !== metadata.text)
    const kept = formatCount(films.length - missing.length)
    const [, fillTime] = await timed(() => embedAndStore(collection, encoder, missing))
    note(`Embedded and stored ${formatCount(missing.length)} films; ${kept} were there already`, fillTime)
  } finally {
    const [, closeTime] = await timed(() => db.close())
    note('Closed the database', closeTime)
  }
}

/** Commits while it embeds, so that a run that is stopped loses at most the last few films. */
async function embedAndStore(collection, encoder, films) {
  if (films.length === 0) return
  const interrupt = new AbortController()
  const onInterrupt = () => interrupt.abort()
  process.once('SIGINT', onInterrupt)
  const bar = progressBar(films.length)
  try {
    await collection.upsert(encoder.embedFilms(films), {
      batchSize: filmsPerCommit,
      signal: interrupt.signal,
      onProgress: ({ done }) => bar.update(done),
    })
  } finally {
    bar.stop()
    process.off('SIGINT', onInterrupt)
  }
}

async function tour(films, encoder) {
  for (const text of searches) await search(films, encoder, { text, k: 5 })
  await search(films, encoder, { ...filtered, k: 5 })
  await recommend(films)
}

async function search(films, encoder, { text, filter, k }) {
  const [vector, embedTime] = await timed(() => encoder.embed(text))
  const [matches, queryTime] = await timed(() => films.query({ vector, k, filter, select: shownFields }))
  const where = filter === undefined ? '' : `\nwhere ${inspect(filter, { breakLength: Infinity })}`
  printMatches(`“${text}”${where}`, matches)
  note('Embedded the text', embedTime)
  note('Searched', queryTime)
}

function argumentsOrExit() {
  try {
    return readArguments(process.argv.slice(2))
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`)
    process.exit(2)
  }
}

const options = argumentsOrExit()
if (options.help) {
  console.log(usage)
} else {
  try {
    await main(options)
  } catch (error) {
    if (error.name !== 'AbortError') throw error
    console.error('Interrupted. The films committed so far are kept: run the demo again to carry on.')
    process.exitCode = 130
  }
}
