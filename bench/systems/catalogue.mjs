// Which indexes are built, with which parameters, and how hard each is searched.
//
// An index may be searched in several ways ("curves"): with and without a second, exact pass over its candidates. Each
// curve is a list of efforts from little to much. `scores` says whether a curve's scores are the metric's own values or
// estimates from codes; `metrics` what the library can do; `threads` whether its build can use several.

const M = 16
const efConstruction = 200

export const EFS = [10, 16, 28, 48, 80, 140, 240, 420]
const PROBES = [1, 2, 5, 10, 20, 50]

const byEf = (extra = {}, least = 0) => EFS.filter((ef) => ef >= least).map((ef) => ({ ef, ...extra }))
const byProbes = (extra = {}) => PROBES.map((probes) => ({ probes, ...extra }))

/** LanceDB's own choice is a sixteenth of the dimension, which 100 does not have; its fallback would be one. */
const subVectorsOf = (dimension) => (dimension % 16 === 0 ? dimension / 16 : dimension / 4)

const fixed = (parameters) => () => parameters

/** `index` of `db.collection()`, and the efforts that make sense for the engine. */
const SKALAR_ENGINES = [
  { name: 'flat', index: { engine: 'flat' }, efforts: [{}], threads: false },
  { name: 'hnsw', index: { engine: 'hnsw', M, efConstruction }, efforts: byEf(), threads: true, exact: true },
  {
    name: 'hnsw int4',
    index: { engine: 'hnsw', M, efConstruction, codes: 'int4' },
    efforts: byEf(),
    threads: true,
  },
  { name: 'hnswlib', index: { engine: 'hnswlib', M, efConstruction }, efforts: byEf(), threads: false },
]

const skalar = SKALAR_ENGINES.map(({ name, index, efforts, threads, exact }) => ({
  name: `skalar ${name}`,
  library: 'skalar',
  load: async () => (await import('./skalar.mjs')).Skalar,
  parametersFor: fixed(index),
  metrics: ['cosine', 'dot'],
  threads,
  curves: [
    { name: `skalar ${name}`, scores: 'exact', efforts },
    ...(exact ? [{ name: `skalar ${name} exact`, scores: 'exact', efforts: [{ exact }] }] : []),
  ],
}))

const hnswlib = {
  name: 'hnswlib-node',
  library: 'hnswlib-node',
  load: async () => (await import('./hnswlib-node.mjs')).HnswlibNode,
  parametersFor: fixed({ M, efConstruction }),
  metrics: ['cosine', 'dot'],
  threads: false,
  curves: [{ name: 'hnswlib-node', scores: 'exact', efforts: byEf() }],
}

const usearch = ['f32', 'f16', 'bf16', 'i8'].map((quantization) => ({
  name: `usearch ${quantization}`,
  library: 'usearch',
  load: async () => (await import('./usearch.mjs')).Usearch,
  parametersFor: fixed({ quantization, M, efConstruction }),
  // Its 8-bit codes have one scale for all vectors, made for vectors of length 1.
  metrics: quantization === 'i8' ? ['cosine'] : ['cosine', 'dot'],
  threads: true,
  curves: [
    {
      name: `usearch ${quantization}`,
      scores: quantization === 'f32' ? 'exact' : 'approximate',
      efforts: byEf(),
    },
  ],
}))

const zvecIndex = (kind, curves) => ({
  name: kind === 'float32' ? 'zvec HNSW' : `zvec ${kind}`,
  library: '@zvec/zvec',
  load: async () => (await import('./zvec.mjs')).Zvec,
  parametersFor: fixed({ kind, M, efConstruction }),
  metrics: ['cosine', 'dot'],
  threads: true,
  curves,
})

const zvec = [
  zvecIndex('float32', [{ name: 'zvec HNSW', scores: 'exact', efforts: byEf({ refine: false }) }]),
  ...['int8', 'rabitq'].map((kind) =>
    zvecIndex(kind, [
      { name: `zvec ${kind}`, scores: 'approximate', efforts: byEf({ refine: false }) },
      { name: `zvec ${kind} + refine`, scores: 'exact', efforts: byEf({ refine: true }) },
    ]),
  ),
]

const lancedbIndex = (name, parametersFor, curves) => ({
  name: `lancedb ${name}`,
  library: '@lancedb/lancedb',
  load: async () => (await import('./lancedb.mjs')).LanceDB,
  parametersFor,
  metrics: ['cosine', 'dot'],
  threads: true,
  curves: curves.map(({ suffix, ...curve }) => ({ name: `lancedb ${name}${suffix}`, ...curve })),
})

const lancedb = [
  lancedbIndex('IVF-HNSW-SQ', fixed({ kind: 'hnsw-sq', M, efConstruction, partitions: 1 }), [
    { suffix: '', scores: 'approximate', efforts: byEf() },
    // It refuses an ef below k × refine.
    { suffix: ' + refine 3', scores: 'exact', efforts: byEf({ refine: 3 }, 30) },
  ]),
  lancedbIndex('IVF-PQ', (dimension) => ({ kind: 'ivf-pq', subVectors: subVectorsOf(dimension) }), [
    { suffix: '', scores: 'approximate', efforts: byProbes() },
    { suffix: ' + refine 10', scores: 'exact', efforts: byProbes({ refine: 10 }) },
  ]),
]

const sqliteVec = {
  name: 'sqlite-vec',
  library: 'sqlite-vec',
  load: async () => (await import('./sqlite-vec.mjs')).SqliteVec,
  parametersFor: fixed({}),
  metrics: ['cosine'],
  threads: false,
  curves: [{ name: 'sqlite-vec', scores: 'exact', efforts: [{}] }],
}

export const INDEXES = [...skalar, hnswlib, ...usearch, ...zvec, ...lancedb, sqliteVec]

/** The index of that name. */
export const indexNamed = (name) => INDEXES.find((index) => index.name === name)
