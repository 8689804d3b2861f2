import { describe, expect, it } from 'vitest'
import { idsOf, openCollection } from './helpers/database.ts'
import { expectRejection, rejectionOf } from './helpers/errors.ts'

async function numbers(count: number) {
  const { films } = await openCollection<{ n: number }, string | number>()
  await films.upsert(Array.from({ length: count }, (_, n) => ({ id: n, vector: [n, 1], metadata: { n } })))
  return films
}

describe('delete', () => {
  it('deletes a record by id, and tells whether there was one', async () => {
    const films = await numbers(3)
    expect(await films.delete(1)).toBe(1)
    expect(await films.delete(1)).toBe(0)
    expect(await films.delete('0')).toBe(0)
    expect(idsOf(films.records())).toEqual([0, 2])
  })

  it('deletes several by id, each counted once', async () => {
    const films = await numbers(5)
    expect(await films.delete([0, 4, 4, 'nobody', 0])).toBe(2)
    expect(await films.delete([])).toBe(0)
    expect(idsOf(films.records())).toEqual([1, 2, 3])
  })

  it('deletes what a filter matches, over many transactions too', async () => {
    const films = await numbers(1800)
    expect(await films.delete({ filter: { n: { $gte: 100 } } })).toBe(1700)
    expect(films.size).toBe(100)
    expect(await films.delete({ filter: { n: { $gte: 100 } } })).toBe(0)
    expect(await films.query({ vector: [1, 0], k: 1 })).toMatchObject([{ id: 99, metadata: { n: 99 } }])
  })

  it('tells of a bad id among several before anything is deleted', async () => {
    const films = await numbers(3)
    await expectRejection(films.delete([0, '', 1]), 'BAD_ID', { path: 'ids[1]' })
    await expectRejection(films.delete(1.5), 'BAD_ID', { path: 'id' })
    await expectRejection(films.delete(undefined as never), 'BAD_ID', { path: 'id' })
    expect(films.size).toBe(3)
  })

  it.each([{}, { $and: [] }, { $and: [{}] }, { n: { $nin: [] } }])(
    'refuses the empty filter %j',
    async (filter) => {
      const films = await numbers(3)
      const error = await expectRejection(films.delete({ filter }), 'BAD_FILTER', { path: 'filter' })
      expect(error.message).toMatch(/clear\(\)/)
      expect(films.size).toBe(3)
    },
  )

  it('refuses targets and options that are none', async () => {
    const films = await numbers(3)
    await expectRejection(films.delete({} as never), 'BAD_FILTER', { path: 'filter' })
    await expectRejection(films.delete({ where: {} } as never), 'BAD_OPTION', { path: 'target.where' })
    await expectRejection(films.delete({ filter: { n: { $x: 1 } } as never }), 'BAD_FILTER', {
      path: 'filter.n.$x',
    })
    await expectRejection(films.delete(1, { force: true } as never), 'BAD_OPTION', { path: 'options.force' })
    expect(films.size).toBe(3)
  })

  it('stops at a signal; what was deleted before stays deleted', async () => {
    const films = await numbers(2000)
    const reason = new Error('enough')
    expect(await rejectionOf(films.delete(5, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(films.size).toBe(2000)
    const controller = new AbortController()
    const all = Array.from({ length: 2000 }, (_, i) => i)
    const call = films.delete(all, { signal: controller.signal })
    controller.abort(reason)
    expect(await rejectionOf(call)).toBe(reason)
    expect(films.size).toBeGreaterThan(0)
    expect(idsOf(films.records())).toEqual(all.filter((id) => films.has(id)))
  })

  it('copies ids before the call returns', async () => {
    const films = await numbers(4)
    const ids = [0, 1]
    const call = films.delete(ids)
    ids[0] = 2
    ids.push(3)
    expect(await call).toBe(2)
    expect(idsOf(films.records())).toEqual([2, 3])
  })
})
