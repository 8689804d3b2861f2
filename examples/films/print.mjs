import { SingleBar } from 'cli-progress'
import Table from 'cli-table3'

const noteWidth = 88

/** Prints a line, with the time the step took at its right edge if there is one. */
export function note(text, milliseconds) {
  const time = milliseconds === undefined ? '' : duration(milliseconds).padStart(10)
  console.log(`${text.padEnd(noteWidth)}${time}`.trimEnd())
}

/** Runs one step and returns its result with the wall-clock time it took, in milliseconds. */
export async function timed(step) {
  const start = performance.now()
  const result = await step()
  return [result, performance.now() - start]
}

export function formatCount(count) {
  return count.toLocaleString('en')
}

function duration(milliseconds) {
  return milliseconds < 1000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(1)} s`
}

/** A bar on a terminal; where the output is a file or a pipe, a line every five seconds. */
export function progressBar(total) {
  const bar = new SingleBar({
    format: 'Embedding {bar} {percentage} % | {value} of {total} films | {eta_formatted} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    noTTYOutput: true,
    notTTYSchedule: 5000,
  })
  bar.start(total, 0)
  return bar
}

const columns = [
  { head: 'Score', width: 7, value: ({ score }) => score.toFixed(3) },
  { head: 'Title', width: 32, value: ({ metadata }) => metadata.title },
  { head: 'Year', width: 6, value: ({ metadata }) => metadata.year },
  { head: 'Genre', width: 19, value: ({ metadata }) => metadata.genre },
  { head: 'Type', width: 22, value: ({ metadata }) => metadata.style },
  { head: 'IMDb', width: 6, value: ({ metadata }) => metadata.rating?.toFixed(1) },
]

/** The metadata the table shows, for a query's `select`. */
export const shownFields = ['title', 'year', 'genre', 'style', 'rating']

/** Prints matches in a table 99 columns wide; what the data set does not know is a dash. */
export function printMatches(heading, matches) {
  const table = new Table({
    head: columns.map(({ head }) => head),
    colWidths: columns.map(({ width }) => width),
    style: { head: [], border: [], compact: true },
  })
  for (const match of matches) table.push(columns.map(({ value }) => value(match) ?? '–'))
  console.log(`\n${heading}\n${table}`)
}
