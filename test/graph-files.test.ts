import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { IndexFiles } from '../src/engine/engine.ts'
import { loadGraph, saveGraph } from '../src/engine/hnswlib/graph-file.ts'
import type { Collection, Database, Id, Metadata } from '../src/index.ts'
import { clearCollection, createCollection, dropCollection } from '../src/store/catalogue.ts'
import { Environment } from '../src/store/environment.ts'
import { indexFiles } from '../src/store/index-files.ts'
import { idsOf, openDatabase, temporaryFolder } from './helpers/database.ts'
import { GRAPHS, LEAST, recall, untilBuilt } from './helpers/graphs.ts'
import { generator, randomVector, randomVectors } from './helpers/random.ts'

const DIMENSION = 24
const random = generator(21)
const queries = randomVectors(random, 30, DIMENSION)

const recordsOf = (vectors: readonly Float32Array[]) => vectors.map((vector, id) => ({ id, vector }))
const graphsIn = (folder: string) => readdirSync(folder).filter((name) => /[.](graph|gen)$/.test(name))

describe.each(GRAPHS)('a saved graph of %s', (engine) => {
  /** Whether it has a table beside it. */
  const hasTable = engine === 'hnswlib'
  let folder: string
  /** Of the collection that the test begins with, and the only graph in it with its table. */
  let index: string
  let graph: string
  let table: string

  async function openFilms(): Promise<{ db: Database; films: Collection<Metadata, Id> }> {
    const db = await openDatabase(folder)
    const films = await db.collection<Metadata, Id>('films', {
      dimension: DIMENSION,
      index: { engine, M: 8, efConstruction: 60 },
    })
    return { db, films }
  }

  beforeEach(async () => {
    folder = temporaryFolder()
    index = join(folder, 'index', '1', '0')
    const { db, films } = await openFilms()
    await films.upsert(recordsOf(randomVectors(random, LEAST, DIMENSION)))
    await untilBuilt(films)
    await db.close()
    const graphs = graphsIn(index)
    expect(graphs).toHaveLength(1)
    graph = graphs[0]!
    table = graph.replace('.graph', '.table')
    expect(readdirSync(index)).toHaveLength(hasTable ? 2 : 1)
  })

  it('is taken over when the collection is opened again', async () => {
    const { db, films } = await openFilms()
    await untilBuilt(films)
    expect(await recall(films, queries)).toBeGreaterThan(0.9)
    await db.close()
    expect(readdirSync(index).sort()).toEqual([...new Set([table, graph])].sort())
  })

  it('is brought up to date with what has changed since', async () => {
    const first = await openFilms()
    await untilBuilt(first.films)
    const [vector, other] = [randomVector(random, DIMENSION), randomVector(random, DIMENSION)]
    await first.films.upsert([
      { id: 5, vector },
      { id: 'new', vector: other },
    ])
    await first.films.delete([6, 7])
    await first.db.close()
    expect(graphsIn(index)).toEqual([graph])
    const { films } = await openFilms()
    await untilBuilt(films)
    expect((await films.query({ vector, k: 1 }))[0]!.id).toBe(5)
    expect((await films.query({ vector: other, k: 1 }))[0]!.id).toBe('new')
    for (const each of queries) expect(idsOf(await films.query({ vector: each, k: 50 }))).not.toContain(6)
    expect(await recall(films, queries)).toBeGreaterThan(0.9)
  })

  it('is saved again when much has been added, and its predecessor is deleted', async () => {
    const { db, films } = await openFilms()
    await untilBuilt(films)
    const saved = [graph]
    for (const round of ['first', 'second']) {
      const more = randomVectors(random, 600, DIMENSION).map((vector, i) => ({ id: `${round} ${i}`, vector }))
      await films.upsert(more)
      await untilBuilt(films)
      await vi.waitFor(() => expect(graphsIn(index).some((name) => !saved.includes(name))).toBe(true), 10_000)
      saved.push(...graphsIn(index).filter((name) => !saved.includes(name)))
    }
    await db.close()
    expect(saved).toHaveLength(3)
    expect(graphsIn(index)).toEqual(saved.slice(2))
    expect(readdirSync(index)).toHaveLength(hasTable ? 2 : 1)
  })

  const ofTable: [string, () => void][] = [
    ['the table is missing', () => rmSync(join(index, table))],
    ['the table is shorter', () => truncateSync(join(index, table), 100)],
    ['the table is empty', () => truncateSync(join(index, table), 0)],
    ['a byte of the table is another', () => flip(join(index, table), 70)],
    ['the table is of another version', () => flip(join(index, table), 6)],
  ]
  const damages: [string, () => void][] = [
    ...(hasTable ? ofTable : []),
    ['the graph is missing', () => rmSync(join(index, graph))],
    ['the graph is shorter', () => truncateSync(join(index, graph), 5_000)],
    ['the graph is empty', () => truncateSync(join(index, graph), 0)],
    ['a byte of the graph is another', () => flip(join(index, graph), hasTable ? 4_321 : 70_000)],
    ['a byte in the middle of the graph is another', () => flip(join(index, graph), 0.5)],
    ['a byte at the end of the graph is another', () => flip(join(index, graph), 0.99999)],
    ['the header of the graph is another', () => flip(join(index, graph), 20)],
    ['the folder is gone', () => rmSync(join(folder, 'index'), { recursive: true })],
  ]

  it.each(damages)('is built again when %s', async (_, damage) => {
    damage()
    const { db, films } = await openFilms()
    const vector = queries[0]!
    expect(await films.query({ vector })).toEqual(await films.query({ vector, exact: true }))
    await untilBuilt(films)
    expect(await recall(films, queries)).toBeGreaterThan(0.9)
    await db.close()
    expect(graphsIn(index).some((name) => name !== graph)).toBe(true)
  })

  it('of an older state is not taken for the present one when the collection was emptied', async () => {
    const { db, films } = await openFilms()
    await films.clear()
    const vectors = randomVectors(random, LEAST, DIMENSION)
    await films.upsert(recordsOf(vectors))
    await untilBuilt(films)
    expect(await recall(films, queries)).toBeGreaterThan(0.9)
    await vi.waitFor(() => expect(existsSync(index)).toBe(false), 10_000)
    await db.close()
    expect(graphsIn(join(folder, 'index', '2', '0'))).toHaveLength(1)
  })

  it('goes with its collection', async () => {
    const { db } = await openFilms()
    await db.drop('films')
    await vi.waitFor(() => expect(readdirSync(join(folder, 'index'))).toEqual([]), 10_000)
    await db.close()
    expect(readdirSync(join(folder, 'index'))).toEqual([])
  })

  it.each(['readOnly', 'immutable'])(
    'is taken over by a reader that may not write, and left alone: %s',
    async (how) => {
      const db = await openDatabase(folder, { [how]: true })
      const films = await db.collection<Metadata, Id>('films')
      await untilBuilt(films)
      expect(await recall(films, queries)).toBeGreaterThan(0.9)
      await db.close()
      expect(readdirSync(index).sort()).toEqual([...new Set([table, graph])].sort())
    },
  )
})

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path)
  bytes[offset < 1 ? Math.floor(offset * bytes.length) : offset]! ^= 0x10
  writeFileSync(path, bytes)
}

describe('graphs of several processes in one folder', () => {
  const format = { kind: 'hnswlib', dimension: 2, M: 4, efConstruction: 5 } as const
  const tableOf = (position: number) => ({
    ...format,
    position,
    reference: 2,
    slots: Uint32Array.of(position),
    hashes: Uint32Array.of(7),
    copies: new Uint32Array(),
  })
  const read = async (path: string) => readFileSync(path, 'utf8')
  let environment: Environment
  let files: IndexFiles
  const save = (position: number) =>
    saveGraph(files, tableOf(position), async (path) => writeFileSync(path, `graph ${position}`))

  const garbage = () => {
    environment.refresh()
    const { catalogue } = environment
    return [...catalogue.getKeys({ start: 'garbage:', end: 'garbage;' })].map(
      (key) => [key, catalogue.get(key)] as const,
    )
  }

  beforeEach(async () => {
    environment = new Environment(temporaryFolder(), false, undefined)
    const definition = await environment.write(1, () => {
      return createCollection(environment, 'films', {
        dimension: 2,
        metric: 'cosine',
        fields: {},
        index: { engine: 'hnsw' },
      })
    })
    files = indexFiles(environment, { identity: definition.identity, name: 'films' }, definition.identity)
  })

  afterEach(() => environment.close())

  it('are saved whole, and the last one wins', async () => {
    const reads = async () => {
      const found = await loadGraph(files, format, read)
      if (found !== undefined) expect(found.graph).toBe(`graph ${found.table.position}`)
    }
    await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? reads() : save(i))))
    await save(99)
    const found = await loadGraph(files, format, read)
    expect(found).toEqual({ table: tableOf(99), graph: 'graph 99' })
  })

  it('of two that replace the same one, the second is given up', async () => {
    await save(1)
    const first = saveGraph(files, tableOf(2), async (path) => {
      writeFileSync(path, 'graph 2')
      await save(3)
    })
    await first
    expect((await loadGraph(files, format, read))?.graph).toBe('graph 3')
    expect(graphsIn(files.folder)).toHaveLength(1)
    expect(readdirSync(files.folder)).toHaveLength(2)
    expect(garbage()).toEqual([])
  })

  it('are never deleted while they are in force, by a process that has saved one before', async () => {
    await save(1)
    // Another process saves and puts its graph in force before this one gets to delete what it has replaced.
    const overtaken = {
      ...files,
      publish: async (...call: Parameters<IndexFiles['publish']>) => {
        const published = await files.publish(...call)
        await save(3)
        return published
      },
    }
    await saveGraph(overtaken, tableOf(2), async (path) => writeFileSync(path, 'graph 2'))
    expect((await loadGraph(files, format, read))?.graph).toBe('graph 3')
    expect(readdirSync(files.folder)).toHaveLength(2)
    expect(garbage()).toEqual([])
  })

  it('are there whenever the catalogue names them, however many save at once', {
    timeout: 60_000,
  }, async () => {
    const check = () => {
      const named = files.current()
      if (named === undefined) return
      // Files of a graph that was replaced between two looks may be gone.
      const there = existsSync(join(files.folder, `${named.name}.graph`))
      if (files.current()?.name === named.name) expect(there).toBe(true)
    }
    const savers = Array.from({ length: 6 }, async (_, saver) => {
      for (let i = 0; i < 15; i++) {
        await save(1 + saver * 100 + i)
        check()
      }
    })
    await Promise.all(savers)
    expect(await loadGraph(files, format, read)).toBeDefined()
    expect(readdirSync(files.folder)).toHaveLength(2)
    expect(garbage()).toEqual([])
  })

  it('are looked for again by a reader that finds them gone', async () => {
    await save(1)
    const before = files.current()
    await save(2)
    let looks = 0
    // It looked for the name before the second was saved, and for the files after the first were deleted.
    const late = { ...files, current: () => (looks++ === 0 ? before : files.current()) }
    expect((await loadGraph(late, format, read))?.graph).toBe('graph 2')
    expect(looks).toBe(2)
  })

  it('that a process has died over are deleted after an hour, and not before', async () => {
    await save(1)
    const dying = saveGraph(files, tableOf(2), async (path) => {
      writeFileSync(path, 'gra')
      await new Promise(() => {})
    })
    void dying
    await vi.waitFor(() => expect(readdirSync(files.folder)).toHaveLength(3))
    const [row] = garbage()
    await files.tidy()
    expect(readdirSync(files.folder)).toHaveLength(3)
    await environment.write(1, () => environment.catalogue.putSync(row![0], Date.now() - 3_500_000))
    await files.tidy()
    expect(readdirSync(files.folder)).toHaveLength(3)
    await environment.write(1, () => environment.catalogue.putSync(row![0], Date.now() - 3_700_000))
    await files.tidy()
    expect(readdirSync(files.folder)).toHaveLength(2)
    expect(garbage()).toEqual([])
    expect((await loadGraph(files, format, read))?.graph).toBe('graph 1')
  })

  it('that took longer than that are not put in force', async () => {
    await save(1)
    await saveGraph(files, tableOf(2), async (path) => {
      writeFileSync(path, 'graph 2')
      const [row] = garbage()
      await environment.write(1, () => environment.catalogue.putSync(row![0], Date.now() - 3_700_000))
      await files.tidy()
      writeFileSync(path, 'graph 2')
    })
    expect((await loadGraph(files, format, read))?.graph).toBe('graph 1')
    expect(readdirSync(files.folder)).toHaveLength(2)
    expect(garbage()).toEqual([])
  })

  it('that a process did not get to delete are deleted when the database is opened', async () => {
    const { folder } = environment
    await save(1)
    const first = files.current()!.name
    await expect(
      saveGraph({ ...files, tidy: () => Promise.reject(new Error('killed')) }, tableOf(2), async (path) =>
        writeFileSync(path, 'graph 2'),
      ),
    ).resolves.toBeUndefined()
    expect(garbage()).toEqual([[`garbage:1:0:${first}`, true]])
    expect(readdirSync(files.folder)).toHaveLength(4)
    const db = await openDatabase(folder)
    await vi.waitFor(() => expect(readdirSync(files.folder)).toHaveLength(2))
    await db.close()
    expect(garbage()).toEqual([])
    expect((await loadGraph(files, format, read))?.graph).toBe('graph 2')
  })

  it('that were put in force are kept when the process does not learn of it', async () => {
    await save(1)
    const failure = new Error('not flushed')
    const unsure = {
      ...files,
      publish: async (...call: Parameters<IndexFiles['publish']>) => {
        await files.publish(...call)
        throw failure
      },
    }
    const saving = saveGraph(unsure, tableOf(2), async (path) => writeFileSync(path, 'graph 2'))
    await expect(saving).rejects.toBe(failure)
    expect((await loadGraph(files, format, read))?.graph).toBe('graph 2')
  })

  it('of rows that are gone are not published', async () => {
    await save(1)
    await environment.write(1, () => clearCollection(environment, 1, 'films'))
    await save(2)
    expect((await loadGraph(files, format, read))?.graph).toBe('graph 1')
    await environment.write(1, () => dropCollection(environment, 'films'))
    await expect(save(3)).rejects.toThrow('was dropped')
    expect(graphsIn(files.folder)).toHaveLength(1)
  })

  it('of another format are not read', async () => {
    await save(1)
    expect(await loadGraph(files, { ...format, M: 5 }, read)).toBeUndefined()
    expect(await loadGraph(files, { ...format, dimension: 3 }, read)).toBeUndefined()
  })

  it('that could not be written leave the last one', async () => {
    await save(1)
    const failure = new Error('no room')
    const failing = saveGraph(files, tableOf(2), async (path) => {
      writeFileSync(path, 'gra')
      throw failure
    })
    await expect(failing).rejects.toBe(failure)
    expect((await loadGraph(files, format, read))?.graph).toBe('graph 1')
    expect(readdirSync(files.folder)).toHaveLength(2)
    expect(garbage()).toEqual([])
  })
})
