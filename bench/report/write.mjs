import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { plotsOf } from './plots.mjs'
import { markdown } from './table.mjs'

/** Figures measured are not known to more digits than these. */
const DIGITS = 5

function rounded(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value
}

/** Writes bench.json, bench.md and the plots into a folder, and returns the table. */
export async function writeReport(folder, results) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'bench.json'), `${JSON.stringify(results, rounded, 1)}\n`)
  const text = markdown(results)
  writeFileSync(join(folder, 'bench.md'), text)
  for (const dataset of results.datasets) {
    for (const [name, plot] of await plotsOf(dataset)) writeFileSync(join(folder, name), plot)
  }
  return text
}
