// Writing and reading single records, against lmdb-js alone.
import { BareStore, openValues, prepareRows } from './bare.mjs'
import { batches, wordnet } from './data.mjs'
import { inTemporaryFolder, interleaved, medians, millisecondsOf, randomFrom, shuffled } from './measure.mjs'
import { judged } from './report.mjs'
import { withCollection } from './skalar.mjs'

const BATCH = 1_000

/** Records per second of a collection that takes `inputs` one after the other; each is a record or an array. */
function skalarRate(inputs, count, dimension) {
  return inTemporaryFolder((folder) =>
    withCollection(folder, dimension, async (collection) => {
      const ms = await millisecondsOf(async () => {
        for (const input of inputs) await collection.upsert(input)
      })
      return (1000 * count) / ms
    }),
  )
}

/** The same of lmdb-js; what is not on disk yet is flushed after the clock has stopped, as closing ours does. */
function bareRate(prepared, count, options) {
  return inTemporaryFolder(async (folder) => {
    const store = new BareStore(folder, options)
    const ms = await millisecondsOf(async () => {
      for (const batch of prepared) await store.write(batch)
    })
    await store.flushed()
    await store.close()
    return (1000 * count) / ms
  })
}

async function measureWrites({ records, dimension }, size, count, repetitions) {
  const chosen = records.slice(0, count)
  const inputs = size === 1 ? chosen : batches(chosen, size)
  const prepared = prepareRows(batches(chosen, size))
  const samples = await interleaved(
    {
      skalar: () => skalarRate(inputs, count, dimension),
      child: () => bareRate(prepared, count, { queued: false }),
      queued: () => bareRate(prepared, count, { queued: true }),
    },
    repetitions,
  )
  const { skalar, child, queued } = medians(samples)
  return { records: count, batch: size, skalar, child, queued, ratio: skalar / Math.max(child, queued) }
}

function microsecondsEach(ids, read) {
  const start = performance.now()
  for (const id of ids) if (read(id) === undefined) throw new Error(`record ${id} is not there`)
  return (1000 * (performance.now() - start)) / ids.length
}

/** Microseconds of `get`, in random order, of records that are in the page cache. */
async function measureGets({ records, dimension }, reads, repetitions) {
  const ids = shuffled(
    records.map(({ id }) => id),
    randomFrom(1),
  ).slice(0, reads)
  return inTemporaryFolder((plainFolder) =>
    inTemporaryFolder((vectorFolder) =>
      inTemporaryFolder((folder) =>
        withCollection(folder, dimension, async (collection) => {
          await collection.upsert(records)
          const plain = await openValues(
            plainFolder,
            records.map(({ id, metadata }) => [id, metadata]),
          )
          const whole = await openValues(
            vectorFolder,
            records.map(({ id, vector, metadata }) => [id, { vector, ...metadata }]),
          )
          const samples = await interleaved(
            {
              skalar: () => microsecondsEach(ids, (id) => collection.get(id)),
              bare: () => microsecondsEach(ids, (id) => plain.get(id)),
              skalarVector: () => microsecondsEach(ids, (id) => collection.get(id, { includeVector: true })),
              bareVector: () => microsecondsEach(ids, (id) => whole.get(id)),
            },
            repetitions,
          )
          await Promise.all([plain.close(), whole.close()])
          const { skalar, bare, skalarVector, bareVector } = medians(samples)
          return { skalar, bare, skalarVector, bareVector }
        }),
      ),
    ),
  )
}

export async function measure({ quick }) {
  const data = wordnet()
  const repetitions = quick ? 3 : 7
  const batched = await measureWrites(data, BATCH, quick ? 10_000 : data.records.length, repetitions)
  const single = await measureWrites(data, 1, quick ? 1_000 : 3_000, repetitions)
  const get = await measureGets(data, quick ? 5_000 : 30_000, quick ? 5 : 9)
  const rates = ({ skalar, child, queued }) => [skalar, child, queued]
  return {
    data: data.source,
    repetitions,
    figures: { batched, single, get },
    tables: [
      {
        title: `Writing, records/s, ${data.source}`,
        headings: ['records', 'skalar', 'lmdb-js childTransaction', 'lmdb-js put', 'ratio', 'target', ''],
        rows: [
          [`batches of ${BATCH}`, ...rates(batched), ...judged(batched.ratio, '≥', 0.4)],
          ['one by one, awaited', ...rates(single), ...judged(single.ratio, '≥', 0.5)],
        ],
      },
      {
        title: 'get by id, µs',
        headings: ['record', 'skalar', 'lmdb-js', 'ratio', 'target', ''],
        rows: [
          ['metadata', get.skalar, get.bare, ...judged(get.skalar / get.bare, '≤', 2)],
          [
            'with its vector',
            get.skalarVector,
            get.bareVector,
            ...judged(get.skalarVector / get.bareVector, '≤', 2),
          ],
        ],
      },
    ],
  }
}
