import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { machine } from '../foundation/machine.mjs'
import { markdownOf } from '../foundation/report.mjs'
import { plotsOf } from './plots.mjs'
import { markdown } from './table.mjs'

/** Figures measured are not known to more digits than these. */
const DIGITS = 5

function rounded(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value
}

/** Where the results of a full run go, and those of a quick one. */
export const RESULTS = {
  full: fileURLToPath(new URL('../results/', import.meta.url)),
  quick: fileURLToPath(new URL('../results/quick/', import.meta.url)),
}

const writeJson = (path, value) => writeFileSync(path, `${JSON.stringify(value, rounded, 1)}\n`)

/** Writes bench.json, bench.md and the plots into a folder, and returns the table. */
export async function writeReport(folder, results) {
  mkdirSync(folder, { recursive: true })
  writeJson(join(folder, 'bench.json'), results)
  const text = markdown(results)
  writeFileSync(join(folder, 'bench.md'), text)
  for (const dataset of results.datasets) {
    for (const [name, plot] of await plotsOf(dataset)) writeFileSync(join(folder, name), plot)
  }
  return text
}

/**
 * Writes <name>.json, <name>.md and plots into the folder for that kind of run, and prints the tables.
 *
 * @param {{ kind: 'full' | 'quick', heading: string, notes: string, tables: object[], problems: string[], measured: object,
 *   plots?: [string, string][] }} results `tables` as `markdownOf` takes them; `notes` say what is counted
 */
export function writeTables(name, { kind, heading, notes, tables, problems, measured, plots = [] }) {
  const folder = RESULTS[kind]
  const run = machine()
  const listed =
    problems.length > 0 ? [['Not admitted:', ...problems.map((line) => `- ${line}`)].join('\n')] : []
  const text = `${[
    `# ${heading} (${kind} run)`,
    `${run.cpu}, ${run.cores} cores, ${run.gigabytes} GB, Node ${run.node}.`,
    notes,
    ...tables.map(markdownOf),
    ...listed,
  ].join('\n\n')}\n`
  mkdirSync(folder, { recursive: true })
  writeJson(join(folder, `${name}.json`), { machine: run, kind, ...measured })
  writeFileSync(join(folder, `${name}.md`), text)
  for (const [file, plot] of plots) writeFileSync(join(folder, file), plot)
  console.log(text)
}
