import { expect } from 'vitest'
import type { Collection } from '../../src/index.ts'
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
