import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { HnswGraph } from '../src/engine/hnsw/graph.ts'
import { HnswlibGraph } from '../src/engine/hnswlib/graph.ts'
import { type Collection, type Id, type Metadata, open } from '../src/index.ts'
import { openDatabase, temporaryFolder } from './helpers/database.ts'
import { expectRejection } from './helpers/errors.ts'
import { LEAST, recall, untilBuilt } from './helpers/graphs.ts'
import { generator, randomVectors } from './helpers/random.ts'
import { editRaw } from './helpers/raw.ts'

const DIMENSION = 16
const random = generator(5)
const ENGINES = ['hnsw', 'hnswlib', 'flat'] as const

const allOf = (collection: Collection<Metadata, Id>) => [...collection.records({ includeVector: true })]

/** A database of `count` records that is open, and a name for its copy. */
async function films(count: number, engine: (typeof ENGINES)[number] = 'hnsw') {
  const parent = temporaryFolder()
  const db = await openDatabase(join(parent, 'db'))
  const collection = await db.collection<Metadata, Id>('films', { dimension: DIMENSION, index: { engine } })
  const vectors = randomVectors(random, count, DIMENSION)
  await collection.upsert(vectors.map((vector, id) => ({ id, vector, metadata: { id, title: `${id}` } })))
  return { parent, db, collection, vectors, copy: join(parent, 'copy') }
}

/** What is left beside the database and its copies. */
const draftsIn = (parent: string) => readdirSync(parent).filter((name) => name.endsWith('.tmp'))

describe.each(ENGINES)('a backup of a collection of engine %s', (engine) => {
  it('is a database with the same records and the graph that was saved', async () => {
    const { parent, db, collection, vectors, copy } = await films(LEAST, engine)
    await untilBuilt(collection)
    await vi.waitFor(() => expect(engine === 'flat' || existsSync(join(parent, 'db', 'index'))).toBe(true))
    await vi.waitFor(async () => expect((await collection.stats()).index.state).toBe('ready'), 10_000)
    await collection.delete([1, 2, 3])
    const { bytes } = await db.backup(copy)
    const files = readdirSync(copy, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    expect(bytes).toBe(
      files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0),
    )
    const names = files.map(({ name }) => name.replace(/^[0-9a-f]{16}/, '*')).sort()
    expect(names).toEqual([
      ...{ flat: [], hnsw: ['*.gen'], hnswlib: ['*.graph', '*.table'] }[engine],
      'data.mdb',
    ])
    expect(draftsIn(parent)).toEqual([])

    const open = vi.spyOn(HnswGraph.prototype, 'open')
    const load = vi.spyOn(HnswlibGraph.prototype, 'load')
    const copied = await openDatabase(copy)
    const again = await copied.collection<Metadata, Id>('films')
    expect(allOf(again)).toEqual(allOf(collection))
    await untilBuilt(again)
    if (engine === 'hnsw') expect(open.mock.results[0]!.value).toBe(true)
    if (engine === 'hnswlib') expect(await load.mock.results[0]!.value).toMatchObject({ position: LEAST })
    expect(await recall(again, vectors.slice(0, 20))).toBeGreaterThan(0.9)
    // It is a database of its own.
    await again.upsert({ id: 'new', vector: vectors[0]! })
    expect(collection.has('new')).toBe(false)
  })

  it('is of one moment while others write', async () => {
    const { db, collection, copy } = await films(500, engine)
    let stop = false
    let acknowledged = 0
    // Each round moves one record from one value to the next: all records are at two neighbouring values at any moment, in order.
    const writing = (async () => {
      for (let round = 1; !stop; round++) {
        await db.transaction((tx) => {
          for (const id of [3, 77, 400]) tx.update(collection, id, { round })
        })
        acknowledged = round
      }
    })()
    await vi.waitFor(() => expect(acknowledged).toBeGreaterThan(3), 10_000)
    const before = acknowledged
    await db.backup(copy)
    stop = true
    await writing
    const copied = await openDatabase(copy)
    const again = await copied.collection<{ round?: number }, number>('films')
    const rounds = again.getMany([3, 77, 400]).map((record) => record!.metadata.round!)
    expect(new Set(rounds).size).toBe(1)
    expect(rounds[0]).toBeGreaterThanOrEqual(before)
    expect(rounds[0]).toBeLessThanOrEqual(acknowledged)
    expect(again.size).toBe(500)
  })
})

describe('a backup', () => {
  it('has several collections, and none of what was removed', async () => {
    const { db, copy } = await films(10)
    const books = await db.collection('books', { dimension: 3, metric: 'euclidean' })
    await books.upsert({ id: 'a', vector: [1, 2, 3], metadata: { when: new Date(5) } })
    await db.collection('gone', { dimension: 2 })
    await db.drop('gone')
    await db.backup(copy)
    const copied = await openDatabase(copy)
    expect(copied.collections()).toEqual(['books', 'films'])
    expect((await copied.collection('books')).get('a')).toEqual({ id: 'a', metadata: { when: new Date(5) } })
  })

  it('makes the folders above it, and removes them when it fails', async () => {
    const { parent, db } = await films(5)
    const copy = join(parent, 'a', 'b', 'copy')
    const controller = new AbortController()
    await expect(
      db.backup(copy, { onProgress: () => controller.abort(), signal: controller.signal }),
    ).rejects.toThrow(/abort/)
    expect(readdirSync(parent)).toEqual(['db'])
    await db.backup(copy)
    expect(readdirSync(copy)).toEqual(['data.mdb'])
  })

  it('is smaller than a database that much was deleted from', async () => {
    const { parent, db, collection, copy } = await films(4_000)
    await collection.delete(Array.from({ length: 3_500 }, (_, id) => id))
    await db.backup(copy)
    const [before, after] = [join(parent, 'db'), copy].map(
      (folder) => statSync(join(folder, 'data.mdb')).size,
    )
    expect(after! * 2).toBeLessThan(before!)
  })

  it('can be made of a database in memory, of a read-only one and of an immutable one, and opened immutable', async () => {
    const { parent, db, copy } = await films(20)
    await db.close()
    for (const options of [{ readOnly: true }, { immutable: true }]) {
      const reader = await openDatabase(join(parent, 'db'), options)
      await reader.backup(`${copy}-${Object.keys(options)}`)
      await reader.close()
      const copied = await openDatabase(`${copy}-${Object.keys(options)}`, { immutable: true })
      expect((await copied.collection('films')).size).toBe(20)
      await copied.close()
    }
    const memory = await openDatabase(':memory:')
    await memory.collection('notes', { dimension: 1 })
    await memory.backup(pathToFileURL(copy))
    expect((await openDatabase(copy)).collections()).toEqual(['notes'])
  })

  it('takes the place of an empty folder, and of nothing else', async () => {
    const { parent, db, copy } = await films(5)
    mkdirSync(copy)
    await db.backup(copy)
    expect(existsSync(join(copy, 'data.mdb'))).toBe(true)
    await expectRejection(db.backup(copy), 'BAD_OPTION', { path: 'path' })
    writeFileSync(join(parent, 'file'), 'x')
    await expectRejection(db.backup(join(parent, 'file')), 'BAD_OPTION', { path: 'path' })
    symlinkSync(join(parent, 'db'), join(parent, 'link'))
    for (const name of ['db', 'db/copy', 'link', 'link/copy']) {
      await expectRejection(db.backup(join(parent, name)), 'BAD_OPTION', { path: 'path' })
    }
    await expectRejection(db.backup(join(parent, 'file', 'copy')), 'NOT_A_DATABASE')
    await expectRejection(db.backup(join(parent, 'db', 'a', 'b')), 'BAD_OPTION', { path: 'path' })
    expect(readdirSync(join(parent, 'db'))).not.toContain('a')
    await expectRejection(db.backup(''), 'BAD_OPTION', { path: 'path' })
    await expectRejection(db.backup(`${copy}2`, { compact: true } as object), 'BAD_OPTION', {
      path: 'options.compact',
    })
    expect(readdirSync(parent).sort()).toEqual(['copy', 'db', 'file', 'link'])
  })

  it('is ended by a signal, by what onProgress throws and by close, and leaves nothing', async () => {
    const { parent, db, copy } = await films(3_000)
    const aborted = AbortSignal.abort(new Error('before'))
    await expect(db.backup(copy, { signal: aborted })).rejects.toThrow('before')
    const controller = new AbortController()
    const onProgress = () => controller.abort(new Error('amid'))
    await expect(db.backup(copy, { signal: controller.signal, onProgress })).rejects.toThrow('amid')
    const late = AbortSignal.timeout(60)
    await expect(db.backup(copy, { signal: late })).rejects.toThrow(/timeout/)
    const failing = () => {
      throw new Error('on purpose')
    }
    await expect(db.backup(copy, { onProgress: failing })).rejects.toThrow('on purpose')
    const underWay = expectRejection(db.backup(copy), 'CLOSED')
    await db.close()
    await underWay
    await expectRejection(db.backup(copy), 'CLOSED')
    expect(readdirSync(parent)).toEqual(['db'])
  })

  it('tells the bytes that it has written, which only grow', async () => {
    const { db, copy } = await films(3_000)
    const told: number[] = []
    const { bytes } = await db.backup(copy, { onProgress: ({ done }) => told.push(done) })
    expect(told.length).toBeGreaterThan(0)
    expect(told).toEqual([...told].sort((a, b) => a - b))
    expect(told.at(-1)).toBeLessThanOrEqual(bytes)
  })

  it('goes without a graph whose files are gone, and builds it again', async () => {
    const { parent, db, collection, copy } = await films(LEAST)
    await untilBuilt(collection)
    await vi.waitFor(async () => expect((await collection.stats()).index.state).toBe('ready'), 10_000)
    rmSync(join(parent, 'db', 'index'), { recursive: true })
    await db.backup(copy)
    expect(readdirSync(copy, { recursive: true }).filter((name) => /graph|table/.test(`${name}`))).toEqual([])
    let named: unknown = 'something'
    await editRaw(copy, (raw) => {
      named = raw.catalogue().get('index:1:0')
    })
    expect(named).toBeUndefined()
    const again = await (await open(copy)).collection<Metadata, Id>('films')
    await untilBuilt(again)
    expect(again.size).toBe(LEAST)
  })
})
