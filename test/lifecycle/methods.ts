import { join } from 'node:path'
import { type Collection, type Database, dense, type SkalarErrorCode } from '../../src/index.ts'
import { temporaryFolder } from '../helpers/database.ts'

export type Films = Collection<{ n: number }, string>

/** A method of a database or collection, called with arguments that it accepts. */
export interface Method {
  readonly name: string
  readonly kind: 'async' | 'sync'
  readonly writes: boolean
  readonly call: (db: Database, films: Films, signal?: AbortSignal) => unknown
  /** Whether the call takes a signal. */
  readonly signal?: true
}

const VECTOR = [1, 2]
const RECORD = { id: 'x', vector: VECTOR, metadata: { n: 0 } }
const TURN = dense([
  {
    weights: [
      [0, 1],
      [1, 0],
    ],
  },
])
const FILTER = { n: { $gte: 0 } }

/** Every method of a collection. */
export const COLLECTION_METHODS: readonly Method[] = [
  { name: 'size', kind: 'sync', writes: false, call: (_, films) => films.size },
  { name: 'get', kind: 'sync', writes: false, call: (_, films) => films.get('a') },
  { name: 'getMany', kind: 'sync', writes: false, call: (_, films) => films.getMany(['a', 'b']) },
  { name: 'has', kind: 'sync', writes: false, call: (_, films) => films.has('a') },
  {
    name: 'records, for',
    kind: 'sync',
    writes: false,
    signal: true,
    call: (_, films, signal) => Array.from(films.records({ signal })),
  },
  {
    name: 'querySync',
    kind: 'sync',
    writes: false,
    signal: true,
    call: (_, films, signal) => films.querySync({ vector: VECTOR, signal }),
  },
  {
    name: 'records, for await',
    kind: 'async',
    writes: false,
    signal: true,
    call: (_, films, signal) => collect(() => films.records({ signal })),
  },
  {
    name: 'count',
    kind: 'async',
    writes: false,
    signal: true,
    call: (_, films, signal) => films.count({ signal }),
  },
  {
    name: 'count with a filter',
    kind: 'async',
    writes: false,
    signal: true,
    call: (_, films, signal) => films.count({ filter: FILTER, signal }),
  },
  {
    name: 'query',
    kind: 'async',
    writes: false,
    signal: true,
    call: (_, films, signal) => films.query({ vector: VECTOR, signal }),
  },
  {
    name: 'query with a filter',
    kind: 'async',
    writes: false,
    signal: true,
    call: (_, films, signal) => films.query({ vector: VECTOR, filter: FILTER, signal }),
  },
  {
    name: 'query by id',
    kind: 'async',
    writes: false,
    signal: true,
    call: (_, films, signal) => films.query({ id: 'a', signal }),
  },
  {
    name: 'queryMany',
    kind: 'async',
    writes: false,
    signal: true,
    call: (_, films, signal) => films.queryMany([{ vector: VECTOR }], { signal }),
  },
  {
    name: 'explain',
    kind: 'async',
    writes: false,
    signal: true,
    call: (_, films, signal) => films.explain({ vector: VECTOR, signal }),
  },
  {
    name: 'recommend',
    kind: 'async',
    writes: false,
    signal: true,
    call: (_, films, signal) => films.recommend({ positive: [VECTOR], signal }),
  },
  {
    name: 'recommendMany',
    kind: 'async',
    writes: false,
    signal: true,
    call: (_, films, signal) => collect(() => films.recommendMany([{ positive: [VECTOR] }], { signal })),
  },
  {
    name: 'match',
    kind: 'async',
    writes: false,
    signal: true,
    // With itself only a transform makes sense.
    call: (_, films, signal) => collect(() => films.match(films, { transform: TURN, signal })),
  },
  {
    name: 'duplicates',
    kind: 'async',
    writes: false,
    signal: true,
    call: (_, films, signal) => collect(() => films.duplicates({ threshold: 0, signal })),
  },
  { name: 'stats', kind: 'async', writes: false, call: (_, films) => films.stats() },
  {
    name: 'verify',
    kind: 'async',
    writes: false,
    signal: true,
    call: (_, films, signal) => films.verify({ signal }),
  },
  {
    name: 'indexed',
    kind: 'async',
    writes: false,
    signal: true,
    call: (_, films, signal) => films.indexed({ signal }).then(() => true),
  },
  {
    name: 'rebuild',
    kind: 'async',
    writes: true,
    signal: true,
    call: (_, films, signal) => films.rebuild({ signal }).then(() => true),
  },
  {
    name: 'upsert',
    kind: 'async',
    writes: true,
    signal: true,
    call: (_, films, signal) => films.upsert(RECORD, { signal }),
  },
  {
    name: 'upsert of an iterable',
    kind: 'async',
    writes: true,
    signal: true,
    call: (_, films, signal) => films.upsert([RECORD].values(), { signal }),
  },
  {
    name: 'update',
    kind: 'async',
    writes: true,
    signal: true,
    call: (_, films, signal) => films.update('a', { n: 1 }, { signal }),
  },
  {
    name: 'update by filter',
    kind: 'async',
    writes: true,
    signal: true,
    call: (_, films, signal) => films.update({ filter: FILTER }, { n: 1 }, { signal }),
  },
  {
    name: 'delete',
    kind: 'async',
    writes: true,
    signal: true,
    call: (_, films, signal) => films.delete('a', { signal }),
  },
  {
    name: 'delete by filter',
    kind: 'async',
    writes: true,
    signal: true,
    call: (_, films, signal) => films.delete({ filter: FILTER }, { signal }),
  },
  { name: 'clear', kind: 'async', writes: true, call: (_, films) => films.clear() },
  {
    name: 'transaction on it',
    kind: 'async',
    writes: true,
    call: (db, films) => db.transaction((tx) => tx.upsert(films, RECORD)),
  },
]

/** Every method of a database but `close`. */
export const DATABASE_METHODS: readonly Method[] = [
  { name: 'collections', kind: 'sync', writes: false, call: (db) => db.collections() },
  { name: 'collection, opening', kind: 'async', writes: false, call: (db) => db.collection('films') },
  {
    name: 'collection, creating',
    kind: 'async',
    writes: true,
    call: (db) => db.collection('new', { dimension: 2 }),
  },
  { name: 'drop', kind: 'async', writes: true, call: (db) => db.drop('films') },
  { name: 'transaction', kind: 'async', writes: true, call: (db) => db.transaction(() => 1) },
  {
    name: 'backup',
    kind: 'async',
    writes: false,
    signal: true,
    call: (db, _, signal) => db.backup(join(temporaryFolder(), 'copy'), { signal }),
  },
]

async function collect<T>(items: () => AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items()) all.push(item)
  return all
}

/** How a call ended. */
export type Ending =
  | { readonly value: unknown }
  | { readonly error: unknown; readonly code: SkalarErrorCode | undefined }

/** Calls a method. An async one that does not return a promise fails the test, in whatever state the database is. */
export async function endingOf(
  method: Method,
  db: Database,
  films: Films,
  signal?: AbortSignal,
): Promise<Ending> {
  try {
    if (method.kind === 'sync') return { value: method.call(db, films, signal) }
    const result = callWithoutThrowing(method, db, films, signal)
    return { value: await result }
  } catch (error) {
    if (error instanceof Misbehaviour) throw error
    return { error, code: (error as { code?: SkalarErrorCode }).code }
  }
}

class Misbehaviour extends Error {}

function callWithoutThrowing(
  method: Method,
  db: Database,
  films: Films,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  let result: unknown
  try {
    result = method.call(db, films, signal)
  } catch (cause) {
    throw new Misbehaviour(`${method.name} threw instead of rejecting`, { cause })
  }
  if (!(result instanceof Promise)) throw new Misbehaviour(`${method.name} returned no promise`)
  return result
}
