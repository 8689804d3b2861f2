import { expect } from 'vitest'
import { expectRejection, expectThrow } from '../helpers/errors.ts'
import { generator, randomVectors, repeatedVectors } from '../helpers/random.ts'
import { expectNearest } from '../helpers/reference.ts'
import { collectionOf, contract, METRICS, toRows } from './engines.ts'

contract('neighbours of a record', (engine, test) => {
  for (const metric of METRICS) {
    test(`are the nearest without the record itself, with ${metric}`, async () => {
      const rows = toRows(randomVectors(generator(21), 300, 20))
      const collection = await collectionOf(engine, metric, rows)
      for (const place of [0, 150, 299]) {
        const { id, vector } = rows[place]!
        const others = rows.filter((row) => row.id !== id)
        for (const k of [1, 10, 500]) {
          const matches = await collection.query({ id, k, exact: true })
          expectNearest(matches, others, vector, metric, k)
          expect(collection.querySync({ id, k, exact: true })).toEqual(matches)
        }
      }
    })

    test(`may be copies of it, with ${metric}`, async () => {
      const rows = toRows(repeatedVectors(generator(22), 300, 6))
      const collection = await collectionOf(engine, metric, rows)
      const others = rows.slice(1)
      const matches = await collection.query({ id: 'r0', k: 299, exact: true })
      expectNearest(matches, others, rows[0]!.vector, metric, 299)
    })

    test(`pass a filter, with ${metric}`, async () => {
      const rows = toRows(randomVectors(generator(23), 300, 20))
      const collection = await collectionOf(engine, metric, rows)
      const matches = await collection.query({ id: 'r5', k: 300, filter: { n: { $lt: 20 } }, exact: true })
      const passing = rows.filter((row, n) => n < 20 && row.id !== 'r5')
      expectNearest(matches, passing, rows[5]!.vector, metric, 300)
    })
  }

  test('are none when it is the only record', async () => {
    const collection = await collectionOf(engine, 'cosine', toRows([Float32Array.of(1, 2)]))
    expect(await collection.query({ id: 'r0' })).toEqual([])
  })

  test('are those of its latest vector', async () => {
    const rows = toRows([Float32Array.of(1, 0), Float32Array.of(0, 1), Float32Array.of(2, 0)])
    const collection = await collectionOf(engine, 'cosine', rows)
    expect((await collection.query({ id: 'r0', k: 1 }))[0]!.id).toBe('r2')
    await collection.update('r0', {}, { vector: [0, 5] })
    expect((await collection.query({ id: 'r0', k: 1 }))[0]!.id).toBe('r1')
  })

  test('of an id that does not exist are refused', async () => {
    const collection = await collectionOf(engine, 'dot', toRows([Float32Array.of(1, 2)]))
    await expectRejection(collection.query({ id: 'nobody' }), 'NOT_FOUND', { id: 'nobody' })
    expectThrow(() => collection.querySync({ id: 7 }), 'NOT_FOUND', { id: 7 })
  })
})
