import { open } from '../../dist/index.js'
import { rowsOf } from '../data/matrix.mjs'
import { System } from './system.mjs'

/** parameters: { engine, M, efConstruction } – those that the engine has. effort: { ef } or {}. */
export class Skalar extends System {
  #database
  #collection

  async create() {
    const { dimension, metric, parameters } = this.setting
    await this.#connect({ dimension, metric, index: parameters })
  }

  async #connect(options) {
    const { folder, threads } = this.setting
    this.#database = await open(folder, { durability: 'commit', threads })
    this.#collection = await this.#database.collection('bench', options)
  }

  prepareRows(first, vectors) {
    return rowsOf(vectors, this.setting.dimension).map((vector, i) => ({ id: first + i, vector }))
  }

  async insert(records) {
    await this.#collection.upsert(records)
  }

  open() {
    return this.#connect()
  }

  close() {
    return this.#database.close()
  }

  search(vector) {
    return this.#collection.querySync({ vector, k: this.setting.k, select: [], ...this.effort })
  }

  searchBatch(queries) {
    const targets = queries.map((vector) => ({ vector }))
    return this.#collection.queryMany(targets, { k: this.setting.k, select: [], ...this.effort })
  }

  read(matches) {
    return { ids: matches.map(({ id }) => id), scores: matches.map(({ score }) => score) }
  }

  insertDurably(records) {
    return this.insert(records)
  }
}
