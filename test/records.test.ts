import { describe, expect, it } from 'vitest'
import { idsOf, openCollection } from './helpers/database.ts'
import { expectThrow, rejectionOf, thrownBy } from './helpers/errors.ts'

/** In the order of ids: integers before strings, strings by their UTF-8 bytes (the last two are reversed in UTF-16). */
const ORDERED = [Number.MIN_SAFE_INTEGER, -300, -2, -1, 0, 1, 2, 10, 255, 256, Number.MAX_SAFE_INTEGER]
  .map((id): string | number => id)
  .concat(['!', '1', '10', '2', 'A', 'a', 'aa', 'ab', 'b', 'é', 'ü', '€', '\uffee', '😀'])

async function shuffled() {
  const { films } = await openCollection<{ n: number }>()
  const records = ORDERED.map((id, n) => ({ id, vector: [n, 1], metadata: { n } }))
  await films.upsert([
    ...records.filter((_, i) => i % 2 === 1),
    ...records.filter((_, i) => i % 2 === 0).reverse(),
  ])
  return films
}

async function numbers(count: number) {
  const { films } = await openCollection<{ n: number }, number>()
  await films.upsert(Array.from({ length: count }, (_, n) => ({ id: n, vector: [n, 1], metadata: { n } })))
  return films
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('records', () => {
  it('come in order of ids, synchronously and asynchronously', async () => {
    const films = await shuffled()
    expect(idsOf(films.records())).toEqual(ORDERED)
    expect(idsOf(await collected(films.records()))).toEqual(ORDERED)
  })

  it('carry id and metadata, and the vector when asked to', async () => {
    const films = await numbers(2)
    expect(Array.from(films.records())).toEqual([
      { id: 0, metadata: { n: 0 } },
      { id: 1, metadata: { n: 1 } },
    ])
    const [, second] = await collected(films.records({ includeVector: true }))
    expect(second!.vector[0]).toBeCloseTo(1, 6)
    expect(second!.vector).toBeInstanceOf(Float32Array)
  })

  it('begin behind an id, which need not exist', async () => {
    const films = await shuffled()
    for (const [place, id] of ORDERED.entries()) {
      expect(idsOf(films.records({ after: id }))).toEqual(ORDERED.slice(place + 1))
    }
    expect(idsOf(films.records({ after: 5 }))[0]).toBe(10)
    expect(idsOf(films.records({ after: 'aab' }))[0]).toBe('ab')
    expect(idsOf(films.records({ after: '\u{10ffff}' }))).toEqual([])
  })

  it('end at a limit', async () => {
    const films = await numbers(600)
    for (const limit of [0, 1, 127, 128, 129, 599, 600, 601]) {
      const expected = Array.from({ length: Math.min(limit, 600) }, (_, i) => i)
      expect(idsOf(films.records({ limit }))).toEqual(expected)
      expect(idsOf(await collected(films.records({ limit })))).toEqual(expected)
    }
  })

  it('pass a filter, and the limit counts those that do', async () => {
    const films = await numbers(700)
    const filter = { n: { $gte: 300 } }
    expect(Array.from(films.records({ filter }))).toHaveLength(400)
    expect(idsOf(films.records({ filter, limit: 3 }))).toEqual([300, 301, 302])
    expect(idsOf(films.records({ filter, after: 500, limit: 2 }))).toEqual([501, 502])
    expect(idsOf(await collected(films.records({ filter: { n: -1 } })))).toEqual([])
  })

  it('may be iterated again and side by side, each time anew', async () => {
    const films = await numbers(300)
    const records = films.records()
    const [first, second] = await Promise.all([collected(records), collected(records)])
    expect(idsOf(first)).toEqual(idsOf(second))
    await films.delete(5)
    expect(idsOf(records)).not.toContain(5)
  })

  it('that stay are seen exactly once, whatever else changes meanwhile', async () => {
    const films = await numbers(1000)
    const seen: number[] = []
    for await (const { id } of films.records()) {
      seen.push(id)
      if (id % 50 === 0) await films.delete([id + 1, id - 1])
      if (id === 500) await films.upsert({ id: -7, vector: [1, 1], metadata: { n: 0 } })
      if (id === 510) await films.upsert({ id: 2000, vector: [1, 1], metadata: { n: 0 } })
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    const staying = Array.from({ length: 1000 }, (_, i) => i).filter((i) => i % 50 !== 1 && i % 50 !== 49)
    expect(seen).toEqual(expect.arrayContaining(staying))
    expect(seen).toContain(2000)
    expect(seen).not.toContain(-7)
  })

  it('let the loop be left early', async () => {
    const films = await numbers(300)
    for (const { id } of films.records()) if (id === 3) break
    for await (const { id } of films.records()) if (id === 3) break
    expect(films.size).toBe(300)
  })

  it('stop at a signal, with its reason', async () => {
    const films = await numbers(500)
    const controller = new AbortController()
    const reason = new Error('enough')
    const seen: number[] = []
    const iterate = async () => {
      for await (const { id } of films.records({ signal: controller.signal })) {
        seen.push(id)
        if (id === 200) controller.abort(reason)
      }
    }
    expect(await rejectionOf(iterate())).toBe(reason)
    expect(seen.length).toBeLessThan(500)
    expect(thrownBy(() => Array.from(films.records({ signal: controller.signal })))).toBe(reason)
  })

  it.each([
    [{ limit: -1 }, 'BAD_OPTION', 'options.limit'],
    [{ limit: 1.5 }, 'BAD_OPTION', 'options.limit'],
    [{ after: '' }, 'BAD_ID', 'options.after'],
    [{ filter: { n: { $x: 1 } } }, 'BAD_FILTER', 'options.filter.n.$x'],
    [{ includeVector: 1 }, 'BAD_OPTION', 'options.includeVector'],
    [{ offset: 3 }, 'BAD_OPTION', 'options.offset'],
  ] as const)('refuse the options %j at once', async (options, code, path) => {
    const films = await numbers(1)
    expectThrow(() => films.records(options as never), code, { path })
  })
})
