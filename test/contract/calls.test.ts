import { expect } from 'vitest'
import type { Collection, SkalarError } from '../../src/index.ts'
import { rejectionOf, thrownBy } from '../helpers/errors.ts'
import { generator, randomVector, randomVectors } from '../helpers/random.ts'
import { collectionOf, contract, METRICS, toRows } from './engines.ts'

const DIMENSION = 32

contract('ways to ask', (engine, test) => {
  for (const metric of METRICS) {
    test(`query, querySync and queryMany give one answer, with ${metric}`, async () => {
      const random = generator(51)
      const rows = toRows(randomVectors(random, 500, DIMENSION))
      const collection = await collectionOf(engine, metric, rows)
      const questions = [
        ...Array.from({ length: 20 }, () => ({ vector: randomVector(random, DIMENSION) })),
        { id: 'r7', k: 3 },
        { vector: rows[9]!.vector, k: 400, filter: { n: { $lt: 100 } } },
        { vector: rows[9]!.vector, threshold: 0.5 },
      ]
      const together = await collection.queryMany(questions, { k: 15, exact: true })
      for (const [i, question] of questions.entries()) {
        const options = { k: 15, exact: true, ...question }
        expect(together[i]).toEqual(await collection.query(options))
        expect(together[i]).toEqual(collection.querySync(options))
      }
    })
  }

  test('ef is accepted and changes no exact answer', async () => {
    const random = generator(52)
    const collection = await collectionOf(engine, 'cosine', toRows(randomVectors(random, 200, DIMENSION)))
    const vector = randomVector(random, DIMENSION)
    const exact = await collection.query({ vector, exact: true })
    expect(await collection.query({ vector, exact: true, ef: 10 })).toEqual(exact)
    expect(await collection.query({ vector, ef: 1 })).toHaveLength(10)
  })

  test('many queries under way at once do not disturb each other', async () => {
    const random = generator(53)
    const collection = await collectionOf(engine, 'dot', toRows(randomVectors(random, 2000, DIMENSION)))
    const vectors = randomVectors(random, 200, DIMENSION)
    const answers = await Promise.all(vectors.map((vector) => collection.query({ vector, exact: true })))
    for (const [i, vector] of vectors.entries()) {
      expect(answers[i]).toEqual(collection.querySync({ vector, exact: true }))
    }
  })

  test('a signal that has fired rejects with its reason', async () => {
    const collection = await collectionOf(engine, 'dot', toRows([Float32Array.of(1, 2)]))
    const reason = new Error('no longer wanted')
    const signal = AbortSignal.abort(reason)
    const vector = [1, 2]
    expect(await rejectionOf(collection.query({ vector, signal }))).toBe(reason)
    expect(await rejectionOf(collection.queryMany([{ vector }], { signal }))).toBe(reason)
    expect(thrownBy(() => collection.querySync({ vector, signal }))).toBe(reason)
  })

  test('a signal that fires rejects at once, and its reason is what is thrown', async () => {
    const random = generator(54)
    const collection = await collectionOf(engine, 'dot', toRows(randomVectors(random, 6000, 256)))
    const vectors = randomVectors(random, 2000, 256)
    const questions = vectors.map((vector) => ({ vector, k: 1, exact: true }))
    const whole = await timed(() => collection.queryMany(questions, { select: [] }))
    const controller = new AbortController()
    const reason = { not: 'an error' }
    let aborted = 0
    setTimeout(() => {
      aborted = performance.now()
      controller.abort(reason)
    }, 2)
    const call = collection.queryMany(questions, { select: [], signal: controller.signal })
    expect(await rejectionOf(call)).toBe(reason)
    expect(performance.now() - aborted).toBeLessThan(Math.max(whole / 2, 50))
    await expectUndisturbed(collection, vectors[0]!)
  })

  test('a signal that fires right after the call rejects, and one that fires after the answer does nothing', async () => {
    const random = generator(55)
    const collection = await collectionOf(engine, 'dot', toRows(randomVectors(random, 100, DIMENSION)))
    const vector = randomVector(random, DIMENSION)
    const early = new AbortController()
    const call = collection.query({ vector, signal: early.signal })
    early.abort()
    expect(await rejectionOf(call)).toMatchObject({ name: 'AbortError' })
    const late = new AbortController()
    const matches = await collection.query({ vector, signal: late.signal })
    late.abort()
    expect(matches).toHaveLength(10)
    await expectUndisturbed(collection, vector)
  })

  test('a query whose time is up rejects with what it has found', async () => {
    const random = generator(56)
    const collection = await collectionOf(engine, 'dot', toRows(randomVectors(random, 6000, 256)))
    const vectors = randomVectors(random, 1000, 256)
    const vector = vectors[0]!
    // All threads are busy, so that it cannot be answered in time.
    const crowd = collection.queryMany(
      vectors.map((vector) => ({ vector, exact: true })),
      { select: [] },
    )
    let answered = false
    void crowd.then(() => {
      answered = true
    })
    const error = await rejectionOf(collection.query({ vector, exact: true, select: [], timeout: 1 }))
    expect(answered).toBe(false)
    await crowd
    expect(error).toMatchObject({ name: 'SkalarError', code: 'TIMEOUT' })
    const scores = new Map(collection.querySync({ vector, k: 6000 }).map(({ id, score }) => [id, score]))
    const { matches } = error as SkalarError
    expect(matches).toBeInstanceOf(Array)
    for (const { id, score } of matches!) expect(score).toBe(scores.get(id as never))
    await expectUndisturbed(collection, vector)
  })

  test('time that is up while the filter is read rejects with no matches', async () => {
    const random = generator(57)
    const collection = await collectionOf(engine, 'dot', toRows(randomVectors(random, 6000, DIMENSION)))
    const vector = randomVector(random, DIMENSION)
    const filter = { $id: { $exists: true } } as const
    const error = await rejectionOf(collection.query({ vector, filter, timeout: 0 }))
    expect(error).toMatchObject({ code: 'TIMEOUT', matches: [] })
    await expectUndisturbed(collection, vector)
  })

  test('a query with time enough is answered', async () => {
    const random = generator(58)
    const collection = await collectionOf(engine, 'dot', toRows(randomVectors(random, 100, DIMENSION)))
    const vector = randomVector(random, DIMENSION)
    expect(await collection.query({ vector, timeout: 60_000 })).toEqual(collection.querySync({ vector }))
  })

  test('a time limit that cannot be kept is refused', async () => {
    const collection = await collectionOf(engine, 'dot', toRows([Float32Array.of(1, 2)]))
    const vector = [1, 2]
    const refused = { code: 'BAD_OPTION', path: 'query.timeout' }
    for (const timeout of [-1, Number.NaN, Infinity, '5', 2 ** 31]) {
      expect(await rejectionOf(collection.query({ vector, timeout: timeout as number }))).toMatchObject(
        refused,
      )
    }
    expect(thrownBy(() => collection.querySync({ vector, timeout: 5 }))).toMatchObject(refused)
  })
})

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}

async function expectUndisturbed(
  collection: Collection<{ n: number }, string | number>,
  vector: Float32Array,
): Promise<void> {
  expect(await collection.query({ vector, exact: true })).toEqual(
    collection.querySync({ vector, exact: true }),
  )
}
