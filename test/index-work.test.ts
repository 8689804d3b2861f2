import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { HnswGraph } from '../src/engine/hnsw/graph.ts'
import type { Collection, EngineName, Id, Metadata } from '../src/index.ts'
import { idsOf, openDatabase, temporaryFolder } from './helpers/database.ts'
import { expectRejection } from './helpers/errors.ts'
import { GRAPHS, LEAST, recall } from './helpers/graphs.ts'
import { generator, randomVectors } from './helpers/random.ts'

const DIMENSION = 24
const random = generator(77)
const queries = randomVectors(random, 20, DIMENSION)
const ENGINES: readonly EngineName[] = [...GRAPHS, 'flat']

async function create(engine: EngineName, count = LEAST) {
  const folder = temporaryFolder()
  const db = await openDatabase(folder)
  const films = await db.collection<Metadata, Id>('films', { dimension: DIMENSION, index: { engine } })
  await films.upsert(randomVectors(random, count, DIMENSION).map((vector, id) => ({ id, vector })))
  const graphs = () => {
    const index = join(folder, 'index', '1', '0')
    return readdirSync(index).filter((name) => /[.](graph|gen)$/.test(name))
  }
  return { folder, db, films, graphs }
}

/** Exact answers, whatever the index is at. */
async function expectRight(films: Collection<Metadata, Id>): Promise<void> {
  for (const vector of queries.slice(0, 3)) {
    const exact = await films.query({ vector, exact: true })
    expect(idsOf(await films.query({ vector, ef: 4_000 }))).toEqual(idsOf(exact))
  }
}

describe.each(ENGINES)('indexed of a collection of engine %s', (engine) => {
  it('resolves once nothing waits, and tells how far it is', async () => {
    const { films } = await create(engine)
    const told: [number, number][] = []
    await films.indexed({ onProgress: ({ done, total }) => told.push([done, total]) })
    expect(await films.stats()).toMatchObject({ pending: 0, index: { state: 'ready', error: undefined } })
    const [done, total] = told.at(-1)!
    expect(done).toBe(total)
    for (const [i, [each, of]] of told.entries()) {
      expect(each).toBeLessThanOrEqual(of)
      if (i > 0) expect(each).toBeGreaterThanOrEqual(told[i - 1]![0])
    }
    expect(await recall(films, queries)).toBeGreaterThan(0.9)
    await films.indexed()
  })

  it('waits for what other handles have written', async () => {
    const { folder, films } = await create(engine)
    await films.indexed()
    const other = await (await openDatabase(folder)).collection<Metadata, Id>('films')
    await other.upsert(
      randomVectors(random, 1_500, DIMENSION).map((vector, i) => ({ id: `new ${i}`, vector })),
    )
    await films.indexed()
    expect((await films.stats()).pending).toBe(0)
  })

  it('is ended by a signal and by close; the work goes on', async () => {
    const { db, films } = await create(engine)
    await expect(films.indexed({ signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before')
    const controller = new AbortController()
    const waiting = films.indexed({ signal: controller.signal })
    controller.abort(new Error('amid'))
    await expect(waiting).rejects.toThrow('amid')
    await films.indexed()
    await expectRejection(films.indexed({ timeout: 5 } as object), 'BAD_OPTION', { path: 'options.timeout' })
    await films.upsert(
      randomVectors(random, 1_000, DIMENSION).map((vector, i) => ({ id: `new ${i}`, vector })),
    )
    const late = expectRejection(films.indexed(), 'CLOSED')
    await db.close()
    await late
    await expectRejection(films.indexed(), 'CLOSED')
  })

  it('of few records resolves at once', async () => {
    const { films } = await create(engine, 5)
    await films.indexed()
    await films.rebuild()
    await films.clear()
    await films.indexed()
    expect(films.size).toBe(0)
  })
})

describe.each(GRAPHS)('rebuild of a collection of engine %s', (engine) => {
  it('puts another graph in the place of the one there is, while that is searched', async () => {
    const { films, graphs } = await create(engine)
    await films.indexed()
    const before = graphs()
    expect(before).toHaveLength(1)
    const told: number[] = []
    const rebuilding = films.rebuild({ onProgress: ({ done, total }) => told.push(total - done) })
    let rounds = 0
    for (let over = false; !over; rounds++) {
      over = await Promise.race([
        rebuilding.then(() => true),
        new Promise<false>((resolve) => setImmediate(() => resolve(false))),
      ])
      // Queries need not wait for it, nor scan for its sake.
      expect((await films.stats()).pending).toBe(0)
      await expectRight(films)
    }
    expect(rounds).toBeGreaterThan(1)
    expect(Math.max(...told)).toBe(LEAST)
    expect(told.at(-1)).toBe(0)
    expect(graphs()).toHaveLength(1)
    expect(graphs()).not.toEqual(before)
    expect(await recall(films, queries)).toBeGreaterThan(0.9)
    expect(await films.verify()).toEqual({ ok: true, problems: [] })
  })

  it('takes in what is written meanwhile', async () => {
    const { films } = await create(engine)
    await films.indexed()
    const rebuilding = films.rebuild()
    await films.upsert(randomVectors(random, 50, DIMENSION).map((vector, i) => ({ id: `new ${i}`, vector })))
    await films.delete([1, 2, 3])
    await rebuilding
    await films.indexed()
    await expectRight(films)
    const found = await films.query({ vector: queries[0]!, k: 4_000 })
    expect(found).toHaveLength(LEAST + 47)
  })

  it('that is aborted leaves the graph as it was', async () => {
    const { films, graphs } = await create(engine)
    await films.indexed()
    const before = graphs()
    const controller = new AbortController()
    const rebuilding = films.rebuild({ signal: controller.signal })
    controller.abort(new Error('amid'))
    await expect(rebuilding).rejects.toThrow('amid')
    await films.indexed()
    expect(graphs()).toEqual(before)
    expect(await recall(films, queries)).toBeGreaterThan(0.9)
    // Several at once end all.
    await Promise.all([films.rebuild(), films.rebuild(), films.rebuild()])
    expect(graphs()).not.toEqual(before)
  })

  it('of a collection that is cleared meanwhile ends', async () => {
    const { films } = await create(engine)
    await films.indexed()
    const rebuilding = films.rebuild()
    await films.clear()
    await films.query({ vector: queries[0]! })
    await rebuilding
    expect(films.size).toBe(0)
  })

  it('is refused where nothing may be written; indexed is not', async () => {
    const { folder, db, films } = await create(engine)
    await films.indexed()
    await db.close()
    const reader = await openDatabase(folder, { readOnly: true })
    const read = await reader.collection<Metadata, Id>('films')
    await expectRejection(read.rebuild(), 'READ_ONLY')
    await read.indexed()
    expect((await read.stats()).pending).toBe(0)
  })
})

describe('a build that fails', () => {
  it('rejects those who wait for it, is told by stats, and is tried again by the next call', async () => {
    const { films, graphs } = await create('hnsw')
    await films.indexed()
    const before = graphs()
    const advance = vi.spyOn(HnswGraph.prototype, 'advance').mockRejectedValue(new Error('on purpose'))
    await expect(films.rebuild()).rejects.toThrow('on purpose')
    expect((await films.stats()).index).toMatchObject({ state: 'failed', error: new Error('on purpose') })
    expect(graphs()).toEqual(before)
    await films.upsert({ id: 'new', vector: queries[0]! })
    await expect(films.indexed()).rejects.toThrow('on purpose')
    expect(idsOf(await films.query({ vector: queries[0]!, k: 1 }))).toEqual(['new'])
    advance.mockRestore()
    await films.indexed()
    expect((await films.stats()).index).toEqual({ state: 'ready', error: undefined })
    await films.rebuild()
    expect(graphs()).not.toEqual(before)
  })
})
