// From a closed database to its first answer, each time in a new process; the file is in the page cache.
import { execFile } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { synthetic, wordnet } from './data.mjs'
import { inTemporaryFolder, median } from './measure.mjs'
import { fill, withCollection } from './skalar.mjs'

const run = promisify(execFile)
const opener = fileURLToPath(new URL('./opener.mjs', import.meta.url))

async function openOnce(folder, vector) {
  const { stdout } = await run(process.execPath, [opener, folder, JSON.stringify([...vector])])
  return JSON.parse(stdout)
}

function measureData({ records, queries, dimension, source }, repetitions) {
  return inTemporaryFolder(async (folder) => {
    await withCollection(folder, dimension, (collection) => fill(collection, records))
    const names = readdirSync(folder, { recursive: true }).map((name) => join(folder, name))
    const bytes = names.map((name) => statSync(name)).filter((entry) => entry.isFile())
    const disk = bytes.reduce((sum, { size }) => sum + size, 0) / 1e6
    const runs = []
    for (let i = 0; i < repetitions; i++) runs.push(await openOnce(folder, queries[i]))
    const figures = Object.fromEntries(
      Object.keys(runs[0]).map((name) => [name, median(runs.map((each) => each[name]))]),
    )
    const raw = (records.length * dimension * 4) / 1e6
    return {
      source,
      data: `${records.length} × ${dimension}`,
      rawMegabytes: raw,
      diskMegabytes: disk,
      ...figures,
    }
  })
}

export async function measure({ quick }) {
  const repetitions = quick ? 3 : 7
  const sets = [wordnet(), synthetic(quick ? 20_000 : 100_000, 128)]
  const figures = []
  for (const data of sets) figures.push(await measureData(data, repetitions))
  return {
    figures,
    tables: [
      {
        title: 'Opening, ms, in a new process (page cache warm)',
        headings: ['data', 'import', 'open', 'collection', 'first query', 'closed → answer', 'next query'],
        rows: figures.map((f) => [
          f.data,
          f.importMs,
          f.openMs,
          f.collectionMs,
          f.firstQueryMs,
          f.openMs + f.collectionMs + f.firstQueryMs,
          f.nextQueryMs,
        ]),
      },
      {
        title: 'Size, MB',
        headings: [
          'data',
          'float32 components',
          'on disk',
          'vectors in memory',
          'RSS before open',
          'RSS after the first answer',
          'of it private',
        ],
        rows: figures.map((f) => [
          f.data,
          f.rawMegabytes,
          f.diskMegabytes,
          f.vectorMegabytes,
          f.rssBeforeMegabytes,
          f.rssAfterMegabytes,
          f.privateMegabytes,
        ]),
      },
    ],
  }
}
