import { join } from 'node:path'
import { Index } from 'usearch'
import { System, scoreOfDistance } from './system.mjs'

/** parameters: { quantization, M, efConstruction }. effort: { ef }. Its calls are synchronous. */
export class Usearch extends System {
  #index

  get #path() {
    return join(this.setting.folder, 'index')
  }

  #empty(ef) {
    const { dimension, metric, parameters } = this.setting
    return new Index({
      dimensions: dimension,
      // 'ip' ranks 8-bit codes slightly worse than 'cos' does.
      metric: metric === 'cosine' ? 'cos' : 'ip',
      quantization: parameters.quantization,
      connectivity: parameters.M,
      expansion_add: parameters.efConstruction,
      expansion_search: ef,
      multi: false,
    })
  }

  async create() {
    this.#index = this.#empty(0)
  }

  prepareRows(first, vectors) {
    const count = vectors.length / this.setting.dimension
    return { keys: BigUint64Array.from({ length: count }, (_, i) => BigInt(first + i)), vectors }
  }

  async insert({ keys, vectors }) {
    this.#index.add(keys, vectors, this.setting.threads)
  }

  async close() {
    this.#index.save(this.#path)
  }

  async open() {
    this.#index = this.#empty(this.effort?.ef ?? 0)
    this.#index.load(this.#path)
  }

  /** The Node API takes `ef` only when an index is made, so it is loaded again for each. */
  async setEffort(effort) {
    await super.setEffort(effort)
    await this.open()
  }

  search(query) {
    return this.#index.search(query, this.setting.k, 1)
  }

  searchBatch(queries) {
    const answers = this.#index.search(queries, this.setting.k, this.setting.threads)
    return queries.map((_, i) => answers.get(i))
  }

  read({ keys, distances }) {
    return { ids: Array.from(keys, Number), scores: Array.from(distances, scoreOfDistance) }
  }

  /** There is no log: the whole index is written. */
  async insertDurably(rows) {
    await this.insert(rows)
    await this.close()
  }
}
