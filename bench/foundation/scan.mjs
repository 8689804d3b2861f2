// The exact scan: queries per second against sqlite-vec on the same rows, and against the machine's memory.
import { availableParallelism } from 'node:os'
import { bandwidthProgram } from './bandwidth.mjs'
import { wordnet } from './data.mjs'
import { inTemporaryFolder, interleaved, medians, millisecondsOf } from './measure.mjs'
import { judged } from './report.mjs'
import { fill, withCollection } from './skalar.mjs'
import { SqliteVec } from './sqlite.mjs'

const K = 10
const SQLITE_QUERIES = 20

/** Float32 arithmetic may order two rows either way when their exact scores are this close. */
const TIE = 1e-6

async function queriesPerSecond(vectors, task) {
  return (1000 * vectors.length) / (await millisecondsOf(task))
}

function oneByOne(vectors, search) {
  return queriesPerSecond(vectors, async () => {
    for (const vector of vectors) await search(vector)
  })
}

function skalarCases(collection, vectors) {
  const options = { k: K, select: [] }
  return {
    querySync: () =>
      queriesPerSecond(vectors, () => {
        for (const vector of vectors) collection.querySync({ vector, ...options })
      }),
    query: () => oneByOne(vectors, (vector) => collection.query({ vector, ...options })),
    queryMany: () =>
      queriesPerSecond(vectors, () =>
        collection.queryMany(
          vectors.map((vector) => ({ vector })),
          options,
        ),
      ),
  }
}

function sqliteCases(tables, vectors) {
  const cases = Object.entries(tables).map(([name, table]) => [
    name,
    () => oneByOne(vectors, (vector) => table.search(vector, K)),
  ])
  return Object.fromEntries(cases)
}

/** GB/s over as many bytes as the scan reads, and far beyond the caches. */
function bandwidthCases(read, bytes) {
  if (read === undefined) return {}
  const cores = availableParallelism()
  return {
    bandwidthOne: () => read(bytes, 1, 0.3),
    bandwidthAll: () => read(bytes, cores, 0.3),
    bandwidthOneUncached: () => read(2 ** 29, 1, 0.3),
    bandwidthAllUncached: () => read(2 ** 29, cores, 0.3),
  }
}

/** Queries whose ids are the same in the same order, but for rows that tie. */
function agreement(collection, table, vectors) {
  let equal = 0
  let tied = 0
  for (const vector of vectors) {
    const ours = collection.querySync({ vector, k: K, select: [] })
    const theirs = table.search(vector, K)
    const differing = ours.filter(({ id }, i) => id !== theirs[i])
    if (differing.length === 0) equal++
    else if (differing.every((match) => hasTie(match, theirs[ours.indexOf(match)], ours, collection, vector)))
      tied++
  }
  return { queries: vectors.length, equal, tied }
}

/** Whether the record that stands at a match's place in the other list has the same score within float32 rounding. */
function hasTie(match, otherId, ours, collection, vector) {
  const known = ours.find(({ id }) => id === otherId)
  const score = known?.score ?? cosine(collection.get(otherId, { includeVector: true }).vector, vector)
  return Math.abs(match.score - score) <= TIE
}

function cosine(a, b) {
  let dot = 0
  let squareA = 0
  let squareB = 0
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i]
    squareA += a[i] ** 2
    squareB += b[i] ** 2
  }
  return dot / Math.sqrt(squareA * squareB)
}

function measureIn(folder, data, quick) {
  return withCollection(folder, data.dimension, async (collection) => {
    await fill(collection, data.records)
    const tables = {
      sqliteL2: await SqliteVec.create(folder, data, 'l2'),
      sqliteCosine: await SqliteVec.create(folder, data, 'cosine'),
    }
    const bytes = data.records.length * data.dimension * 4
    const read = await bandwidthProgram(folder)
    const vectors = data.queries.slice(0, quick ? 100 : 400)
    const samples = await interleaved(
      {
        ...skalarCases(collection, vectors),
        ...sqliteCases(tables, vectors.slice(0, SQLITE_QUERIES)),
        ...bandwidthCases(read, bytes),
      },
      quick ? 3 : 7,
    )
    const checked = data.queries.slice(0, quick ? 20 : 200)
    const version = tables.sqliteL2.version
    const ids = agreement(collection, tables.sqliteCosine, checked)
    for (const table of Object.values(tables)) table.close()
    return { bytes, version, ids, ...medians(samples) }
  })
}

export async function measure({ quick }) {
  const data = wordnet()
  const figures = await inTemporaryFolder((folder) => measureIn(folder, data, quick))
  return { data: data.source, figures, tables: [ratesTable(figures, data), memoryTable(figures)] }
}

function ratesTable(figures, { source }) {
  const { querySync, query, queryMany, sqliteL2, sqliteCosine, ids } = figures
  const base = Math.max(sqliteL2, sqliteCosine)
  const cores = availableParallelism()
  return {
    title: `Exact scan, queries/s, k = ${K}, ${source}; ids as sqlite-vec's for ${ids.equal} of ${ids.queries} queries, but for ties for ${ids.tied}`,
    headings: ['', 'queries/s', '× sqlite-vec', 'target', ''],
    rows: [
      ['querySync, 1 thread', querySync, ...judged(querySync / base, '≥', 5)],
      [`query, one at a time, ${cores} threads`, query, ...judged(query / base, '≥', 5)],
      [`queryMany, ${cores} threads`, queryMany, ...judged(queryMany / base, '≥', 5)],
      [`sqlite-vec ${figures.version}, L2`, sqliteL2, sqliteL2 / base, '', ''],
      [`sqlite-vec ${figures.version}, cosine`, sqliteCosine, sqliteCosine / base, '', ''],
    ],
  }
}

function memoryTable({ bytes, querySync, query, queryMany, ...rates }) {
  const gigabytes = (rate) => (bytes * rate) / 1e9
  const row = (what, rate, same, large) => [what, gigabytes(rate), same, gigabytes(rate) / same, large]
  return {
    title: `Rows read, GB/s (${bytes / 1e6} MB of rows), against plain sequential reads by a C++ program`,
    headings: ['', 'rows × queries', 'as many bytes', 'share', '512 MiB'],
    rows:
      rates.bandwidthOne === undefined
        ? [['querySync; no g++ on Linux, so nothing to compare with', gigabytes(querySync), '', '', '']]
        : [
            row('querySync', querySync, rates.bandwidthOne, rates.bandwidthOneUncached),
            row('query', query, rates.bandwidthAll, rates.bandwidthAllUncached),
            row(
              'queryMany (8 queries share a pass)',
              queryMany,
              rates.bandwidthAll,
              rates.bandwidthAllUncached,
            ),
          ],
  }
}
