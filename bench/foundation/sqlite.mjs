// sqlite-vec's exact scan, through better-sqlite3.
import { join } from 'node:path'
import { peer } from './peers.mjs'

/** Rows as a vec0 table in `folder`, wholly in SQLite's own cache and searched by Euclidean distance or cosine. */
export class SqliteVec {
  #db
  #search
  #ids

  static async create(folder, { records, dimension }, metric) {
    const { default: Database } = await peer('better-sqlite3')
    const { load } = await peer('sqlite-vec')
    return new SqliteVec(Database, load, join(folder, `${metric}.db`), records, dimension, metric)
  }

  constructor(Database, load, path, records, dimension, metric) {
    this.#db = new Database(path)
    load(this.#db)
    this.#db.pragma('journal_mode = wal')
    this.#db.pragma(`mmap_size = ${2 ** 30}`)
    this.#db.pragma(`cache_size = -${2 ** 20}`)
    this.#ids = records.map(({ id }) => id)
    const column = `embedding float[${dimension}] distance_metric=${metric}`
    this.#db.exec(`create virtual table vectors using vec0(${column})`)
    const insert = this.#db.prepare('insert into vectors(rowid, embedding) values (?, ?)')
    this.#db.transaction(() => {
      for (const [i, { vector }] of records.entries()) insert.run(BigInt(i), vector)
    })()
    this.#search = this.#db.prepare(
      'select rowid from vectors where embedding match ? and k = ? order by distance',
    )
  }

  get version() {
    return this.#db.prepare('select vec_version()').pluck().get()
  }

  /** The ids of the k nearest, nearest first. */
  search(vector, k) {
    return this.#search.all(vector, k).map(({ rowid }) => this.#ids[rowid])
  }

  close() {
    this.#db.close()
  }
}
