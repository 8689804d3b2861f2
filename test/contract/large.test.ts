import { expect } from 'vitest'
import { openDatabase, temporaryFolder } from '../helpers/database.ts'
import { untilBuilt } from '../helpers/graphs.ts'
import {
  clusteredVectors,
  generator,
  randomVector,
  randomVectors,
  repeatedVectors,
} from '../helpers/random.ts'
import { expectNearest, metricOption, type Row } from '../helpers/reference.ts'
import { collectionOf, contract, exactSettings, METRICS, toRows } from './engines.ts'

/** Enough that a query is not answered by the exact scan merely because it is faster. */
const COUNT = 2600
const DIMENSION = 24

const DATA = [
  { name: 'random', make: randomVectors },
  { name: 'clustered', make: clusteredVectors },
  { name: 'often repeated', make: repeatedVectors },
]

contract('large collections', (engine, test) => {
  for (const metric of METRICS) {
    for (const { name, make } of DATA) {
      test(`are searched exactly when asked to, with ${metric} on ${name} vectors`, async () => {
        const random = generator(61)
        const rows = toRows(make(random, COUNT, DIMENSION))
        const collection = await collectionOf(engine, metric, rows)
        for (const vector of [rows[5]!.vector, ...randomVectors(random, 3, DIMENSION)]) {
          for (const settings of exactSettings(COUNT)) {
            const matches = await collection.query({ vector, k: 20, select: [], ...settings })
            expectNearest(matches, rows, vector, metric, 20)
            expect(collection.querySync({ vector, k: 20, select: [], ...settings })).toEqual(matches)
            const wide = { vector, k: 20, filter: { n: { $lt: COUNT - 100 } }, ...settings }
            expectNearest(await collection.query(wide), rows.slice(0, COUNT - 100), vector, metric, 20)
          }
        }
      })
    }

    test(`show changes at once, and after reopening, with ${metric}`, async () => {
      const random = generator(62)
      const folder = temporaryFolder()
      const db = await openDatabase(folder)
      const definition = { dimension: DIMENSION, metric: metricOption(metric, DIMENSION), index: { engine } }
      const collection = await db.collection<object, string>('rows', definition)
      const rows = new Map(
        toRows(randomVectors(random, COUNT, DIMENSION)).map((row): [string, Row] => [row.id, row]),
      )
      await collection.upsert([...rows.values()] as { id: string; vector: Float32Array }[])
      for (let step = 0; step < 12; step++) {
        const vector = randomVector(random, DIMENSION)
        const [nearest] = await collection.query({ vector, k: 1, ef: COUNT, select: [] })
        const { id } = nearest!
        if (step % 3 === 0) {
          await collection.delete(id)
          rows.delete(id)
        } else if (step % 3 === 1) {
          await collection.update(id, {}, { vector })
          rows.set(id, { id, vector })
        } else {
          await collection.upsert({ id: `new${step}`, vector })
          rows.set(`new${step}`, { id: `new${step}`, vector })
        }
        const matches = await collection.query({ vector, k: 10, ef: COUNT, select: [] })
        expectNearest(matches, [...rows.values()], vector, metric, 10)
      }
      const questions = randomVectors(random, 5, DIMENSION).map((vector) => ({ vector }))
      await db.close()
      const reopened = await (await openDatabase(folder)).collection('rows', definition)
      const answers = await reopened.queryMany(questions, { ef: COUNT, select: [] })
      for (const [i, { vector }] of questions.entries()) {
        expectNearest(answers[i]!, [...rows.values()], vector, metric, 10)
      }
    })

    test(`are answered without an exact search too, in order and with exact scores, with ${metric}`, async () => {
      const random = generator(63)
      const rows = toRows(randomVectors(random, COUNT, DIMENSION))
      const collection = await collectionOf(engine, metric, rows)
      // While most wait to be linked, a scan is faster.
      await untilBuilt(collection)
      const vector = randomVector(random, DIMENSION)
      const matches = await collection.query({ vector, k: 30 })
      const found = new Set(matches.map(({ id }) => id))
      // Against what was found alone, the answer must be perfect: only what it missed may be missing.
      expectNearest(
        matches,
        rows.filter(({ id }) => found.has(id)),
        vector,
        metric,
        30,
      )
      expect(matches).toHaveLength(30)
      const { plan } = await collection.explain({ vector, k: 30 })
      const scans = engine === 'flat' || (engine === 'hnswlib' && metric === 'mahalanobis')
      expect(plan).toBe(scans ? 'scan' : engine)
      expect((await collection.explain({ vector, exact: true })).plan).toBe('scan')
      expect((await collection.explain({ vector, ef: COUNT })).plan).toBe('scan')
      expect((await collection.explain({ vector, k: COUNT })).plan).toBe('scan')
    })
  }
})
