// What `write` compares, each to run in a process of its own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from '../../dist/index.js'
import { uniformFrom } from '../data/random.mjs'
import { BareStore, openValues, prepareRows } from './bare.mjs'
import { batches, wordnet } from './data.mjs'
import { inTemporaryFolder, millisecondsOf, shuffled } from './measure.mjs'
import { fill, withCollection } from './skalar.mjs'

/** Records per second when batches of `size`, or single records, are awaited one after the other. */
const writing = {
  skalar({ size, count }) {
    const { records, dimension } = wordnet()
    const chosen = records.slice(0, count)
    const inputs = size === 1 ? chosen : batches(chosen, size)
    const run = () =>
      inTemporaryFolder((folder) =>
        withCollection(folder, dimension, async (collection) => {
          const ms = await millisecondsOf(async () => {
            for (const input of inputs) await collection.upsert(input)
          })
          return (1000 * count) / ms
        }),
      )
    return { run, close() {} }
  },
  child: (options) => bareWriting(options, { queued: false }),
  queued: (options) => bareWriting(options, { queued: true }),
}

function bareWriting({ size, count }, style) {
  const prepared = prepareRows(batches(wordnet().records.slice(0, count), size))
  const run = () =>
    inTemporaryFolder(async (folder) => {
      const store = new BareStore(folder, style)
      const ms = await millisecondsOf(async () => {
        for (const batch of prepared) await store.write(batch)
      })
      // What is not on disk yet is flushed after the clock has stopped, as closing a collection does.
      await store.flushed()
      await store.close()
      return (1000 * count) / ms
    })
  return { run, close() {} }
}

/** Microseconds of a `get`, in random order, of records that are in the page cache. */
const reading = {
  skalarGet: (options) => skalarReading(options, {}),
  skalarGetVector: (options) => skalarReading(options, { includeVector: true }),
  bareGet: (options) => bareReading(options, ({ metadata }) => metadata),
  bareGetVector: (options) => bareReading(options, ({ vector, metadata }) => ({ vector, ...metadata })),
}

async function skalarReading({ reads }, options) {
  const { records, dimension } = wordnet()
  const folder = temporaryFolder()
  const db = await open(folder)
  const collection = await db.collection('bench', { dimension, index: { engine: 'flat' } })
  await fill(collection, records)
  const ids = randomIds(records, reads)
  return {
    run: () => microsecondsEach(ids, (id) => collection.get(id, options)),
    close: () => discard(db, folder),
  }
}

async function bareReading({ reads }, toValue) {
  const { records } = wordnet()
  const folder = temporaryFolder()
  const store = await openValues(
    folder,
    records.map((record) => [record.id, toValue(record)]),
  )
  const ids = randomIds(records, reads)
  return { run: () => microsecondsEach(ids, (id) => store.get(id)), close: () => discard(store, folder) }
}

function temporaryFolder() {
  return mkdtempSync(join(tmpdir(), 'skalar-bench-'))
}

async function discard(store, folder) {
  await store.close()
  rmSync(folder, { recursive: true })
}

function randomIds(records, count) {
  const ids = records.map(({ id }) => id)
  return shuffled(ids, uniformFrom(1)).slice(0, count)
}

function microsecondsEach(ids, read) {
  const start = performance.now()
  for (const id of ids) if (read(id) === undefined) throw new Error(`record ${id} is not there`)
  return (1000 * (performance.now() - start)) / ids.length
}

export const arms = { ...writing, ...reading }
