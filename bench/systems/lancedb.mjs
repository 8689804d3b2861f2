import { connect, Index } from '@lancedb/lancedb'
import {
  Field,
  FixedSizeList,
  Float32,
  Int32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
} from 'apache-arrow'
import { System, scoreOfDistance } from './system.mjs'

/** A dot product of unit vectors is their cosine. */
const DISTANCE = 'dot'

/** parameters: { kind, M, efConstruction, partitions, subVectors }. effort: { ef, probes, refine }. */
export class LanceDB extends System {
  #table
  #schema

  constructor(setting) {
    super(setting)
    const item = new Field('item', new Float32(), true)
    this.#schema = new Schema([
      new Field('id', new Int32(), false),
      new Field('vector', new FixedSizeList(setting.dimension, item), false),
    ])
  }

  async create() {
    const database = await connect(this.setting.folder)
    this.#table = await database.createEmptyTable('bench', this.#schema)
  }

  /** An Arrow table over the vectors as they are: its fastest way in. */
  prepareRows(first, vectors) {
    const [idField, vectorField] = this.#schema.fields
    const length = vectors.length / this.setting.dimension
    const ids = makeData({ type: idField.type, data: Int32Array.from({ length }, (_, i) => first + i) })
    const child = makeData({ type: new Float32(), data: vectors })
    const column = makeData({ type: vectorField.type, length, nullCount: 0, child })
    const type = new Struct(this.#schema.fields)
    const data = makeData({ type, length, nullCount: 0, children: [ids, column] })
    return new Table(this.#schema, [new RecordBatch(this.#schema, data)])
  }

  async insert(rows) {
    await this.#table.add(rows)
  }

  async build() {
    const { kind, M, efConstruction, partitions, subVectors } = this.setting.parameters
    const config =
      kind === 'hnsw-sq'
        ? Index.hnswSq({ distanceType: DISTANCE, numPartitions: partitions, m: M, efConstruction })
        : Index.ivfPq({ distanceType: DISTANCE, numSubVectors: subVectors })
    await this.#table.createIndex('vector', { config })
    await this.#table.optimize()
  }

  async close() {
    this.#table.close()
  }

  async open() {
    const database = await connect(this.setting.folder)
    this.#table = await database.openTable('bench')
  }

  /** Answers stay in Arrow's columns, which are typed arrays: making objects of them would take longer. */
  async search(query) {
    const { ef, probes, refine } = this.effort
    const request = this.#table.query().nearestTo(query).distanceType(DISTANCE).limit(this.setting.k)
    request.select(['id', '_distance'])
    if (ef !== undefined) request.ef(ef)
    if (probes !== undefined) request.nprobes(probes)
    if (refine !== undefined) request.refineFactor(refine)
    const table = await request.toArrow()
    return { ids: table.getChild('id').toArray(), distances: table.getChild('_distance').toArray() }
  }

  searchBatch(queries) {
    return Promise.all(queries.map((query) => this.search(query)))
  }

  read({ ids, distances }) {
    return { ids: [...ids], scores: Array.from(distances, scoreOfDistance) }
  }

  /** Every `add` is a version of its own on disk. */
  insertDurably(rows) {
    return this.insert(rows)
  }
}
