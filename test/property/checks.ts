import { expect } from 'vitest'
import type { Collection, Id, Metadata, MetricName } from '../../src/index.ts'
import { IDS } from './arbitraries.ts'
import type { Query } from './commands.ts'
import { matching } from './expected.ts'
import { compareIds, type ModelRecord, type Records, sorted } from './model.ts'
import { expectNearest, expectVector, nearness } from './reference.ts'

type Handle = Collection<Metadata, Id>

/** Reads everything there is to read, and compares. */
export async function checkReads(handle: Handle, records: Records, query: Pick<Query, 'judged' | 'id'>) {
  expect(handle.size).toBe(records.size)
  expect(await handle.count()).toBe(records.size)
  expect(handle.getMany(IDS)).toEqual(IDS.map((id) => withoutVector(records.get(id))))
  for (const id of IDS) {
    expect(handle.has(id)).toBe(records.has(id))
    expect(handle.get(id)).toEqual(withoutVector(records.get(id)))
  }
  const inOrder = sorted(records)
  expect([...handle.records()]).toEqual(inOrder.map(withoutVector))
  let i = 0
  for await (const { id, vector } of handle.records({ includeVector: true })) {
    expect(id).toBe(inOrder[i]!.id)
    expectVector(vector, inOrder[i++]!.vector)
  }
  expect(i).toBe(records.size)
  await checkFiltered(handle, records, query)
}

async function checkFiltered(handle: Handle, records: Records, { judged, id }: Pick<Query, 'judged' | 'id'>) {
  const matches = sorted(new Map(matching(records, judged).map((record) => [record.id, record])))
  expect(await handle.count({ filter: judged?.filter })).toBe(matches.length)
  const behind = matches.filter((record) => compareIds(id, record.id) < 0).slice(0, 3)
  const page = [...handle.records({ filter: judged?.filter, after: id, limit: 3 })]
  expect(page).toEqual(behind.map(withoutVector))
}

/** A version goes up with every change of its record, and stays while there is none. */
export class Versions {
  #known = new Map<Id, { record: ModelRecord; version: number }>()
  #highest = 0

  check(handle: Handle, records: Records): void {
    const highest = this.#highest
    const known = new Map<Id, { record: ModelRecord; version: number }>()
    for (const [id, record] of records) {
      const stored = handle.get(id, { includeVersion: true }) as unknown as { version: number }
      const before = this.#known.get(id)
      if (before?.record === record) expect(stored.version).toBe(before.version)
      else expect(stored.version).toBeGreaterThan(highest)
      known.set(id, { record, version: stored.version })
      this.#highest = Math.max(this.#highest, stored.version)
    }
    this.#known = known
  }
}

/** Asks in every way there is, and compares with the reference and the answers with one another. */
export async function checkQueries(handle: Handle, metric: MetricName, records: Records, query: Query) {
  const { vector, k, judged } = query
  const filter = judged?.filter
  const candidates = matching(records, judged)
  const matches = await handle.query({ vector, k, filter })
  expectNearest(metric, vector, k, candidates, matches)
  expect(handle.querySync({ vector, k, filter })).toEqual(matches)

  const all = handle.querySync({ vector, k: 100, filter })
  expectNearest(metric, vector, 100, candidates, all)
  expect(all.slice(0, k)).toEqual(matches)
  const last = matches.at(-1)
  if (last !== undefined) {
    expect(await handle.query({ vector, k: 100, filter, after: last })).toEqual(all.slice(k))
    const near = all.filter(({ score }) => nearness(metric, score, last.score) >= 0)
    expect(await handle.query({ vector, k: 100, filter, threshold: last.score })).toEqual(near)
  }

  const plain = handle.querySync({ vector, k: 100, select: [], includeVector: true })
  expect(plain.length).toBe(records.size)
  for (const match of plain) expectVector(match.vector, records.get(match.id)!.vector)
  const two = handle.querySync({ vector, k: 2 })
  const many = await handle.queryMany([
    { vector, k, filter },
    { vector, k: 2 },
  ])
  expect(many).toEqual([matches, two])
  await checkNeighbours(handle, metric, records, query)
}

async function checkNeighbours(handle: Handle, metric: MetricName, records: Records, { id, k }: Query) {
  const itself = records.get(id)
  if (itself === undefined) {
    await expect(handle.query({ id, k })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    return
  }
  const stored = handle.get(id, { includeVector: true })!.vector
  const others = [...records.values()].filter((record) => record !== itself)
  expectNearest(metric, stored, k, others, await handle.query({ id, k }))
}

function withoutVector(record: ModelRecord | undefined) {
  return record && { id: record.id, metadata: record.metadata }
}
