import { expect } from 'vitest'
import { openDatabase, temporaryFolder } from '../helpers/database.ts'
import { generator, randomVector, randomVectors, repeatedVectors } from '../helpers/random.ts'
import { expectNearest, metricOption, type Row } from '../helpers/reference.ts'
import { collectionOf, contract, METRICS, toRows } from './engines.ts'

/** Changes hand freed slots on, so the order of equal scores is not foreseen: the vectors here are all different. */
contract('changes', (engine, test) => {
  for (const metric of METRICS) {
    test(`of any kind are seen by the query that follows, with ${metric}`, async () => {
      const random = generator(31)
      const rows = new Map<string | number, Row>(
        toRows(randomVectors(random, 200, 10)).map((row) => [row.id, row]),
      )
      const collection = await collectionOf(engine, metric, [...rows.values()])
      for (let step = 0; step < 60; step++) {
        const id = `r${Math.floor(random() * 230)}`
        const vector = randomVector(random, 10)
        const kind = Math.floor(random() * 3)
        if (kind === 0) {
          expect(await collection.delete(id)).toBe(rows.delete(id) ? 1 : 0)
        } else if (kind === 1) {
          await collection.upsert({ id, vector, metadata: { n: step } })
          rows.set(id, { id, vector })
        } else if ((await collection.update(id, { n: -step }, { vector })) === 1) {
          rows.set(id, { id, vector })
        }
        for (const near of [vector, randomVector(random, 10)]) {
          const matches = await collection.query({ vector: near, k: 12, exact: true })
          expectNearest(matches, [...rows.values()], near, metric, 12)
          expect(collection.querySync({ vector: near, k: 12, exact: true })).toEqual(matches)
        }
      }
      expect(collection.size).toBe(rows.size)
    })

    test(`leave nothing of what was deleted, and take it back, with ${metric}`, async () => {
      const random = generator(32)
      const rows = toRows(randomVectors(random, 300, 10))
      const collection = await collectionOf(engine, metric, rows)
      const vector = randomVector(random, 10)
      for (const empty of [() => collection.delete(rows.map(({ id }) => id)), () => collection.clear()]) {
        expect(await empty()).toBe(300)
        expect(await collection.query({ vector, k: 300 })).toEqual([])
        expect(collection.querySync({ vector, k: 300, exact: true })).toEqual([])
        await collection.upsert(rows.map((row, n) => ({ ...row, metadata: { n } })))
        expectNearest(await collection.query({ vector, k: 300, exact: true }), rows, vector, metric, 300)
      }
    })

    test(`survive reopening: the same ids and scores, with ${metric}`, async () => {
      const random = generator(33)
      const folder = temporaryFolder()
      const before = await openDatabase(folder)
      const definition = { dimension: 10, metric: metricOption(metric, 10), index: { engine } }
      const collection = await before.collection('rows', definition)
      const rows = toRows(repeatedVectors(random, 400, 10))
      await collection.upsert(rows)
      await collection.delete(rows.slice(100, 150).map(({ id }) => id))
      await collection.upsert(toRows(randomVectors(random, 30, 10)))
      const questions = Array.from({ length: 20 }, () => ({ vector: randomVector(random, 10), k: 50 }))
      const answers = await collection.queryMany(questions, { exact: true })
      await before.close()
      const after = await openDatabase(folder)
      const reopened = await after.collection('rows', definition)
      expect(await reopened.queryMany(questions, { exact: true })).toEqual(answers)
    })
  }
})
