import { describe, expect, it } from 'vitest'
import { openCollection } from './helpers/database.ts'
import { expectRejection, rejectionOf } from './helpers/errors.ts'

async function numbers(count: number) {
  const { films } = await openCollection<{ n: number }, number>()
  await films.upsert(Array.from({ length: count }, (_, n) => ({ id: n, vector: [n, 1], metadata: { n } })))
  return films
}

describe('count', () => {
  it('counts all records without a filter or with an empty one', async () => {
    const films = await numbers(7)
    expect(await films.count()).toBe(7)
    expect(await films.count({})).toBe(7)
    expect(await films.count({ filter: {} })).toBe(7)
    expect(await films.count({ filter: undefined })).toBe(7)
  })

  it('counts the records that a filter matches', async () => {
    const films = await numbers(1500)
    expect(await films.count({ filter: { n: { $gte: 700 } } })).toBe(800)
    expect(await films.count({ filter: { n: -1 } })).toBe(0)
    expect(await films.count({ filter: { $id: { $in: [1, 2, 5000] } } })).toBe(2)
  })

  it('is zero for an empty collection', async () => {
    const films = await numbers(0)
    expect(await films.count()).toBe(0)
    expect(await films.count({ filter: { n: 1 } })).toBe(0)
  })

  it('stops at a signal, with its reason', async () => {
    const films = await numbers(10_000)
    const reason = new Error('enough')
    expect(await rejectionOf(films.count({ signal: AbortSignal.abort(reason) }))).toBe(reason)
    const controller = new AbortController()
    const call = films.count({ filter: { n: { $ne: 3 } }, signal: controller.signal })
    controller.abort(reason)
    expect(await rejectionOf(call)).toBe(reason)
  })

  it('refuses filters and options that are none', async () => {
    const films = await numbers(1)
    await expectRejection(films.count({ filter: { n: { $near: 3 } } as never }), 'BAD_FILTER', {
      path: 'options.filter.n.$near',
    })
    await expectRejection(films.count({ where: {} } as never), 'BAD_OPTION', { path: 'options.where' })
    await expectRejection(films.count({ signal: 5 } as never), 'BAD_OPTION', { path: 'options.signal' })
  })
})
