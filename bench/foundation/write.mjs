// Writing and reading single records, against lmdb-js alone.
import { withArms } from './arms.mjs'
import { wordnet } from './data.mjs'
import { interleaved, medians } from './measure.mjs'
import { judged } from './report.mjs'

const BATCH = 1_000

async function measureWrites(size, count, repetitions) {
  const rates = await compare(['skalar', 'child', 'queued'], { size, count }, repetitions)
  const ratio = rates.skalar / Math.max(rates.child, rates.queued)
  return { records: count, batch: size, ...rates, ratio }
}

function measureGets(reads, repetitions) {
  return compare(['skalarGet', 'bareGet', 'skalarGetVector', 'bareGetVector'], { reads }, repetitions)
}

function compare(names, options, repetitions) {
  return withArms('write-arms', names, options, async (runs) => medians(await interleaved(runs, repetitions)))
}

export async function measure({ quick }) {
  const data = wordnet()
  const repetitions = quick ? 3 : 7
  const batched = await measureWrites(BATCH, quick ? 10_000 : data.records.length, repetitions)
  const single = await measureWrites(1, quick ? 1_000 : 3_000, repetitions)
  const get = await measureGets(quick ? 5_000 : 30_000, quick ? 5 : 9)
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
          ['metadata', get.skalarGet, get.bareGet, ...judged(get.skalarGet / get.bareGet, '≤', 2)],
          [
            'with its vector',
            get.skalarGetVector,
            get.bareGetVector,
            ...judged(get.skalarGetVector / get.bareGetVector, '≤', 2),
          ],
        ],
      },
    ],
  }
}
