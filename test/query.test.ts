import { describe, expect, it } from 'vitest'
import type { QueryOptions } from '../src/index.ts'
import { idsOf, openCollection } from './helpers/database.ts'
import { expectRejection, expectThrow } from './helpers/errors.ts'

type Question = QueryOptions<{ n: number }, string | number>

async function films() {
  const { films } = await openCollection<{ n: number }>()
  await films.upsert([
    { id: 'a', vector: [3, 0], metadata: { n: 1 } },
    { id: 'b', vector: [2, 0], metadata: { n: 2 } },
    { id: 3, vector: [-1, 0], metadata: { n: 3 } },
  ])
  return films
}

/** What `query`, `querySync`, `queryMany` and `explain` refuse alike, with paths below the name of the query. */
const REFUSED: readonly [options: unknown, code: Parameters<typeof expectRejection>[1], path: string][] = [
  [{}, 'BAD_OPTION', ''],
  [{ vector: [1, 2], id: 'a' }, 'BAD_OPTION', ''],
  [{ vector: [1, 2, 3] }, 'DIMENSION_MISMATCH', '.vector'],
  [{ vector: Buffer.alloc(2) }, 'BAD_VECTOR', '.vector'],
  [{ vector: 'abc' }, 'BAD_VECTOR', '.vector'],
  [{ vector: [1, Number.NaN] }, 'BAD_VECTOR', '.vector[1]'],
  [{ vector: [Number.POSITIVE_INFINITY, 1] }, 'BAD_VECTOR', '.vector[0]'],
  [{ vector: [1, 1e39] }, 'BAD_VECTOR', '.vector[1]'],
  [{ vector: [1, null] }, 'BAD_VECTOR', '.vector[1]'],
  [{ id: '' }, 'BAD_ID', '.id'],
  [{ vector: [1, 2], k: 0 }, 'BAD_OPTION', '.k'],
  [{ vector: [1, 2], k: 1.5 }, 'BAD_OPTION', '.k'],
  [{ vector: [1, 2], k: '10' }, 'BAD_OPTION', '.k'],
  [{ vector: [1, 2], ef: 0 }, 'BAD_OPTION', '.ef'],
  [{ vector: [1, 2], exact: 1 }, 'BAD_OPTION', '.exact'],
  [{ vector: [1, 2], threshold: Number.NaN }, 'BAD_OPTION', '.threshold'],
  [{ vector: [1, 2], includeVector: 'yes' }, 'BAD_OPTION', '.includeVector'],
  [{ vector: [1, 2], select: 'n' }, 'BAD_OPTION', '.select'],
  [{ vector: [1, 2], select: [1] }, 'BAD_OPTION', '.select'],
  [{ vector: [1, 2], after: { id: 'a' } }, 'BAD_OPTION', '.after'],
  [{ vector: [1, 2], after: { id: '', score: 1 } }, 'BAD_ID', '.after.id'],
  [{ vector: [1, 2], after: 'a' }, 'BAD_OPTION', '.after'],
  [{ vector: [1, 2], filter: { n: { $gt: null } } }, 'BAD_FILTER', '.filter.n.$gt'],
  [{ vector: [1, 2], filter: { n: undefined } }, 'BAD_FILTER', '.filter.n'],
  [{ vector: [1, 2], topK: 5 }, 'BAD_OPTION', '.topK'],
]

describe('query', () => {
  it('finds the nearest, nearest first', async () => {
    const collection = await films()
    expect(await collection.query({ vector: [1, 0], k: 2 })).toEqual([
      { id: 'a', score: 3, metadata: { n: 1 } },
      { id: 'b', score: 2, metadata: { n: 2 } },
    ])
  })

  it('copies what it is given before the call returns', async () => {
    const collection = await films()
    const vector = Float32Array.of(1, 0)
    const filter = { n: { $in: [2, 3] } }
    const select: 'n'[] = ['n']
    const call = collection.query({ vector, filter, select })
    vector.fill(-1)
    filter.n.$in = [1]
    select.pop()
    expect(await call).toEqual([
      { id: 'b', score: 2, metadata: { n: 2 } },
      { id: 3, score: -1, metadata: { n: 3 } },
    ])
  })

  it('continues behind a match, which may be passed whole', async () => {
    const collection = await films()
    const [first] = await collection.query({ vector: [1, 0], k: 1, includeVector: true })
    expect(idsOf(await collection.query({ vector: [1, 0], after: first }))).toEqual(['b', 3])
    expect(idsOf(await collection.query({ vector: [1, 0], after: { id: 'gone', score: 2.5 } }))).toEqual([
      'b',
      3,
    ])
  })

  it('refuses what it cannot answer, and tells where', async () => {
    const collection = await films()
    for (const [options, code, path] of REFUSED) {
      const where = { path: `query${path}` }
      await expectRejection(collection.query(options as Question), code, where)
      await expectRejection(collection.explain(options as Question), code, where)
      expectThrow(() => collection.querySync(options as Question), code, where)
    }
    for (const options of [undefined, null, [1, 2], 'a']) {
      const code = 'BAD_OPTION'
      await expectRejection(collection.query(options as never), code, { path: 'query' })
      expectThrow(() => collection.querySync(options as never), code, { path: 'query' })
    }
  })

  it('knows the names of other libraries', async () => {
    const collection = await films()
    for (const [name, meant] of [
      ['topK', 'k'],
      ['limit', 'k'],
      ['where', 'filter'],
    ] as const) {
      const error = await expectRejection(
        collection.query({ vector: [1, 0], [name]: 1 } as Question),
        'BAD_OPTION',
        {
          path: `query.${name}`,
        },
      )
      expect(error.message).toContain(`"${meant}"`)
    }
  })
})

describe('querySync', () => {
  it('answers on the calling thread, at once', async () => {
    const collection = await films()
    const matches = collection.querySync({ vector: [1, 0], k: 1, includeVector: true })
    expect(matches).toEqual([{ id: 'a', score: 3, metadata: { n: 1 }, vector: Float32Array.of(3, 0) }])
  })

  it('sees a write as soon as it has resolved', async () => {
    const collection = await films()
    await collection.upsert({ id: 'new', vector: [9, 0], metadata: { n: 9 } })
    expect(idsOf(collection.querySync({ vector: [1, 0], k: 1 }))).toEqual(['new'])
  })
})

describe('queryMany', () => {
  it('answers each query, in their order', async () => {
    const collection = await films()
    const answers = await collection.queryMany([{ vector: [1, 0] }, { id: 'a' }, { vector: [-1, 0] }], {
      k: 2,
    })
    expect(answers.map(idsOf)).toEqual([
      ['a', 'b'],
      ['b', 3],
      [3, 'b'],
    ])
    expect(await collection.queryMany([])).toEqual([])
  })

  it('lets the options of a query override those of all', async () => {
    const collection = await films()
    const all = { k: 1, filter: { n: { $gt: 1 } }, select: [] } as const
    const answers = await collection.queryMany(
      [
        { vector: [1, 0] },
        { vector: [1, 0], k: 3 },
        { vector: [1, 0], filter: {} },
        { vector: [1, 0], filter: { n: 3 } },
      ],
      all,
    )
    expect(answers).toEqual([
      [{ id: 'b', score: 2 }],
      [
        { id: 'b', score: 2 },
        { id: 3, score: -1 },
      ],
      [{ id: 'a', score: 3 }],
      [{ id: 3, score: -1 }],
    ])
  })

  it('refuses the whole for one bad query, and tells which', async () => {
    const collection = await films()
    for (const [options, code, path] of REFUSED) {
      const call = collection.queryMany([{ vector: [1, 0] }, options as { vector: number[] }])
      await expectRejection(call, code, { path: `queries[1]${path}` })
    }
    const unknown = collection.queryMany([{ vector: [1, 0] }, { id: 'nobody' }])
    await expectRejection(unknown, 'NOT_FOUND', { id: 'nobody' })
  })

  it('tells which vector is bad, behind queries by id', async () => {
    const collection = await films()
    const queries = [{ id: 'a' }, { vector: [1, 0] }, { id: 'b' }, { vector: [Number.NaN, 0] }]
    await expectRejection(collection.queryMany(queries), 'BAD_VECTOR', { path: 'queries[3].vector[0]' })
  })

  it('keeps calls apart that are under way at once, whatever their sizes', async () => {
    const collection = await films()
    const questions = [1, -1, 2, -2, 3].map((x) => ({ vector: [x, 0] }))
    const expected = questions.map((question) => collection.querySync(question))
    // What an earlier call has left is there for one of them.
    await collection.queryMany(questions)
    const calls = [5, 1, 3].map((size) => collection.queryMany(questions.slice(-size)))
    expect(await Promise.all(calls)).toEqual([5, 1, 3].map((size) => expected.slice(-size)))
  })

  it('refuses common options that are none', async () => {
    const collection = await films()
    const vector = [1, 0]
    await expectRejection(collection.queryMany({ vector } as never), 'BAD_OPTION', { path: 'queries' })
    await expectRejection(collection.queryMany([{ vector }], { vector } as never), 'BAD_OPTION', {
      path: 'options.vector',
    })
    await expectRejection(
      collection.queryMany([{ vector, signal: AbortSignal.abort() } as never]),
      'BAD_OPTION',
      {
        path: 'queries[0].signal',
      },
    )
    await expectRejection(collection.queryMany([{ vector }], { filter: { $x: 1 } as never }), 'BAD_FILTER', {
      path: 'options.filter.$x',
    })
  })
})
