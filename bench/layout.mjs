// Which LMDB page size and which layout of vector rows? Prints Markdown tables and writes results/layout.json.
// Usage: node bench/layout.mjs [--quick]
//
// A vector row is  u32 ordinal | u32 reserved | f64 norm | dimension × f32.
// Every measured phase starts with the writes of the one before it flushed, and reads find the file in the page cache.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { uniformFrom } from './data/random.mjs'

const quick = process.argv.includes('--quick')
const DIMENSIONS = [100, 384, 768, 1024, 1536]
const PAGE_SIZES = [4096, 8192, 16384, 32768]
const LAYOUTS = [
  { layout: 'one', block: 1, append: false },
  // MDB_APPEND: a full last page is left as it is, where an ordinary split moves its last row to the new page.
  { layout: 'one, append', block: 1, append: true },
  { layout: 'block 8', block: 8, append: false },
  { layout: 'block 16', block: 16, append: false },
]
const layoutNamed = (name) => LAYOUTS.find(({ layout }) => layout === name)
const REPETITIONS = quick ? 3 : 5
const VECTOR_BYTES = quick ? 6e6 : 40e6
const RECORDS = quick ? 20_000 : 200_000
const POINT_READS = quick ? 2_000 : 10_000
const UPDATE_BATCHES = quick ? 3 : 10
const UPDATES_PER_BATCH = 100
const SINGLE_INSERTS = quick ? 30 : 150

const ROW_HEADER = 16
const KEY_BYTES = 10
const BATCH_RECORDS = 1_000
const BATCH_BYTES = 4 * 1024 * 1024
const COLLECTION = 7
const SPACE = 0
const RECORD_VALUE_BYTES = 120
const ID_CHARACTERS = 20
const SIDE_DIMENSION = 384

/** u32 collection number | u16 space | u32 slot, big-endian so that keys sort by slot. */
const slotKeys = {
  writeKey(slot, target, start) {
    const view = target.dataView ?? new DataView(target.buffer, target.byteOffset, target.byteLength)
    view.setUint32(start, COLLECTION)
    view.setUint16(start + 4, SPACE)
    view.setUint32(start + 6, slot)
    return start + KEY_BYTES
  },
  readKey: (source, start) =>
    new DataView(source.buffer, source.byteOffset, source.byteLength).getUint32(start + 6),
}

/** Vector rows, packed `block` to a value. With block = 1 the key is the slot itself. */
class VectorRows {
  #store
  #block
  #append
  #rowBytes
  #value
  #components
  #header

  constructor(store, dimension, { block, append }) {
    this.#store = store
    this.#block = block
    this.#append = append
    this.#rowBytes = ROW_HEADER + 4 * dimension
    this.#value = new Uint8Array(block * this.#rowBytes)
    this.#header = new DataView(this.#value.buffer)
    const random = uniformFrom(dimension)
    this.#components = new Uint8Array(Float32Array.from({ length: dimension }, () => random() - 0.5).buffer)
  }

  #encode(place, ordinal) {
    const offset = place * this.#rowBytes
    this.#header.setUint32(offset, ordinal, true)
    this.#header.setFloat64(offset + 8, 1, true)
    this.#value.set(this.#components, offset + ROW_HEADER)
  }

  #put(key, rows) {
    const value = this.#value.subarray(0, rows * this.#rowBytes)
    if (this.#append && this.#store.putSync(key, value, { append: true })) return
    this.#store.put(key, value)
  }

  /** Adds the rows of slots [first, end); within a transaction. A block begun earlier is read and rewritten longer. */
  insert(first, end) {
    let slot = first
    while (slot < end) {
      const key = Math.floor(slot / this.#block)
      const begun = slot % this.#block
      if (begun > 0) this.#value.set(this.#store.getBinaryFast(key).subarray(0, begun * this.#rowBytes))
      let place = begun
      while (place < this.#block && slot < end) this.#encode(place++, slot++)
      this.#put(key, place)
    }
  }

  /** Rewrites the row of one slot; within a transaction. */
  update(slot) {
    const key = Math.floor(slot / this.#block)
    let length = this.#rowBytes
    if (this.#block > 1) {
      const value = this.#store.getBinaryFast(key)
      length = value.length
      this.#value.set(value.subarray(0, length))
    }
    this.#encode(slot % this.#block, slot)
    this.#store.put(key, this.#value.subarray(0, length))
  }

  /** The ordinal in the row of `slot`, after the value was copied by `getBinary` or `getBinaryFast`. */
  ordinalOf(slot, method) {
    const value = this.#store[method](Math.floor(slot / this.#block))
    return value.readUInt32LE((slot % this.#block) * this.#rowBytes)
  }

  /** Walks all values in key order and returns the number of rows seen. */
  scan(slots) {
    let rows = 0
    for (const { value } of this.#store.getRange({ start: 0, end: slots }))
      rows += value.length / this.#rowBytes
    return rows
  }
}

function openEnvironment(path, pageSize) {
  return open({
    path,
    pageSize,
    eventTurnBatching: false,
    maxDbs: 1024,
    maxReaders: 1024,
    encoding: 'binary',
  })
}

async function inTemporaryFolder(task) {
  const folder = mkdtempSync(join(tmpdir(), 'skalar-layout-'))
  try {
    return await task(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs `write(first, end)` over [from, to) in one awaited transaction for each `step`; returns items per second. */
async function writeRate(environment, from, to, step, write) {
  const start = performance.now()
  for (let first = from; first < to; first += step) {
    const end = Math.min(first + step, to)
    await environment.childTransaction(() => write(first, end))
  }
  const seconds = (performance.now() - start) / 1000
  await environment.flushed
  return (to - from) / seconds
}

/**
 * Bytes handed to write calls so far; 0 where there is no procfs. `resourceUsage().fsWrite` will not do: it counts
 * whole folios of the page cache, many times what LMDB writes.
 */
function bytesWritten() {
  const counters = '/proc/self/io'
  return existsSync(counters) ? Number(/^wchar: (\d+)$/m.exec(readFileSync(counters, 'utf8'))[1]) : 0
}

/** `writeRate`, and the kilobytes written for each item. */
async function writeCost(environment, from, to, step, write) {
  const before = bytesWritten()
  const rate = await writeRate(environment, from, to, step, write)
  return { rate, kilobytes: (bytesWritten() - before) / 1000 / (to - from) }
}

/** Microseconds per row read at random; throws if a row is not the one asked for. */
function pointRead(rows, slots, method, random) {
  const wanted = Array.from({ length: POINT_READS }, () => Math.floor(random() * slots))
  const start = performance.now()
  for (const slot of wanted) {
    if (rows.ordinalOf(slot, method) !== slot) throw new Error(`slot ${slot} holds another row`)
  }
  return ((performance.now() - start) * 1000) / POINT_READS
}

/** Megabytes of vectors per second, components only. */
function scanRate(rows, slots, vectorBytes) {
  const start = performance.now()
  const seen = rows.scan(slots)
  if (seen !== slots) throw new Error(`scan saw ${seen} of ${slots} rows`)
  return (slots * vectorBytes) / 1000 / (performance.now() - start)
}

const measureVectors = (dimension, pageSize, layout) =>
  inTemporaryFolder(async (folder) => {
    const vectorBytes = 4 * dimension
    const slots = Math.floor(VECTOR_BYTES / vectorBytes)
    const random = uniformFrom(dimension + layout.block)
    const randomSlot = () => Math.floor(random() * slots)
    const fileRatio = (count) => statSync(join(folder, 'data.mdb')).size / (count * vectorBytes)
    const connect = () => {
      const environment = openEnvironment(folder, pageSize)
      const store = environment.openDB({ name: 'vectors', encoding: 'binary', keyEncoder: slotKeys })
      return { environment, rows: new VectorRows(store, dimension, layout) }
    }

    let { environment, rows } = connect()
    const batch = Math.min(BATCH_RECORDS, Math.floor(BATCH_BYTES / (ROW_HEADER + vectorBytes)))
    const insert = await writeRate(environment, 0, slots, batch, (first, end) => rows.insert(first, end))
    await environment.close()
    const inserted = fileRatio(slots)

    ;({ environment, rows } = connect())
    rows.scan(slots) // maps every page once, so that what follows meets no first-touch faults
    const scan = scanRate(rows, slots, vectorBytes)
    const read = pointRead(rows, slots, 'getBinary', random)
    const readFast = pointRead(rows, slots, 'getBinaryFast', random)
    const updates = UPDATE_BATCHES * UPDATES_PER_BATCH
    const update = await writeCost(environment, 0, updates, UPDATES_PER_BATCH, (first, end) => {
      for (let i = first; i < end; i++) rows.update(randomSlot())
    })
    const end = slots + SINGLE_INSERTS
    const single = await writeCost(environment, slots, end, 1, (first, last) => rows.insert(first, last))
    if (rows.scan(end) !== end) throw new Error('rows were lost')
    await environment.close()
    return {
      readMicros: read,
      readFastMicros: readFast,
      scanMegabytesPerSecond: scan,
      insertsPerSecond: insert,
      updatesPerSecond: update.rate,
      kilobytesPerUpdate: update.kilobytes,
      singleInsertsPerSecond: single.rate,
      kilobytesPerSingleInsert: single.kilobytes,
      fileRatio: inserted,
      fileRatioAfterUpdates: fileRatio(end),
    }
  })

/** The rows beside a vector: record rows in order of ordinal, and the id → ordinal rows whose keys arrive at random. */
const measureSideRows = (pageSize) =>
  inTemporaryFolder(async (folder) => {
    const environment = openEnvironment(folder, pageSize)
    const subDatabase = (name, options) => environment.openDB({ name, encoding: 'binary', ...options })
    const vectorStore = subDatabase('vectors', { keyEncoder: slotKeys })
    const vectors = new VectorRows(vectorStore, SIDE_DIMENSION, layoutNamed('one, append'))
    const records = subDatabase('records', { keyEncoder: slotKeys })
    const ids = subDatabase('ids')
    const random = uniformFrom(SIDE_DIMENSION)
    const record = Buffer.alloc(RECORD_VALUE_BYTES, 'skalar')
    const ordinal = Buffer.alloc(4)
    const randomId = () =>
      Array.from({ length: ID_CHARACTERS }, () => Math.floor(random() * 36).toString(36)).join('')
    const putSideRows = (first, end) => {
      for (let i = first; i < end; i++) {
        records.put(i, record)
        ordinal.writeUInt32LE(i)
        ids.put([COLLECTION, randomId()], ordinal)
      }
    }
    const putAll = (first, end) => {
      vectors.insert(first, end)
      putSideRows(first, end)
    }
    const bytesPerRow = (store) => {
      const { treeBranchPageCount, treeLeafPageCount, overflowPages, entryCount } = store.getStats()
      return ((treeBranchPageCount + treeLeafPageCount + overflowPages) * pageSize) / entryCount
    }

    await writeRate(environment, 0, RECORDS, 20_000, putSideRows)
    const recordBytes = bytesPerRow(records)
    const idBytes = bytesPerRow(ids)
    const inserted = RECORDS + 10 * BATCH_RECORDS
    const insert = await writeCost(environment, RECORDS, inserted, BATCH_RECORDS, putAll)
    const updates = UPDATE_BATCHES * UPDATES_PER_BATCH
    const update = await writeCost(environment, 0, updates, UPDATES_PER_BATCH, (first, end) => {
      for (let i = first; i < end; i++) records.put(Math.floor(random() * RECORDS), record)
    })
    const single = await writeCost(environment, inserted, inserted + SINGLE_INSERTS, 1, putAll)
    await environment.close()
    return {
      recordRowBytes: recordBytes,
      idRowBytes: idBytes,
      upsertsPerSecond: insert.rate,
      kilobytesPerUpsert: insert.kilobytes,
      recordUpdatesPerSecond: update.rate,
      kilobytesPerRecordUpdate: update.kilobytes,
      singleUpsertsPerSecond: single.rate,
      kilobytesPerSingleUpsert: single.kilobytes,
    }
  })

/** { median, min, max } of every metric over the repetitions. */
function summarize(samples) {
  const spread = (name) => {
    const sorted = samples.map((sample) => sample[name]).sort((a, b) => a - b)
    const round = (value) => Number(value.toPrecision(4))
    return { median: round(sorted[sorted.length >> 1]), min: round(sorted[0]), max: round(sorted.at(-1)) }
  }
  return Object.fromEntries(Object.keys(samples[0]).map((name) => [name, spread(name)]))
}

/** Median, and half the range over it in percent. */
function cell({ median, min, max }) {
  const figure =
    median >= 1000 ? Math.round(median).toLocaleString('en-US') : String(Number(median.toPrecision(3)))
  const percent = median > 0 ? Math.round((50 * (max - min)) / median) : 0
  return percent > 0 ? `${figure} ±${percent}%` : figure
}

function printTable(title, headings, rows) {
  console.log(`\n${title}\n`)
  console.log(`| ${headings.join(' | ')} |`)
  console.log(`|${headings.map((_, column) => (column === 0 ? '---' : '---:')).join('|')}|`)
  for (const row of rows) console.log(`| ${row.join(' | ')} |`)
}

const geometricMean = (values) =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)

function report({ vectors, sideRows }) {
  const metrics = Object.keys(vectors[0].metrics)
  const cells = (entry) => Object.values(entry.metrics).map(cell)
  for (const dimension of DIMENSIONS) {
    const rows = vectors.filter((entry) => entry.dimension === dimension)
    printTable(
      `Dimension ${dimension} (median ± half the range)`,
      ['layout', 'page', ...metrics],
      rows.map((entry) => [entry.layout, entry.pageSize, ...cells(entry)]),
    )
  }
  const meanRow = (layout, pageSize) => {
    const entries = vectors.filter((entry) => entry.layout === layout && entry.pageSize === pageSize)
    const means = metrics.map((name) => geometricMean(entries.map((entry) => entry.metrics[name].median)))
    return [layout, pageSize, ...means.map((mean) => cell({ median: mean, min: mean, max: mean }))]
  }
  printTable(
    'Geometric mean over the dimensions',
    ['layout', 'page', ...metrics],
    LAYOUTS.flatMap(({ layout }) => PAGE_SIZES.map((pageSize) => meanRow(layout, pageSize))),
  )
  printTable(
    `Side rows: ${RECORDS} records of ${RECORD_VALUE_BYTES} bytes, then upserts with a ${SIDE_DIMENSION}-dimensional vector`,
    ['page', ...Object.keys(sideRows[0].metrics)],
    sideRows.map((entry) => [entry.pageSize, ...cells(entry)]),
  )
}

/** Runs every case once per repetition, forwards and backwards in turn, so that drift of the machine meets all alike. */
async function interleaved(cases, measure) {
  const samples = cases.map(() => [])
  const order = [...cases.keys()]
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    for (const index of order) samples[index].push(await measure(cases[index]))
    order.reverse()
    console.error(`repetition ${repetition + 1} of ${REPETITIONS}: ${Math.round(performance.now() / 1000)} s`)
  }
  return cases.map((parameters, index) => ({ ...parameters, metrics: summarize(samples[index]) }))
}

const vectorCases = DIMENSIONS.flatMap((dimension) =>
  LAYOUTS.flatMap(({ layout }) => PAGE_SIZES.map((pageSize) => ({ dimension, layout, pageSize }))),
)
const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const results = {
  cpu: cpus()[0].model,
  node: process.version,
  lmdb: dependencies.lmdb,
  quick,
  repetitions: REPETITIONS,
  vectorBytes: VECTOR_BYTES,
  vectors: await interleaved(vectorCases, (c) =>
    measureVectors(c.dimension, c.pageSize, layoutNamed(c.layout)),
  ),
  sideRows: await interleaved(
    PAGE_SIZES.map((pageSize) => ({ pageSize })),
    ({ pageSize }) => measureSideRows(pageSize),
  ),
}
report(results)
const resultsFolder = new URL('./results/', import.meta.url)
mkdirSync(resultsFolder, { recursive: true })
const json = JSON.stringify(results, null, 2).replace(
  /\{\s+("median".*),\s+(.*),\s+(.*)\s+\}/g,
  '{ $1, $2, $3 }',
)
writeFileSync(new URL('layout.json', resultsFolder), `${json}\n`)
