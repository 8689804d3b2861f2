import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { runScript } from '../helpers/child.ts'
import { openDatabase, temporaryFolder } from '../helpers/database.ts'
import { ABSENT, available, DIMENSION, fileOf, readVectors, rowOf } from '../helpers/sample-data.ts'
import { simdTargets } from '../helpers/simd-targets.ts'

const K = 10
const TOLERANCE = 1e-6

/** Beyond the k nearest, so that what should have been found is known although scores are only nearly equal. */
const REFERENCE = K + 20

type Scored = { row: number; score: number }

const title = '30,000 real embeddings'

describe.skipIf(!available)(available ? title : `${title} (${ABSENT})`, () => {
  it('are found as a float64 reference finds them, on every instruction set, for all 1,000 queries', async () => {
    const queries = readVectors('query')
    const base = readVectors('base')
    const reference = referenceAnswers(base, queries)

    const folder = temporaryFolder()
    const db = await openDatabase(folder)
    const glosses = await db.collection<object, number>('glosses', {
      dimension: DIMENSION,
      index: { engine: 'flat' },
    })
    await glosses.upsert(Array.from({ length: 30_000 }, (_, i) => ({ id: i, vector: rowOf(base, i) })))
    const questions = Array.from({ length: 1000 }, (_, i) => ({ vector: rowOf(queries, i) }))
    const answers = await glosses.queryMany(questions, { k: K, exact: true, select: [] })
    await db.close()

    for (const [i, nearest] of (await reference).entries()) {
      expectSame(
        answers[i]!.map(({ id, score }) => ({ row: id, score })),
        nearest,
      )
    }

    const outcomes = []
    const targets = simdTargets()
    const input = { folder, collection: 'glosses', file: fileOf('query.f32') }
    for (const target of targets) {
      outcomes.push(
        await runScript(new URL('../helpers/answers.mjs', import.meta.url), input, { SKALAR_SIMD: target }),
      )
    }
    const { hash } = outcomes[0] as { hash: string }
    expect(outcomes).toEqual(targets.map((target) => ({ target, hash })))
  }, 120_000)
})

/** For each query the nearest rows, computed on all cores. */
async function referenceAnswers(base: Float32Array, queries: Float32Array): Promise<Scored[][]> {
  const total = queries.length / DIMENSION
  const share = Math.ceil(total / availableParallelism())
  const parts: Promise<Scored[][]>[] = []
  for (let from = 0; from < total; from += share) {
    const to = Math.min(from + share, total)
    parts.push(inWorker({ base, queries, dimension: DIMENSION, count: REFERENCE, from, to }))
  }
  return (await Promise.all(parts)).flat()
}

function inWorker(workerData: object): Promise<Scored[][]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('../helpers/nearest-worker.mjs', import.meta.url), { workerData })
    worker.once('message', resolve).once('error', reject)
  })
}

/** The same rows with the same scores; only rows that the reference itself cannot tell apart may change places. */
function expectSame(matches: readonly Scored[], nearest: readonly Scored[]): void {
  const scores = new Map(nearest.map(({ row, score }) => [row, score]))
  expect(new Set(matches.map(({ row }) => row)).size).toBe(K)
  for (const [i, { row, score }] of matches.entries()) {
    const { row: expected, score: expectedScore } = nearest[i]!
    expect(Math.abs(score - expectedScore)).toBeLessThanOrEqual(TOLERANCE)
    if (row !== expected)
      expect(Math.abs(scores.get(row)! - expectedScore)).toBeLessThanOrEqual(2 * TOLERANCE)
    if (i > 0) expect(score).toBeLessThanOrEqual(matches[i - 1]!.score)
  }
}
