// Opens a folder, reads and perhaps writes, and prints what came of it: node opener.mjs <folder> <options as JSON>
import { open } from 'skalar'

const [folder, text] = process.argv.slice(2)
const { write, descriptors, ...options } = JSON.parse(text)
const report = {}
try {
  if (descriptors !== undefined) await takeAllBut(descriptors)
  const database = await open(folder, options)
  report.collections = database.collections()
  if (report.collections.includes('films')) {
    const films = await database.collection('films')
    report.size = films.size
    report.found = (await films.query({ vector: [1, 0], k: 1 })).map(({ id }) => id)
  }
  if (write) {
    const films = await database.collection('films', { dimension: 2 })
    await films.upsert({ id: 'written', vector: [0, 1] })
    report.size = films.size
  }
  await database.close()
} catch ({ code, message, cause }) {
  Object.assign(report, { code, message, cause: cause?.code })
}
process.stdout.write(JSON.stringify(report))

/** Leaves so many descriptors that the limit of open files allows. */
async function takeAllBut(left) {
  const { closeSync, openSync } = await import('node:fs')
  // What is loaded at first use needs descriptors too.
  const { mkdtempSync, rmSync } = await import('node:fs')
  const other = mkdtempSync('/tmp/skalar-opener-')
  await (await open(other)).close()
  rmSync(other, { recursive: true })
  const taken = []
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'))
  } catch {
    for (const descriptor of taken.splice(0, left)) closeSync(descriptor)
  }
}
