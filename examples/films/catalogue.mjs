import { readFile } from 'node:fs/promises'
import { describe } from './sentence.mjs'

/**
 * The 3,201 films of vega-datasets' movies.json as records of a collection, each with the sentence to embed.
 *
 * The data set is known for its defects. Those that can be told for certain are put right and counted;
 * everything else is kept as it is, and an unknown value is left out instead of guessed.
 *
 * @returns {Promise<{ films: Film[], corrections: { years: number, titles: number } }>}
 *
 * @typedef {object} Film
 * @property {string} id         title and release year, e.g. `the-matrix-1999`
 * @property {object} metadata   title, year, released, text; where known genre, style, director, rating (IMDb,
 *                               1 to 10), votes and certificate (MPAA)
 */
export async function loadCatalogue() {
  const rows = JSON.parse(await readFile(dataFile(), 'utf8'))
  const corrections = { years: 0, titles: 0 }
  const taken = new Set()
  const films = rows.map((row) => {
    const released = releaseDate(row['Release Date'])
    const title = readableTitle(row.Title, released.date.getUTCFullYear())
    if (released.corrected) corrections.years++
    if (row.Title !== null && title !== String(row.Title)) corrections.titles++
    const metadata = filmMetadata(row, title, released.date)
    return { id: uniqueId(metadata, taken), metadata }
  })
  return { films, corrections }
}

// The package exports only its entry module, so the data file is found from there.
function dataFile() {
  return new URL('../data/movies.json', import.meta.resolve('vega-datasets'))
}

function filmMetadata(row, title, released) {
  const known = {
    title,
    year: released.getUTCFullYear(),
    released,
    genre: row['Major Genre'],
    style: row['Creative Type'],
    source: row.Source,
    director: row.Director === null ? null : repairText(row.Director),
    rating: row['IMDB Rating'],
    votes: row['IMDB Votes'],
    certificate: row['MPAA Rating'],
  }
  const metadata = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== null))
  return { ...metadata, text: describe(metadata) }
}

const lastYear = 2011

/**
 * `Jun 12 1998`. The file was made in 2010 from two-digit years, so that "Gone with the Wind" came out in 2039:
 * a year after the last announced one belongs to the century before.
 */
function releaseDate(text) {
  const date = new Date(`${text} UTC`)
  const corrected = date.getUTCFullYear() > lastYear
  if (corrected) date.setUTCFullYear(date.getUTCFullYear() - 100)
  return { date, corrected }
}

/** Titles may be numbers (`300`), absent, inverted (`Boot, Das`), or carry the year (`King Kong (1933)`). */
function readableTitle(value, year) {
  if (value === null) return '(untitled)'
  return repairText(String(value))
    .replace(/^(.+), (The|Das|Les)$/, '$2 $1')
    .replace(` (${year})`, '')
}

const windows1252 = new TextDecoder('windows-1252')
const macRoman = new TextDecoder('macintosh')
const intended = new Map()
for (let byte = 0x80; byte <= 0xff; byte++) {
  intended.set(macRoman.decode(Uint8Array.of(byte)), windows1252.decode(Uint8Array.of(byte)))
}

/** Accented letters were written as Windows-1252 and read as Mac Roman: `LÈon` is `Léon`. */
function repairText(text) {
  return Array.from(text, (character) => intended.get(character) ?? character).join('')
}

/** Remakes share a title, so the year is part of the id; should both be repeated, the later film is numbered. */
function uniqueId({ title, year }, taken) {
  const ascii = title.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const base = `${ascii.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')}-${year}`
  let id = base
  for (let n = 2; taken.has(id); n++) id = `${base}-${n}`
  taken.add(id)
  return id
}
