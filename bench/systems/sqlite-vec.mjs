import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { load } from 'sqlite-vec'
import { rowsOf } from '../data/matrix.mjs'
import { System, scoreOfDistance } from './system.mjs'

/** parameters: none. effort: none, the scan is exact. It has no dot product, so only `cosine` datasets are for it. */
export class SqliteVec extends System {
  #database
  #insert
  #select

  #connect() {
    this.#database = new Sqlite(join(this.setting.folder, 'bench.db'))
    load(this.#database)
    // What is committed to the log outlives the process; only a checkpoint waits for the disk.
    this.#database.pragma('journal_mode = WAL')
    this.#database.pragma('synchronous = NORMAL')
  }

  #prepare() {
    this.#insert = this.#database.prepare('INSERT INTO bench(rowid, embedding) VALUES (?, ?)')
    this.#select = this.#database
      .prepare('SELECT rowid, distance FROM bench WHERE embedding MATCH ? AND k = ? ORDER BY distance')
      .raw()
  }

  async create() {
    this.#connect()
    const column = `embedding float[${this.setting.dimension}] distance_metric=cosine`
    this.#database.exec(`CREATE VIRTUAL TABLE bench USING vec0(${column})`)
    this.#prepare()
  }

  /** vec0 takes row numbers as 64-bit integers only. */
  prepareRows(first, vectors) {
    return rowsOf(vectors, this.setting.dimension).map((vector, i) => ({ id: BigInt(first + i), vector }))
  }

  async insert(rows) {
    this.#database.transaction(() => {
      for (const { id, vector } of rows) this.#insert.run(id, vector)
    })()
  }

  async close() {
    this.#database.close()
  }

  async open() {
    this.#connect()
    this.#prepare()
  }

  search(query) {
    return this.#select.all(query, this.setting.k)
  }

  read(rows) {
    return { ids: rows.map(([id]) => id), scores: rows.map(([, distance]) => scoreOfDistance(distance)) }
  }

  insertDurably(rows) {
    return this.insert(rows)
  }
}
