import { describe, expect, it } from 'vitest'
import type { Collection } from '../../src/index.ts'
import { idsOf, openCollection } from '../helpers/database.ts'
import { expectError, expectRejection, rejectionOf } from '../helpers/errors.ts'
import { untilBuilt } from '../helpers/graphs.ts'
import { generator, randomVector } from '../helpers/random.ts'

const DIMENSION = 8
const COUNT = 2_500

type Films = Collection<{ genre: number }, number>

async function fill(): Promise<Films> {
  const { films } = await openCollection<{ genre: number }, number>({
    dimension: DIMENSION,
    metric: 'cosine',
  })
  const random = generator(3)
  const records = Array.from({ length: COUNT }, (_, id) => ({
    id,
    vector: randomVector(random, DIMENSION),
    metadata: { genre: id % 9 },
  }))
  for (let i = 0; i < COUNT; i += 500) await films.upsert(records.slice(i, i + 500))
  await untilBuilt(films)
  return films
}

function usersOf(count: number) {
  const random = generator(5)
  const some = (length: number) => Array.from({ length }, () => Math.floor(random() * COUNT))
  return Array.from({ length: count }, () => ({ positive: some(5), negative: some(2), exclude: some(3) }))
}

async function listed<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of iterable) list.push(item)
  return list
}

describe('recommendMany', () => {
  it.each([
    {},
    { filter: { genre: { $lt: 4 } } },
    { diversity: 0.4, perGroup: { field: 'genre', limit: 2 } },
    { strategy: 'best', perGroup: { field: 'genre', limit: 3 }, filter: { genre: { $ne: 1 } } },
    { strategy: 'sum', select: [] },
  ] as const)('gives each user what recommend gives, in order: %j', async (options) => {
    const films = await fill()
    const users = usersOf(300)
    const lists = await listed(films.recommendMany(users, options))
    expect(lists.length).toBe(users.length)
    for (let i = 0; i < users.length; i += 23) {
      expect(lists[i]).toEqual(await films.recommend({ ...options, ...users[i]! }))
    }
  })

  it('takes iterables and async iterables, and few users ahead of who looks at the answers', async () => {
    const films = await fill()
    const users = usersOf(2_000)
    const expected = await listed(films.recommendMany(users.slice(0, 200)))
    let taken = 0
    function* some() {
      for (const user of users) {
        taken++
        yield user
      }
    }
    async function* many() {
      yield* some()
    }
    for (const iterable of [some(), many()]) {
      taken = 0
      let seen = 0
      for await (const matches of films.recommendMany(iterable)) {
        if (seen < 200) expect(matches).toEqual(expected[seen])
        seen++
        expect(taken - seen).toBeLessThan(600)
        if (seen === 1_500) break
      }
      expect(seen).toBe(1_500)
    }
  })

  it('closes an iterable that it leaves early', async () => {
    const films = await fill()
    let closed = false
    function* some() {
      try {
        for (;;) yield { positive: [1] }
      } finally {
        closed = true
      }
    }
    for await (const matches of films.recommendMany(some())) {
      expect(matches.length).toBe(10)
      break
    }
    expect(closed).toBe(true)
  })

  it('takes options of a user over the common ones', async () => {
    const films = await fill()
    const common = { k: 4, filter: { genre: 3 }, exclude: [3] }
    const users = [
      { positive: [1] },
      { positive: [1], k: 2 },
      { positive: [1], filter: { genre: 5 }, strategy: 'best', diversity: 0.2 },
      { positive: [1], exclude: [] },
    ] as const
    const lists = await listed(films.recommendMany(users, common))
    for (const [i, user] of users.entries()) {
      expect(lists[i]).toEqual(await films.recommend({ ...common, ...user }))
    }
    expect(idsOf(lists[0]!)).not.toContain(3)
    expect(lists[1]!.length).toBe(2)
    expect(lists[2]!.every(({ metadata }) => metadata.genre === 5)).toBe(true)
  })

  it('copies an array before it returns, and refuses it whole', async () => {
    const films = await fill()
    const users = usersOf(40)
    const call = films.recommendMany(users)
    const expected = await listed(films.recommendMany(structuredClone(users)))
    for (const user of users) user.positive[0] = (user.positive[0]! + 1) % COUNT
    expect(await listed(call)).toEqual(expected)
    const bad = [...users, { positive: [] }]
    const error = await rejectionOf(films.recommendMany(bad)[Symbol.asyncIterator]().next())
    expectError(error, 'BAD_OPTION', { path: 'users[40].positive' })
  })

  it('answers the users before one that is refused, and tells whose fault it was', async () => {
    const films = await fill()
    const users = usersOf(200)
    users[170]!.negative[1] = 9_999
    let seen = 0
    const all = (async () => {
      for await (const _ of films.recommendMany(users)) seen++
    })()
    await expectRejection(all, 'NOT_FOUND', { path: 'users[170].negative[1]', id: 9_999 })
    expect(seen).toBe(128)
    function* some() {
      yield* users.slice(0, 30)
      yield { positive: [-0.5] }
    }
    seen = 0
    const others = (async () => {
      for await (const _ of films.recommendMany(some())) seen++
    })()
    await expectRejection(others, 'BAD_ID', { path: 'users[30].positive[0]' })
    expect(seen).toBe(30)
  })

  it('refuses wrong options and users that are none when it is asked for the first', async () => {
    const films = await fill()
    const first = (users: unknown, options?: unknown) =>
      films
        .recommendMany(users as never, options as never)
        [Symbol.asyncIterator]()
        .next()
    await expectRejection(first([], { diversity: 2 }), 'BAD_OPTION', { path: 'options.diversity' })
    await expectRejection(first([], { positive: [1] }), 'BAD_OPTION', { path: 'options.positive' })
    await expectRejection(first(5), 'BAD_OPTION', { path: 'users' })
    await expectRejection(first([5]), 'BAD_OPTION', { path: 'users[0]' })
    await expectRejection(first([{ positive: [1], signal: 1 }]), 'BAD_OPTION', { path: 'users[0].signal' })
    expect(await listed(films.recommendMany([]))).toEqual([])
  })

  it('stops when its signal fires', async () => {
    const films = await fill()
    const controller = new AbortController()
    const reason = new Error('enough')
    let seen = 0
    const call = (async () => {
      for await (const _ of films.recommendMany(usersOf(2_000), { signal: controller.signal })) {
        if (++seen === 300) controller.abort(reason)
      }
    })()
    await expect(call).rejects.toBe(reason)
    expect(seen).toBeLessThan(900)
  })

  it('goes on while records are written and removed', async () => {
    const films = await fill()
    const users = usersOf(1_000).map(({ positive }) => ({ positive: positive.map((id) => id % 1_000) }))
    let writing = true
    const random = generator(4)
    const writer = (async () => {
      while (writing) {
        const id = 1_000 + Math.floor(random() * 500)
        if (random() < 0.3) await films.delete(id)
        else
          await films.upsert({
            id: id % 1_010,
            vector: randomVector(random, DIMENSION),
            metadata: { genre: 1 },
          })
      }
    })()
    try {
      let i = 0
      for await (const matches of films.recommendMany(users, { perGroup: { field: 'genre', limit: 2 } })) {
        const { positive } = users[i++]!
        expect(matches.length).toBe(10)
        expect(matches.some(({ id }) => positive.includes(id))).toBe(false)
      }
      expect(i).toBe(1_000)
    } finally {
      writing = false
      await writer
    }
  })
})
