// lmdb-js alone, with what we found to be its best settings, writing the rows that a collection writes: the same bytes
// under keys of the same kind, all prepared before the clock starts.
import { open } from 'lmdb'
import { Packr } from 'msgpackr'

const PAGE_SIZE = 16_384
const RECORD_HEADER = 20
const VECTOR_HEADER = 16
const CHANGE_BYTES = 12
const APPEND = { append: true }

/** The rows of each batch: for every record { id, ordinal, value of ids, of records, of vectors }, and one log row. */
export function prepareRows(recordBatches) {
  const packr = new Packr({ useRecords: false, moreTypes: true })
  let ordinal = 0
  return recordBatches.map((batch) => {
    const rows = batch.map((record) => prepareRow(packr, record, ordinal++))
    return { rows, position: ordinal, log: Buffer.alloc(CHANGE_BYTES * batch.length, 1) }
  })
}

function prepareRow(packr, { id, vector, metadata }, ordinal) {
  const number = Buffer.alloc(4)
  number.writeUInt32LE(ordinal)
  const record = Buffer.concat([Buffer.alloc(RECORD_HEADER), Buffer.from(`\x02${id}`), packr.pack(metadata)])
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)
  const row = Buffer.concat([Buffer.alloc(VECTOR_HEADER), bytes])
  return { id, ordinal, number, record, vector: row }
}

/** One environment of four sub-databases. `queued` leaves the grouping of puts into transactions to lmdb-js. */
export class BareStore {
  #root
  #ids
  #records
  #vectors
  #log
  #queued

  constructor(folder, { queued }) {
    const batching = queued ? {} : { eventTurnBatching: false }
    this.#root = open({ path: folder, pageSize: PAGE_SIZE, encoding: 'binary', ...batching })
    this.#ids = this.#root.openDB({ name: 'ids', encoding: 'binary' })
    const numbered = { encoding: 'binary', keyEncoding: 'uint32' }
    this.#records = this.#root.openDB({ name: 'records', ...numbered })
    this.#vectors = this.#root.openDB({ name: 'vectors', ...numbered })
    this.#log = this.#root.openDB({ name: 'log', ...numbered })
    this.#queued = queued
  }

  /** Resolves when the rows are committed. */
  write({ rows, position, log }) {
    return this.#queued ? this.#putQueued(rows, position, log) : this.#putTogether(rows, position, log)
  }

  #putTogether(rows, position, log) {
    return this.#root.childTransaction(() => {
      for (const { id, ordinal, number, record, vector } of rows) {
        this.#ids.putSync(id, number)
        this.#records.putSync(ordinal, record)
        this.#vectors.putSync(ordinal, vector, APPEND)
      }
      this.#log.putSync(position, log)
    })
  }

  #putQueued(rows, position, log) {
    for (const { id, ordinal, number, record, vector } of rows) {
      this.#ids.put(id, number)
      this.#records.put(ordinal, record)
      this.#vectors.put(ordinal, vector)
    }
    return this.#log.put(position, log)
  }

  async flushed() {
    await this.#root.flushed
  }

  async close() {
    await this.#root.close()
  }
}

/** A store of values as lmdb-js decodes them by default, under their ids. */
export async function openValues(folder, entries) {
  const root = open({ path: folder, pageSize: PAGE_SIZE, encoder: { moreTypes: true } })
  await root.childTransaction(() => {
    for (const [id, value] of entries) root.putSync(id, value)
  })
  return root
}
