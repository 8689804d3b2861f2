import { join } from 'node:path'
import hnswlib from 'hnswlib-node'
import { rowsOf } from '../data/matrix.mjs'
import { System, scoreOfDistance } from './system.mjs'

/** Of the random levels: graphs of the same rows are the same. */
export const HNSWLIB_SEED = 100

/** parameters: { M, efConstruction }. effort: { ef }. Its calls are synchronous and use one thread. */
export class HnswlibNode extends System {
  #index

  get #path() {
    return join(this.setting.folder, 'index')
  }

  /** On unit vectors the inner product is the cosine, and saves it from normalizing again. */
  #empty() {
    return new hnswlib.HierarchicalNSW('ip', this.setting.dimension)
  }

  async create() {
    const { rows, parameters } = this.setting
    this.#index = this.#empty()
    this.#index.initIndex(rows, parameters.M, parameters.efConstruction, HNSWLIB_SEED)
  }

  prepareRows(first, vectors) {
    return rowsOf(vectors, this.setting.dimension).map((vector, i) => ({
      label: first + i,
      point: [...vector],
    }))
  }

  async insert(points) {
    for (const { label, point } of points) this.#index.addPoint(point, label)
  }

  async close() {
    await this.#index.writeIndex(this.#path)
  }

  async open() {
    this.#index = this.#empty()
    await this.#index.readIndex(this.#path)
  }

  async setEffort({ ef }) {
    this.#index.setEf(ef)
  }

  prepareQuery(vector) {
    return [...vector]
  }

  search(query) {
    return this.#index.searchKnn(query, this.setting.k)
  }

  read({ neighbors, distances }) {
    return { ids: neighbors, scores: distances.map(scoreOfDistance) }
  }

  /** There is no log: the whole index is written. */
  async insertDurably(points) {
    this.#index.resizeIndex(this.#index.getCurrentCount() + points.length)
    await this.insert(points)
    await this.close()
  }
}
