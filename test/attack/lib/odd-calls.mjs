/*
 * Calls of the whole public API with arguments that are right, as trees; some of their parts are then replaced by odd values.
 */
import * as similarity from 'skalar/similarity'
import { ODD_VALUES } from './odd-values.mjs'

const record = (random) => ({
  id: random.pick(['a', 'b', 7, `r${random.below(300)}`]),
  vector: random.pick([[1, 2, 3], new Float32Array([3, 2, 1]), [random.next(), 1, 0]]),
  metadata: { a: random.below(5), tags: ['x', 'y'], deep: { b: new Date(5), c: new Map([['k', 1]]) } },
})

const filter = (random) =>
  random.pick([
    { a: { $gte: random.below(5), $lt: 9 } },
    { $or: [{ a: 1 }, { tags: { $in: ['x', 'z'] } }], $id: { $ne: 'a' } },
    { 'deep.b': { $exists: true }, $not: { a: { $nin: [1, 2] } } },
    { tags: { $all: ['x'] }, a: { $not: { $gt: 3 } } },
  ])

const target = (random) => random.pick(['a', ['a', 'b', 7], { filter: filter(random) }])

const settings = (random) => ({
  k: random.below(40) + 1,
  filter: filter(random),
  select: ['a'],
  includeVector: random.chance(0.5),
  ef: 50,
  exact: random.chance(0.3),
  threshold: 0.1,
  after: { id: 'a', score: 0.5 },
  metric: random.pick([
    'dot',
    'manhattan',
    { kernel: 'rbf', gamma: 1 },
    { kernel: 'polynomial', degree: 2 },
    { mahalanobis: [2, 1, 0, 1, 2, 0, 0, 0, 1] },
    {
      mahalanobis: [
        [4, 0, 0],
        [0, 1, 0],
        [0, 0, 9],
      ],
    },
  ]),
  candidates: 20,
})

const query = (random) => ({
  ...(random.chance(0.7) ? { vector: [1, 2, 3] } : { id: 'a' }),
  ...Object.fromEntries(random.some(Object.entries(settings(random)), random.below(4))),
  ...(random.chance(0.2) && { timeout: 50 }),
  ...(random.chance(0.2) && { signal: new AbortController().signal }),
})

const drain = async (iterable) => {
  let count = 0
  for await (const _ of iterable) if (++count === 500) break
}

const inTransaction = (method, argsOf) => ({
  args: argsOf,
  call: ({ database, collection }, args) => database.transaction((tx) => tx[method](collection, ...args)),
})

const of = (method, argsOf) => ({ args: argsOf, call: ({ collection }, args) => collection[method](...args) })

const FUNCTIONS = new Map(Object.entries(similarity))

/** For collections of three components. */
const TURN = similarity.dense([
  {
    weights: [
      [0, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
    ],
  },
])

/** Of three labels, for vectors of three components. */
const MACHINE = similarity.kernelMachineFromBytes(
  Buffer.from(
    'c2tLTUFDAQDoACHFAQAAAAMAAAADAAAABAAAACQAAABVVVVVVVXVPwAAAAAAAPA/AAAAAAAAAEAAAAAAAADwPwAAAAAAAAAAAAAA' +
      'AAAAGEAAAAAAAAAYQGME9+NXkag/MFi241eRqD9KrtbjV5G4vw8zfA6BXMO/DzN8DoFcwz8AAAAAAAAAAJNC/DOYIq8/k0L8M5gi' +
      'r78dF09wCCHyvzwAMT08POy/X9WDV4p81j92yp4+Ol3vv4iVtaaY0uy/OE+3Ngeh8b8fd3Clwy6Bvz8ronGSHZ6/QqtKNMItSL8C' +
      'AAAAAwAAAAQAAAAAAAAAAAAAAAAAgD8AAAAAAACAPwAAAAAAAABAAAAAQAAAAEAAAADAAAAAwAAAAAAAAAAAAgAAAHgAAQAAAAIA' +
      'AAA3AAIAAAAIAAAAdAByAHUAZQA=',
    'base64',
  ),
)

/** As `toBytes` returns them, but for some. */
const damaged = (random) => {
  const bytes = MACHINE.toBytes()
  for (let i = random.below(3); i > 0; i--) bytes[random.below(bytes.length)] = random.below(256)
  return bytes
}

/** Ends what odd options make long. */
const withinSeconds = ([options, ...others]) => {
  if (Object.getPrototypeOf(Object(options)) !== Object.prototype) return [options, ...others]
  return [{ signal: AbortSignal.timeout(4_000), ...options }, ...others]
}

/** Functions that need no database. */
const pure = (names, argsOf) => ({
  args: (random) => [random.pick(names), ...argsOf(random)],
  call: (_, [name, ...args]) => FUNCTIONS.get(names.includes(name) ? name : names[0])(...args),
})

const onDatabase = (method, argsOf) => ({
  args: argsOf,
  call: ({ database }, args) => database[method](...args),
})

const some = (random) => Array.from({ length: random.between(1, 4) }, () => record(random))
const upserted = (random) => [random.pick([record(random), some(random)])]

/** Name → how its arguments are made, and how it is called. */
export const CALLS = {
  upsert: of('upsert', (random) => [
    ...upserted(random),
    { mode: 'upsert', batchSize: 10, onInvalid: 'skip', onProgress: () => {} },
  ]),
  'upsert of an iterable': of('upsert', (random) => [
    new Set(some(random)).values(),
    { onInvalid: random.pick(['skip', 'throw', () => {}]) },
  ]),
  'upsert without options': of('upsert', upserted),
  get: of('get', () => ['a', { includeVector: true, includeVersion: true }]),
  getMany: of('getMany', () => [['a', 'b'], { includeVector: true }]),
  has: of('has', () => ['a']),
  count: of('count', (random) => [{ filter: filter(random), signal: new AbortController().signal }]),
  update: of('update', (random) => [
    target(random),
    { a: 2, tags: undefined },
    { vector: [1, 1, 1], ifVersion: 3 },
  ]),
  'update by filter': of('update', (random) => [{ filter: filter(random) }, { a: 3 }]),
  delete: of('delete', (random) => [target(random), { signal: new AbortController().signal }]),
  query: of('query', (random) => [query(random)]),
  querySync: of('querySync', (random) => [query(random)]),
  queryMany: of('queryMany', (random) => [[query(random), { vector: [3, 1, 2] }], { k: 5, select: [] }]),
  recommend: of('recommend', (random) => [
    {
      positive: ['a', [1, 2, 3]],
      negative: ['b'],
      exclude: ['c'],
      filter: filter(random),
      diversity: 0.3,
      k: 5,
    },
  ]),
  'recommend by groups': of('recommend', () => [
    { positive: ['a'], strategy: 'best', perGroup: { field: 'a', limit: 2 }, threshold: -1, select: [] },
  ]),
  recommendMany: {
    args: () => [[{ positive: ['a'] }, { positive: [[3, 1, 2]], strategy: 'sum' }], { k: 3, ef: 20 }],
    call: ({ collection }, args) => drain(collection.recommendMany(...args)),
  },
  match: {
    args: (random) => [
      null,
      {
        k: random.below(5) + 1,
        margin: random.pick(['ratio', 'distance', 'none']),
        threshold: -1,
        mutual: random.chance(0.5),
        transform: TURN,
        filter: filter(random),
        exact: random.chance(0.3),
        ef: 20,
        onProgress: () => {},
      },
    ],
    call: ({ collection }, [other, ...options]) => drain(collection.match(other ?? collection, ...options)),
  },
  duplicates: {
    args: (random) => [
      { threshold: random.pick([-1, 0.9, 1]), filter: filter(random), exact: random.chance(0.3), ef: 20 },
    ],
    call: ({ collection }, args) => drain(collection.duplicates(...args)),
  },
  explain: of('explain', (random) => [query(random)]),
  classify: of('classify', (random) => [
    { vector: [1, 2, 3], field: 'a', k: 5, filter: filter(random), weights: 'uniform', exact: true },
  ]),
  regress: of('regress', () => [{ id: 'a', field: 'a', kernel: { kernel: 'rbf', gamma: 1 }, timeout: 50 }]),
  train: {
    args: (random) => [
      {
        field: 'a',
        kernel: random.pick(['rbf', { kernel: 'polynomial', gamma: 1, degree: 2, coef0: 1 }]),
        C: 2,
        folds: 2,
        sample: 50,
        seed: 3,
        filter: filter(random),
        onProgress: () => {},
      },
    ],
    call: ({ collection }, args) => collection.train(...withinSeconds(args)),
  },
  'a kernel machine': {
    args: (random) => [
      random.pick([
        [1, 2, 3],
        [[3, 2, 1], new Float32Array([1, 2, 3])],
      ]),
      {},
    ],
    call: (_, args) => MACHINE.classify(...args),
  },
  kernelMachineFromBytes: pure(['kernelMachineFromBytes'], (random) => [damaged(random)]),
  attend: of('attend', (random) => [
    {
      queries: [[1, 2, 3]],
      k: random.chance(0.5) ? 3 : undefined,
      filter: filter(random),
      exact: random.chance(0.5),
      bound: random.pick(['lengths', 'codes', 'products', undefined]),
      ...random.pick([
        { temperature: 2, heads: 3 },
        { kernel: { kernel: 'rbf', gamma: 1 } },
        { values: 'a' },
        { projections: { query: [[1, 2, 3]], key: [[1, 2, 3]], value: [[3, 2, 1]] } },
      ]),
    },
  ]),
  'of two vectors': pure(
    ['dot', 'cosine', 'angle', 'projection', 'euclidean', 'chebyshev', 'manhattan', 'linear'],
    () => [[1, 2, 3], new Float32Array([3, 2, 1])],
  ),
  'of one vector': pure(['norm', 'normalize'], () => [[1, 2, 3]]),
  kernels: pure(['polynomial', 'sigmoid', 'rbf', 'laplacian'], () => [[1, 2], [2, 1], { gamma: 2 }]),
  softmax: pure(['softmax'], () => [[1, 2, 3], { temperature: 2 }]),
  mahalanobis: pure(['mahalanobis'], () => [
    [1, 2],
    [2, 1],
    [
      [1, 0],
      [0, 2],
    ],
  ]),
  similarities: pure(['similarities'], (random) => [
    [
      [1, 2],
      [2, 1],
    ],
    new Float32Array([1, 2, 3, 4]),
    random.pick(['dot', 'cosine', { kernel: 'rbf', gamma: 1 }]),
    { precision: 'float64', threads: 2, columns: 2, onProgress: () => {} },
  ]),
  randomFourierFeatures: pure(['randomFourierFeatures'], () => [
    { kernel: 'rbf', gamma: 1, dimension: 3, features: 8, seed: 1 },
  ]),
  dense: pure(['dense'], () => [
    [
      {
        weights: [
          [1, 2],
          [3, 4],
        ],
        bias: [1, 2],
        activation: 'relu',
      },
    ],
  ]),
  align: pure(['align'], () => [
    {
      from: [
        [1, 2],
        [2, 1],
      ],
      to: [
        [2, 1],
        [1, 2],
      ],
      kind: 'orthogonal',
    },
  ]),
  transformFromBytes: pure(['transformFromBytes'], () => [new Uint8Array(40)]),
  records: {
    args: (random) => [{ filter: filter(random), includeVector: true, after: 'a', limit: 20 }],
    call: ({ collection }, args) => drain(collection.records(...args)),
  },
  importHnswlib: of('importHnswlib', () => ['/nowhere/index.bin', { ids: [1, 2], onProgress: () => {} }]),
  stats: of('stats', () => []),
  indexed: of('indexed', () => [{ signal: AbortSignal.timeout(5_000), onProgress: () => {} }]),
  rebuild: of('rebuild', () => [{ signal: AbortSignal.timeout(5_000), onProgress: () => {} }]),
  verify: of('verify', () => [{ signal: new AbortController().signal, onProgress: () => {} }]),
  clear: of('clear', () => []),
  collection: onDatabase('collection', (random) => [
    `made ${random.below(5)}`,
    {
      dimension: 3,
      metric: random.pick(['dot', { mahalanobis: [2, 1, 0, 1, 2, 0, 0, 0, 1] }]),
      fields: { a: 'number' },
      index: { engine: 'hnsw', M: 8, efConstruction: 20, codes: 'int8' },
    },
  ]),
  drop: onDatabase('drop', (random) => [`made ${random.below(5)}`]),
  collections: onDatabase('collections', () => []),
  transaction: onDatabase('transaction', () => [() => 1]),
  backup: {
    args: (random) => [
      null,
      { signal: new AbortController().signal, onProgress: random.pick([() => {}, undefined]) },
    ],
    call: ({ database, folder }, [path, ...options]) =>
      database.backup(path ?? `${folder}-${Math.random()}`, ...options),
  },
  'tx.upsert': inTransaction('upsert', (random) => [...upserted(random), { mode: 'upsert' }]),
  'tx.update': inTransaction('update', () => [['a', 'b'], { a: 1 }, { vector: [1, 2, 3], ifVersion: 1 }]),
  'tx.delete': inTransaction('delete', () => [['a', 7]]),
  'tx.get': inTransaction('get', () => ['a', { includeVector: true }]),
  'tx.has': inTransaction('has', () => ['a']),
  open: {
    args: ({ pick }) => [
      pick([null, ':memory:']),
      { durability: pick(['commit', 'flushed']), readOnly: false, threads: 2 },
    ],
    call: async ({ open, folder }, [path, ...options]) => {
      const database = await open(path ?? folder, ...options)
      await database.close()
    },
  },
}

/** Replaces some parts of arguments by odd values. */
export function oddly(args, random, depth = 0) {
  if (depth > 0 && random.chance(depth === 1 ? 0.25 : 0.12)) return random.pick(ODD_VALUES)()
  if (Array.isArray(args)) return args.map((value) => oddly(value, random, depth + 1))
  if (Object.getPrototypeOf(args ?? 0) !== Object.prototype) return args
  return Object.fromEntries(
    Object.entries(args).map(([key, value]) => [key, oddly(value, random, depth + 1)]),
  )
}
