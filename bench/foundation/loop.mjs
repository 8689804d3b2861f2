// How long the event loop of the application has to wait while a collection works.
import { batches, synthetic, wordnet } from './data.mjs'
import { eventLoopDelay, inTemporaryFolder } from './measure.mjs'
import { judged } from './report.mjs'
import { fill, withCollection } from './skalar.mjs'

const P99_TARGET = 20
const MAX_TARGET = 50

/** The three ways to hand over many records. */
const WRITES = {
  'upsert, batches of 1,000': async (collection, records) => {
    for (const batch of batches(records, 1_000)) await collection.upsert(batch)
  },
  'upsert, a generator': (collection, records) => collection.upsert(records.values()),
  'upsert, one array': (collection, records) => collection.upsert(records),
}

/** What each of many simultaneous queries asks for beside its vector. */
const QUERIES = {
  'query, metadata': {},
  'query, select: []': { select: [] },
  'query, filter': { filter: { pos: 'verb', lex: { $gte: 35 } } },
}

async function measureWrites({ records, dimension, source }) {
  const figures = []
  for (const [work, write] of Object.entries(WRITES)) {
    const delay = await inTemporaryFolder((folder) =>
      withCollection(folder, dimension, (collection) => eventLoopDelay(() => write(collection, records))),
    )
    figures.push({ work, data: `${records.length} × ${dimension}`, source, ...delay })
  }
  return figures
}

function measureQueries({ records, queries, dimension, source }, counts) {
  return inTemporaryFolder((folder) =>
    withCollection(folder, dimension, async (collection) => {
      await fill(collection, records)
      const figures = []
      for (const [work, options] of Object.entries(QUERIES)) {
        const count = options.filter === undefined ? counts.plain : counts.filtered
        const vectors = queries.slice(0, count)
        const delay = await eventLoopDelay(() =>
          Promise.all(vectors.map((vector) => collection.query({ vector, k: 10, ...options }))),
        )
        figures.push({
          work: `${count} × ${work}`,
          data: `${records.length} × ${dimension}`,
          source,
          ...delay,
        })
      }
      return figures
    }),
  )
}

export async function measure({ quick }) {
  const wide = wordnet()
  const many = synthetic(quick ? 20_000 : 100_000, 128)
  // A filter reads the metadata of every record for each query: a thousand of them would take minutes.
  const counts = quick ? { plain: 200, filtered: 20 } : { plain: 1_000, filtered: 200 }
  const figures = [
    {
      work: 'nothing, for 1 s',
      data: '',
      ...(await eventLoopDelay(() => new Promise((r) => setTimeout(r, 1_000)))),
    },
    ...(await measureWrites(many)),
    ...(await measureQueries(wide, counts)),
    ...(await measureQueries(many, counts)),
  ]
  return {
    figures,
    tables: [
      {
        title:
          'Event-loop delay, ms (intervals of a 1 ms timer as they are: an idle loop reads a little over 1)',
        headings: ['work', 'data', 's', 'p50', 'p99', 'target', '', 'max', 'target', ''],
        rows: figures.map(({ work, data, seconds, p50, p99, max }) => [
          work,
          data,
          seconds,
          p50,
          ...judged(p99, '≤', P99_TARGET),
          ...judged(max, '≤', MAX_TARGET),
        ]),
      },
    ],
  }
}
