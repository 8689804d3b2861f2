import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Copies } from '../src/engine/hnswlib/copies.ts'
import { Heads, hashOf } from '../src/engine/hnswlib/heads.ts'
import { NONE, SlotTable } from '../src/engine/hnswlib/slot-table.ts'
import { decodeTable, encodeTable, UNEQUAL } from '../src/engine/hnswlib/table-file.ts'
import type { Collection, MetricName } from '../src/index.ts'
import { idsOf, openDatabase, temporaryFolder } from './helpers/database.ts'
import { LEAST, untilBuilt } from './helpers/graphs.ts'
import { generator, randomVector, randomVectors } from './helpers/random.ts'

const DIMENSION = 16

describe('the slots of a node', () => {
  it.each([5, 5_000])('are a set in ascending order, whatever comes and goes among %s', (range) => {
    const random = generator(1)
    const copies = new Copies()
    const expected = new Set<number>()
    for (let step = 0; step < 20_000; step++) {
      const slot = Math.floor(random() * range)
      if (expected.delete(slot)) copies.delete(slot)
      else {
        expected.add(slot)
        copies.add(slot)
      }
      expect(copies.size).toBe(expected.size)
      if (step % 500 !== 0) continue
      const slots = [...expected].sort((a, b) => a - b)
      expect([...copies]).toEqual(slots)
      expect(copies.first).toBe(slots[0])
    }
  })

  it('may all go, and others come', () => {
    const copies = new Copies()
    for (let slot = 0; slot < 3_000; slot++) copies.add(slot)
    for (let slot = 0; slot < 3_000; slot++) copies.delete(slot)
    copies.add(7)
    expect([...copies]).toEqual([7])
  })
})

describe('heads', () => {
  it('are found by hash among any number of others, until they are removed', () => {
    const heads = new Heads()
    // Of three nodes each that share a hash.
    const hash = (node: number) => (Math.imul(Math.floor(node / 3), 0x9e37_79b1) ^ 5) >>> 0
    const find = (node: number) => heads.find(hash(node), (other) => other === node)
    for (let node = 0; node < 6_000; node++) {
      expect(find(node)).toBe(NONE)
      heads.add(node, hash(node))
    }
    for (let node = 0; node < 6_000; node += 2) heads.remove(node)
    for (let node = 0; node < 6_000; node++) expect(find(node)).toBe(node % 2 ? node : NONE)
    expect(heads.hashes(6_001)[5_999]).toBe(hash(5_999))
  })

  it('with other hashes are not compared', () => {
    const heads = new Heads()
    for (let node = 0; node < 5_000; node++) heads.add(node, node * 4_096)
    const compared: number[] = []
    heads.find(4_096 * 7, (node) => compared.push(node) === 0)
    expect(compared).toEqual([7])
  })

  it('have hashes that tell vectors apart', () => {
    const random = generator(2)
    const vectors = randomVectors(random, 10_000, DIMENSION)
    expect(new Set(vectors.map(hashOf)).size).toBeGreaterThan(9_995)
    const [vector] = vectors
    for (let i = 0; i < DIMENSION; i++) {
      const other = vector!.slice()
      other[i]! *= -1
      expect(hashOf(other)).not.toBe(hashOf(vector!))
    }
    expect(hashOf(vector!.slice())).toBe(hashOf(vector!))
  })
})

describe('a table of slots', () => {
  function tableOf(): SlotTable {
    const table = new SlotTable()
    for (const slot of [4, 2, 9, 7]) table.put(slot)
    table.assign(4)
    table.join(2, 0, true)
    table.join(9, 0, true)
    table.assign(7)
    return table
  }

  it('gives a node to its other slots when one has gone, and lets it die with the last', () => {
    const table = tableOf()
    expect([...table.slotsOf(0)]).toEqual([2, 4, 9])
    expect(table.slots()).toEqual(Uint32Array.of(2, 7))
    expect(table.remove(2)).toBe(NONE)
    expect([...table.slotsOf(0)]).toEqual([4, 9])
    expect(table.put(9)).toBe(NONE)
    expect([...table.slotsOf(0)]).toEqual([4])
    expect({ nodes: table.nodes, living: table.living, alive: table.alive, waiting: table.waiting }).toEqual({
      nodes: 2,
      living: 2,
      alive: 2,
      waiting: 1,
    })
    expect(table.remove(4)).toBe(0)
    expect([...table.slotsOf(0)]).toEqual([])
    expect(table.slotOf(0)).toBe(NONE)
    expect(table.living).toBe(1)
  })

  it('tells whether all vectors of a node are equal, and forgets it with the copies', () => {
    const table = tableOf()
    expect(table.areEqual(0)).toBe(true)
    table.put(1)
    table.join(1, 0, false)
    expect(table.areEqual(0)).toBe(false)
    expect(table.copies()).toEqual(Uint32Array.of(UNEQUAL, 2, UNEQUAL, 4, UNEQUAL, 9))
    for (const slot of [1, 4, 9]) table.remove(slot)
    expect(table.areEqual(0)).toBe(true)
    expect(table.copies()).toEqual(new Uint32Array())
  })

  it('is the same when it was saved and read', () => {
    const table = tableOf()
    const saved = {
      kind: 'hnswlib',
      dimension: 3,
      M: 4,
      efConstruction: 5,
      position: 6,
      reference: 7,
      slots: table.slots(),
      hashes: Uint32Array.of(0xffff_ffff, 1),
      copies: table.copies(),
    } as const
    const graph = { bytes: 8, crc: 9 }
    const bytes = encodeTable(saved, graph)
    expect(decodeTable(bytes)).toEqual({ table: saved, graph })
    expect(saved.copies).toEqual(Uint32Array.of(0, 4, 0, 9))
  })
})

describe('copies in a graph of hnswlib', () => {
  type Films = Collection<{ n: number }, number>

  async function openFilms(folder: string, metric: MetricName = 'cosine') {
    const db = await openDatabase(folder)
    const films: Films = await db.collection('films', {
      dimension: DIMENSION,
      metric,
      index: { engine: 'hnswlib', M: 8, efConstruction: 60 },
    })
    return { db, films }
  }

  async function write(films: Films, vectors: readonly Float32Array[], from = 0): Promise<void> {
    await films.upsert(vectors.map((vector, i) => ({ id: from + i, vector, metadata: { n: from + i } })))
    await untilBuilt(films)
  }

  /** The points that the package has in the saved graph, deleted ones included. */
  function savedPoints(folder: string): number {
    const index = join(folder, 'index', '1', '0')
    const graphs = readdirSync(index).filter((name) => name.endsWith('.graph'))
    expect(graphs).toHaveLength(1)
    return Number(readFileSync(join(index, graphs[0]!)).readBigUInt64LE(16))
  }

  it('are one point of the package, however many they are, and a query looks at few', async () => {
    const random = generator(3)
    const folder = temporaryFolder()
    const { db, films } = await openFilms(folder)
    const vector = randomVector(random, DIMENSION)
    await write(films, [...randomVectors(random, LEAST, DIMENSION), ...new Array(10_000).fill(vector)])
    const { plan, distances } = await films.explain({ vector, k: 10 })
    expect(plan).toBe('hnswlib')
    expect(distances).toBeLessThan(30)
    const matches = await films.query({ vector, k: 10 })
    expect(idsOf(matches)).toEqual(Array.from({ length: 10 }, (_, i) => LEAST + i))
    const filter = { n: { $gte: LEAST + 5_000 } }
    expect(idsOf(await films.query({ vector, k: 3, filter }))).toEqual([7_100, 7_101, 7_102])
    expect(idsOf(await films.query({ id: LEAST + 1, k: 3 }))).toEqual([LEAST, LEAST + 2, LEAST + 3])
    await db.close()
    expect(savedPoints(folder)).toBe(LEAST + 1)
  })

  it('go on as such when the graph was saved and read', async () => {
    const random = generator(4)
    const folder = temporaryFolder()
    const vectors = randomVectors(random, 10, DIMENSION)
    const copies = Array.from({ length: 2_000 }, (_, i) => vectors[i % 10]!)
    const others = randomVectors(random, LEAST, DIMENSION)
    const first = await openFilms(folder)
    await write(first.films, [...others, ...copies])
    await first.films.delete(Array.from({ length: 1_000 }, (_, i) => LEAST + i))
    await first.db.close()
    const second = await openFilms(folder)
    // Those that were added to the package go, perhaps before the file is read; the nodes stay.
    await second.films.delete(Array.from({ length: 20 }, (_, i) => LEAST + 1_000 + i))
    await write(second.films, copies.slice(1_000), 10_000)
    const options = { vector: vectors[3]!, k: 150 }
    expect(await second.films.query(options)).toEqual(await second.films.query({ ...options, exact: true }))
    await second.db.close()
    expect(savedPoints(folder)).toBe(LEAST + 10)
  })

  it('share a point when only their length differs, with cosine', async () => {
    const random = generator(5)
    const folder = temporaryFolder()
    const { db, films } = await openFilms(folder)
    const vector = randomVector(random, DIMENSION)
    const scaled = Array.from({ length: 600 }, (_, i) => vector.map((component) => component * 2 ** (i % 9)))
    await write(films, [...randomVectors(random, LEAST, DIMENSION), ...scaled])
    const matches = await films.query({ vector, k: 100 })
    expect(idsOf(matches)).toEqual(Array.from({ length: 100 }, (_, i) => LEAST + i))
    await db.close()
    expect(savedPoints(folder)).toBe(LEAST + 1)
  })

  // Vectors far longer than the others are shortened for the package, and only their direction is left.
  it('that are equal to the package alone are ranked by their own scores', async () => {
    const random = generator(6)
    const folder = temporaryFolder()
    const vector = randomVector(random, DIMENSION)
    const long = Array.from({ length: 600 }, (_, i) =>
      vector.map((component) => component * 2 ** (30 + (i % 60))),
    )
    const check = async (films: Films) => {
      const options = { vector, k: 15 }
      const matches = await films.query(options)
      expect(matches).toEqual(await films.query({ ...options, exact: true }))
      expect(idsOf(matches.slice(0, 2))).toEqual([LEAST + 59, LEAST + 119])
    }
    const first = await openFilms(folder, 'dot')
    await write(first.films, randomVectors(random, LEAST, DIMENSION))
    await write(first.films, long, LEAST)
    await check(first.films)
    await first.db.close()
    expect(savedPoints(folder)).toBe(LEAST + 1)
    const second = await openFilms(folder, 'dot')
    await untilBuilt(second.films)
    await check(second.films)
  })
})
