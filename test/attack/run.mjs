/*
 * Attacks on the built package, with counts of what came of each: node test/attack/run.mjs --help
 * Exits with 1 when anything came of them that is not allowed.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runAttack } from './lib/harness.mjs'
import { asText, reportOf, tableOf } from './lib/report.mjs'

const HELP = `Usage: npm run attack -- [options]

  --rounds n      of each attack (default 300; of those with long rounds a fraction)
  --seconds n     how long a soak takes (default 600)
  --limit n       begin no further round of an attack after so many seconds
  --only a,b      attacks by name
  --jobs n        rounds at a time (default 2)
  --seed n        of the first round; the next have the numbers that follow (default: the time)
  --report file   where a report in Markdown goes
`

const numbers = {
  rounds: 300,
  seconds: 600,
  limit: Infinity,
  jobs: 2,
  seed: Math.floor(Date.now() / 1000) % 1e6,
}
const text = { type: 'string' }
const { values } = parseArgs({
  options: {
    ...Object.fromEntries(Object.keys(numbers).map((name) => [name, text])),
    only: text,
    report: text,
    help: { type: 'boolean' },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const options = { ...numbers }
for (const name of Object.keys(numbers)) {
  if (values[name] !== undefined) options[name] = Number(values[name])
  if (!(options[name] >= 0)) throw new Error(`--${name} must be a number, got ${values[name]}`)
}

const folder = join(import.meta.dirname, 'attacks')
const names = readdirSync(folder).map((file) => file.replace('.mjs', ''))
const chosen = values.only?.split(',') ?? names
const unknown = chosen.filter((name) => !names.includes(name))
if (unknown.length > 0) throw new Error(`--only ${unknown} is none of ${names.join(', ')}`)

const results = []
for (const name of chosen) {
  const { default: attack } = await import(`./attacks/${name}.mjs`)
  console.log(`${name}: ${attack.tries} (seed ${options.seed})`)
  results.push(await runAttack(attack, options))
  if (values.report !== undefined) writeFileSync(values.report, reportOf(results, options))
}
console.log(`\n${asText(tableOf(results))}`)
const faulty = results.filter(({ faults }) => faults.length > 0)
for (const { name, faults } of faulty) {
  console.log(`\n${name}: ${faults[0].outcome}, seed ${faults[0].seed}\n${faults[0].detail.slice(0, 1000)}`)
}
console.log(`\n${results.length - faulty.length} attacks held, ${faulty.length} found faults`)
process.exitCode = faulty.length > 0 ? 1 : 0
