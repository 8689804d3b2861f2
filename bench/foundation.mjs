// What the store, the exact scan and the collection API cost, against bare lmdb-js, sqlite-vec and the machine itself.
// Prints Markdown tables and writes results/foundation.json; a section that did not run keeps its last result there.
// Usage: npm run build && node bench/foundation.mjs [--quick] [write] [loop] [scan] [open]
// `scan` compares with peers: npm ci --prefix bench
import { fork } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { machine } from './foundation/machine.mjs'
import { printTable } from './foundation/report.mjs'

const SECTIONS = ['write', 'loop', 'scan', 'open']
const results = new URL('./results/foundation.json', import.meta.url)

const options = process.argv.slice(2)
const quick = options.includes('--quick')
const names = options.filter((option) => option !== '--quick')
const unknown = names.filter((name) => !SECTIONS.includes(name))
if (unknown.length > 0) throw new Error(`no section '${unknown[0]}': the sections are ${SECTIONS.join(', ')}`)

/** A section in a process of its own, so that none inherits the heap, the caches or the threads of another. */
function runSection(name) {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./foundation/child.mjs', import.meta.url), [
      name,
      ...(quick ? ['--quick'] : []),
    ])
    let result
    child.on('message', (message) => {
      result = message
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      if (code === 0 && result !== undefined) resolve(result)
      else reject(new Error(`section ${name} failed`))
    })
  })
}

const stored = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : {}
for (const name of names.length > 0 ? names : SECTIONS) {
  const section = { machine: machine(), quick, ...(await runSection(name)) }
  for (const table of section.tables) printTable(table)
  stored[name] = section
}
const ordered = Object.fromEntries(
  SECTIONS.filter((name) => stored[name]).map((name) => [name, stored[name]]),
)
mkdirSync(new URL('.', results), { recursive: true })
writeFileSync(results, `${JSON.stringify(ordered, null, 2)}\n`)
