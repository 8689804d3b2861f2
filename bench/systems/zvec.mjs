import { join } from 'node:path'
import {
  ZVecCollectionSchema,
  ZVecCreateAndOpen,
  ZVecDataType,
  ZVecIndexType,
  ZVecInitialize,
  ZVecLogLevel,
  ZVecMetricType,
  ZVecOpen,
  ZVecQuantizeType,
} from '@zvec/zvec'
import { rowsOf } from '../data/matrix.mjs'
import { System, scoreOfDistance } from './system.mjs'

const FIELD = 'vector'
const KINDS = {
  float32: { indexType: ZVecIndexType.HNSW },
  int8: { indexType: ZVecIndexType.HNSW, quantizeType: ZVecQuantizeType.INT8 },
  rabitq: { indexType: ZVecIndexType.HNSW_RABITQ },
}
/** Documents of one call. */
const BATCH = 1_000

/** parameters: { kind, M, efConstruction }. effort: { ef, refine }. */
export class Zvec extends System {
  #collection

  constructor(setting) {
    super(setting)
    const { threads } = setting
    ZVecInitialize({ queryThreads: threads, optimizeThreads: threads, logLevel: ZVecLogLevel.ERROR })
  }

  /** It makes this folder itself. */
  get #path() {
    return join(this.setting.folder, 'collection')
  }

  get #kind() {
    return KINDS[this.setting.parameters.kind]
  }

  async create() {
    const { dimension, parameters } = this.setting
    const indexParams = {
      ...this.#kind,
      metricType: ZVecMetricType.IP,
      m: parameters.M,
      efConstruction: parameters.efConstruction,
    }
    const vectors = { name: FIELD, dataType: ZVecDataType.VECTOR_FP32, dimension, indexParams }
    this.#collection = ZVecCreateAndOpen(this.#path, new ZVecCollectionSchema({ name: 'bench', vectors }))
  }

  prepareRows(first, vectors) {
    const rows = rowsOf(vectors, this.setting.dimension)
    const documents = rows.map((row, i) => ({ id: String(first + i), vectors: { [FIELD]: row } }))
    const batches = []
    for (let i = 0; i < documents.length; i += BATCH) batches.push(documents.slice(i, i + BATCH))
    return batches
  }

  async insert(batches) {
    for (const batch of batches) {
      const failed = this.#collection.insertSync(batch).find(({ ok }) => !ok)
      if (failed) throw new Error(failed.message)
    }
  }

  /** Until then new documents are scanned. */
  build() {
    return this.#collection.optimize({ concurrency: this.setting.threads })
  }

  async close() {
    this.#collection.closeSync()
  }

  async open() {
    this.#collection = ZVecOpen(this.#path)
  }

  #request(vector) {
    const { ef, refine } = this.effort
    const params = { indexType: this.#kind.indexType, ef, isUsingRefiner: refine }
    return { fieldName: FIELD, topk: this.setting.k, vector, outputFields: [], params }
  }

  search(query) {
    return this.#collection.querySync(this.#request(query))
  }

  searchBatch(queries) {
    return Promise.all(queries.map((query) => this.#collection.query(this.#request(query))))
  }

  read(documents) {
    const { kind } = this.setting.parameters
    // Scores are inner products, but RaBitQ's own are estimates of the product less 1.
    const estimated = kind === 'rabitq' && !this.effort.refine
    const scores = documents.map(({ score }) => (estimated ? scoreOfDistance(-score) : score))
    return { ids: documents.map(({ id }) => Number(id)), scores }
  }

  /** Every insert goes to its write-ahead log. */
  insertDurably(batches) {
    return this.insert(batches)
  }
}
