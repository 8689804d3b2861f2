// Opens the collection `bench` in a folder, queries it once and prints what that took, as JSON.
// Arguments: the folder, a query vector as JSON.
import { existsSync, readFileSync } from 'node:fs'

const [folder, text] = process.argv.slice(2)
const vector = JSON.parse(text)
const query = { vector, k: 10 }
const megabytes = () => process.memoryUsage.rss() / 1e6

/** Resident memory that is this process's own: without the mapped file, which the system may drop at any time. */
function privateMegabytes() {
  const status = '/proc/self/status'
  if (!existsSync(status)) return megabytes()
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8'))[1]) * 1.024e-3
}

const started = performance.now()
const { open } = await import('../../dist/index.js')
const imported = performance.now()
const rssBeforeMegabytes = megabytes()
const opening = performance.now()
const db = await open(folder)
const opened = performance.now()
const collection = await db.collection('bench')
const loaded = performance.now()
const matches = await collection.query(query)
const answered = performance.now()
await collection.query(query)
const next = performance.now()
if (matches.length !== 10) throw new Error(`${matches.length} matches instead of 10`)
const { memory } = await collection.stats()
const result = {
  importMs: imported - started,
  openMs: opened - opening,
  collectionMs: loaded - opened,
  firstQueryMs: answered - loaded,
  nextQueryMs: next - answered,
  vectorMegabytes: memory / 1e6,
  rssBeforeMegabytes,
  rssAfterMegabytes: megabytes(),
  privateMegabytes: privateMegabytes(),
}
await db.close()
console.log(JSON.stringify(result))
