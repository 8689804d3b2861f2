import { setTimeout } from 'node:timers/promises'
import { open } from '../../dist/index.js'
import { rowsOf } from '../data/matrix.mjs'
import { System } from './system.mjs'

/** Between two looks at how far the index has come. */
const POLL_MS = 20

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

  async build() {
    while ((await this.#collection.stats()).pending > 0) await setTimeout(POLL_MS)
  }

  open() {
    return this.#connect()
  }

  /** The first answer is measured as it comes; curves are those of the index. */
  async setEffort(effort) {
    await this.build()
    await super.setEffort(effort)
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

  async count(vector) {
    const { plan, reason, ...counts } = await this.#collection.explain({
      vector,
      k: this.setting.k,
      ...this.effort,
    })
    if (plan === 'scan') throw new Error(`no graph was searched: ${reason}`)
    return { visited: counts.visited, distances: counts.distances, reranked: counts.reranked }
  }

  insertDurably(records) {
    return this.insert(records)
  }
}
