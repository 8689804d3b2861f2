// More than 400 lines: a case for each thing that can be wrong.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { HnswGraph } from '../src/engine/hnsw/graph.ts'
import { type Collection, type Id, type Metadata, open, type ProblemCode } from '../src/index.ts'
import { sealRow } from '../src/native.ts'
import { encodeId } from '../src/store/keys.ts'
import { openDatabase, temporaryFolder } from './helpers/database.ts'
import { expectRejection } from './helpers/errors.ts'
import { LEAST, untilBuilt } from './helpers/graphs.ts'
import { generator, randomVectors } from './helpers/random.ts'
import { editRaw, type RawDatabase } from './helpers/raw.ts'

const DIMENSION = 8
const random = generator(9)
const ENGINES = ['hnsw', 'hnswlib', 'flat'] as const
const SOUND = { ok: true, problems: [] }

const recordsOf = (count: number, first = 0) =>
  randomVectors(random, count, DIMENSION).map((vector, i) => ({ id: first + i, vector, metadata: { i } }))

/** A closed database with ten records, of ids 0 to 9 and of the same ordinals and slots, of which 3 and 4 were removed. */
async function closed(): Promise<string> {
  const folder = temporaryFolder()
  const db = await open(folder)
  const films = await db.collection<Metadata, Id>('films', {
    dimension: DIMENSION,
    index: { engine: 'flat' },
  })
  await films.upsert(recordsOf(10))
  await films.delete([3, 4])
  await db.close()
  return folder
}

async function problemsIn(folder: string, readOnly = false) {
  const db = await openDatabase(folder, { readOnly })
  const { ok, problems } = await (await db.collection('films')).verify()
  expect(ok).toBe(problems.length === 0)
  for (const { detail } of problems) expect(detail.length).toBeGreaterThan(10)
  await db.close()
  return problems
}

describe.each(ENGINES)('verify of a collection of engine %s', (engine) => {
  it('finds nothing in what was written in any way', async () => {
    const db = await openDatabase()
    const films = await db.collection<Metadata, Id>('films', { dimension: DIMENSION, index: { engine } })
    expect(await films.verify()).toEqual(SOUND)
    await films.upsert(recordsOf(LEAST))
    await films.update([5, 6], { changed: new Date() })
    await films.update(7, {}, { vector: new Float32Array(DIMENSION).fill(1e-30) })
    await films.upsert({ id: 'tiny', vector: [1e-44, 0, 0, 0, 0, 0, 0, 0] })
    await films.upsert({ id: 'huge', vector: new Float32Array(DIMENSION).fill(3e38) })
    await films.delete({ filter: { $id: { $lt: 40 } } })
    await films.upsert(recordsOf(20, 10_000))
    expect(await films.verify()).toEqual(SOUND)
    await untilBuilt(films)
    await vi.waitFor(async () => expect((await films.stats()).index.state).toBe('ready'), 10_000)
    expect(await films.verify()).toEqual(SOUND)
    await films.clear()
    expect(await films.verify()).toEqual(SOUND)
    await films.upsert(recordsOf(10))
    expect(await films.verify()).toEqual(SOUND)
  })

  it.each(['cosine', 'euclidean', { mahalanobis: [2, 1, 1, 2] }] as const)(
    'finds nothing in a collection of the metric %o',
    async (metric) => {
      const db = await openDatabase()
      const films = await db.collection<Metadata, number>('films', { dimension: 2, metric })
      const some = (count: number) =>
        randomVectors(generator(3), count, 2).map((vector, id) => ({ id, vector }))
      for (const count of [3, LEAST]) {
        await films.upsert(some(count))
        expect(await films.verify()).toEqual({ ok: true, problems: [] })
        await films.indexed()
        expect(await films.verify()).toEqual({ ok: true, problems: [] })
      }
    },
  )

  it('finds nothing while others write, since it looks at one moment', async () => {
    const db = await openDatabase()
    const films = await db.collection<Metadata, Id>('films', { dimension: DIMENSION, index: { engine } })
    await films.upsert(recordsOf(3_000))
    let stop = false
    let rounds = 0
    const writing = (async () => {
      for (; !stop; rounds++) {
        await films.upsert(recordsOf(50, (rounds * 37) % 3_000))
        await films.delete([rounds % 3_000, (rounds * 7) % 3_000])
      }
    })()
    while (rounds < 5) expect(await films.verify()).toEqual(SOUND)
    stop = true
    await writing
  })
})

describe('verify', () => {
  it('finds nothing after any writes', async () => {
    const id = fc.integer({ min: 0, max: 12 })
    const write = fc.oneof(
      fc.record({ kind: fc.constant('upsert' as const), ids: fc.array(id, { maxLength: 8 }) }),
      fc.record({ kind: fc.constant('delete' as const), ids: fc.array(id, { maxLength: 8 }) }),
      fc.record({ kind: fc.constant('update' as const), ids: fc.array(id, { maxLength: 4 }) }),
      fc.constant({ kind: 'clear' as const, ids: [] }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 12 }), async (writes) => {
        const db = await open(':memory:')
        const films = await db.collection<Metadata, Id>('films', { dimension: DIMENSION })
        for (const { kind, ids } of writes) {
          if (kind === 'upsert') await films.upsert(ids.map((id) => ({ ...recordsOf(1)[0]!, id })))
          else if (kind === 'clear') await films.clear()
          else if (kind === 'update') await films.update(ids, { note: ids.length })
          else await films.delete(ids)
        }
        expect(await films.verify()).toEqual(SOUND)
        await db.close()
      }),
      { numRuns: 40 },
    )
  })

  const number = 1
  const sealed = (bytes: Buffer, change: (bytes: Buffer) => void) => {
    change(bytes)
    sealRow(bytes)
    return bytes
  }
  const changed = (bytes: Buffer, change: (bytes: Buffer) => void) => {
    change(bytes)
    return bytes
  }
  const cases: readonly [string, ProblemCode, (raw: RawDatabase) => void][] = [
    ['an id that is gone', 'LOOSE_ROW', (raw) => raw.ids().remove([number, encodeId(1)])],
    ['a record that is gone', 'MISSING_ROW', (raw) => raw.rows('records').remove([number, 0, 1])],
    ['a vector that is gone', 'MISSING_ROW', (raw) => raw.rows('vectors').remove([number, 0, 1])],
    [
      'an id of another record',
      'WRONG_ROW',
      (raw) => raw.ids().put([number, encodeId(1)], raw.ids().get([number, encodeId(2)])),
    ],
    [
      'an id that leads nowhere',
      'DAMAGED_ROW',
      (raw) => raw.ids().put([number, encodeId(1)], Buffer.alloc(3)),
    ],
    [
      'an id that was never written',
      'WRONG_COUNT',
      (raw) => raw.ids().put([number, encodeId('new')], Buffer.from([9, 0, 0, 0])),
    ],
    [
      'a damaged record',
      'DAMAGED_ROW',
      (raw) =>
        raw.rows('records').put(
          [number, 0, 1],
          changed(raw.rows('records').get([number, 0, 1]), (b) => (b[9]! ^= 1)),
        ),
    ],
    [
      'a record with the slot of another one',
      'WRONG_ROW',
      (raw) =>
        raw.rows('records').put(
          [number, 0, 1],
          sealed(raw.rows('records').get([number, 0, 1]), (b) => b.writeUInt32LE(2, 16)),
        ),
    ],
    [
      'a record of a version to come',
      'WRONG_ROW',
      (raw) =>
        raw.rows('records').put(
          [number, 0, 1],
          sealed(raw.rows('records').get([number, 0, 1]), (b) => b.writeUInt32LE(99, 8)),
        ),
    ],
    [
      'metadata that is none',
      'DAMAGED_ROW',
      (raw) =>
        raw.rows('records').put(
          [number, 0, 1],
          sealed(raw.rows('records').get([number, 0, 1]), (b) => (b[b.length - 3] = 0xc1)),
        ),
    ],
    [
      'a damaged vector',
      'DAMAGED_ROW',
      (raw) =>
        raw.rows('vectors').put(
          [number, 0, 1],
          changed(raw.rows('vectors').get([number, 0, 1]), (b) => (b[20]! ^= 1)),
        ),
    ],
    [
      'a vector that is cut off',
      'DAMAGED_ROW',
      (raw) =>
        raw.rows('vectors').put([number, 0, 1], raw.rows('vectors').get([number, 0, 1]).subarray(0, 30)),
    ],
    [
      'a vector of another record',
      'WRONG_ROW',
      (raw) =>
        raw.rows('vectors').put(
          [number, 0, 1],
          sealed(raw.rows('vectors').get([number, 0, 1]), (b) => b.writeUInt32LE(2, 0)),
        ),
    ],
    [
      'a vector with another length',
      'WRONG_ROW',
      (raw) =>
        raw.rows('vectors').put(
          [number, 0, 1],
          sealed(raw.rows('vectors').get([number, 0, 1]), (b) =>
            b.writeDoubleLE(b.readDoubleLE(8) * 1.01, 8),
          ),
        ),
    ],
    [
      'a vector in a slot that is free',
      'LOOSE_ROW',
      (raw) => raw.rows('vectors').put([number, 0, 3], raw.rows('vectors').get([number, 0, 1])),
    ],
    [
      'a count',
      'WRONG_COUNT',
      (raw) =>
        raw.rows('state').put(
          [1, 0, 0],
          changed(raw.rows('state').get([1, 0, 0]), (b) => b.writeUInt32LE(7, 4)),
        ),
    ],
    ['a log row that is gone', 'WRONG_LOG', (raw) => raw.rows('log').remove([number, 0, 10])],
    [
      'a change of the log',
      'WRONG_LOG',
      (raw) =>
        raw.rows('log').put(
          [number, 0, 12],
          changed(raw.rows('log').get([number, 0, 12]), (b) => b.writeUInt32LE(1, 0)),
        ),
    ],
    [
      'a log row that is cut off',
      'DAMAGED_PAGE',
      (raw) => raw.rows('log').put([number, 0, 12], raw.rows('log').get([number, 0, 12]).subarray(0, 13)),
    ],
    ['freed slots that are gone', 'WRONG_FREE_NUMBERS', (raw) => raw.rows('free').remove([number, 1, 0])],
    [
      'a freed ordinal that is in use',
      'WRONG_FREE_NUMBERS',
      (raw) =>
        raw.rows('free').put(
          [number, 0, 0],
          changed(raw.rows('free').get([number, 0, 0]), (b) => b.writeUInt32LE(5, 0)),
        ),
    ],
    [
      'a freed ordinal that is there twice',
      'WRONG_FREE_NUMBERS',
      (raw) =>
        raw.rows('free').put(
          [number, 0, 0],
          changed(raw.rows('free').get([number, 0, 0]), (b) => b.copy(b, 0, 4, 8)),
        ),
    ],
    [
      'an index that names no file',
      'DAMAGED_CATALOGUE',
      (raw) => raw.catalogue().put('index:1:0', Buffer.from('{"name":"../x"}')),
    ],
    [
      'garbage that names no file',
      'DAMAGED_CATALOGUE',
      (raw) => raw.catalogue().put('garbage:1:0:..', Buffer.from('true')),
    ],
    [
      'an unfinished transaction',
      'UNFINISHED',
      (raw) =>
        raw.rows('state').put(
          [1, 0, 0],
          changed(raw.rows('state').get([1, 0, 0]), (b) => b.writeUInt32LE(1, 40)),
        ),
    ],
  ]

  it.each(cases)('tells of %s: %s', async (_, code, edit) => {
    const folder = await closed()
    expect(await problemsIn(folder)).toEqual([])
    await editRaw(folder, edit)
    const problems = await problemsIn(folder, true)
    expect(problems.map((problem) => problem.code)).toContain(code)
  })

  it('tells of index files that are not what was saved', async () => {
    const folder = temporaryFolder()
    const db = await open(folder)
    const films = await db.collection<Metadata, Id>('films', { dimension: DIMENSION })
    await films.upsert(recordsOf(LEAST))
    await untilBuilt(films)
    await db.close()
    expect(await problemsIn(folder, true)).toEqual([])
    const index = join(folder, 'index', '1', '0')
    for (const file of readdirSync(index)) {
      const path = join(index, file)
      const bytes = readFileSync(path)
      const damaged = [
        Buffer.from(bytes).fill(bytes[bytes.length >> 1]! ^ 1, bytes.length >> 1, (bytes.length >> 1) + 1),
        bytes.subarray(0, bytes.length - 1),
      ]
      for (const other of damaged) {
        writeFileSync(path, other)
        expect(await codesInReadOnly(folder)).toEqual(new Set(['DAMAGED_INDEX']))
      }
      rmSync(path)
      expect(await codesInReadOnly(folder)).toEqual(new Set(['DAMAGED_INDEX']))
      writeFileSync(path, bytes)
    }
    expect(await problemsIn(folder)).toEqual([])
  })

  it('finds nothing in a graph that grows, is worn, or is read from its file', async () => {
    const folder = temporaryFolder()
    const db = await openDatabase(folder)
    const films = await db.collection<Metadata, Id>('films', { dimension: DIMENSION })
    const check = vi.spyOn(HnswGraph.prototype, 'fault')
    await films.upsert(recordsOf(6_000))
    while ((await films.stats()).pending > 0) expect(await films.verify()).toEqual(SOUND)
    await films.delete({ filter: { $id: { $lt: 2_500 } } })
    await films.upsert(recordsOf(300, 100))
    expect(await films.verify()).toEqual(SOUND)
    await films.indexed()
    expect(await films.verify()).toEqual(SOUND)
    await db.close()
    expect(await problemsIn(folder)).toEqual([])
    for (const { value } of check.mock.results) expect(await value).toBeUndefined()
    expect(check.mock.calls.length).toBeGreaterThan(3)
  })

  it('tells of a graph in memory of which something is wrong', async () => {
    const db = await openDatabase()
    const films = await db.collection<Metadata, Id>('films', { dimension: DIMENSION })
    await films.upsert(recordsOf(10))
    vi.spyOn(HnswGraph.prototype, 'fault').mockResolvedValueOnce('3 of its nodes are wrong')
    const { ok, problems } = await films.verify()
    expect({ ok, problems }).toMatchObject({ ok: false, problems: [{ code: 'DAMAGED_GRAPH' }] })
    expect(await films.verify()).toEqual(SOUND)
  })

  it('looks at a collection as a whole also where much is damaged, and lists no more than 1,000 problems', async () => {
    const folder = temporaryFolder()
    const db = await open(folder)
    const films = await db.collection<Metadata, Id>('films', {
      dimension: DIMENSION,
      index: { engine: 'flat' },
    })
    await films.upsert(recordsOf(1_500))
    await db.close()
    await editRaw(folder, (raw) => {
      for (let i = 0; i < 1_200; i++) raw.rows('vectors').put([number, 0, i], Buffer.alloc(9))
    })
    expect(await problemsIn(folder)).toHaveLength(1_000)
  })

  it('is ended by a signal, by what onProgress throws and by close', async () => {
    const db = await openDatabase()
    const films: Collection<Metadata, Id> = await db.collection<Metadata, Id>('films', {
      dimension: DIMENSION,
    })
    await films.upsert(recordsOf(3_000))
    await expect(films.verify({ signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before')
    const controller = new AbortController()
    const told: number[] = []
    const onProgress = ({ done, total }: { done: number; total: number }) => {
      expect(done).toBeLessThanOrEqual(total)
      told.push(done)
      if (told.length === 2) controller.abort(new Error('amid'))
    }
    await expect(films.verify({ signal: controller.signal, onProgress })).rejects.toThrow('amid')
    expect(told).toHaveLength(2)
    const failing = () => {
      throw new Error('on purpose')
    }
    await expect(films.verify({ onProgress: failing })).rejects.toThrow('on purpose')
    await expectRejection(films.verify({ sample: 5 } as object), 'BAD_OPTION', { path: 'options.sample' })
    const underWay = expectRejection(films.verify(), 'CLOSED')
    await db.close()
    await underWay
    await expectRejection(films.verify(), 'CLOSED')
  })

  it('of a dropped collection is refused', async () => {
    const db = await openDatabase()
    const films = await db.collection('films', { dimension: DIMENSION })
    await db.drop('films')
    await expectRejection(films.verify(), 'NOT_FOUND')
  })
})

async function codesInReadOnly(folder: string) {
  return new Set((await problemsIn(folder, true)).map(({ code }) => code))
}
