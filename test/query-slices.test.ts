import { expect, it } from 'vitest'
import { openCollection } from './helpers/database.ts'

const COUNT = 6_000

/** Reading so many matches takes several turns of the event loop, in which others write. */
async function filled() {
  const { films } = await openCollection<{ round: number; text: string }, number>({ metric: 'euclidean' })
  const text = 'a film '.repeat(40)
  await films.upsert(
    Array.from({ length: COUNT }, (_, id) => ({ id, vector: [id, 0], metadata: { round: 0, text } })),
  )
  return films
}

/** The nearest and the farthest record, which transactions change together. */
const ENDS = [0, COUNT - 1]

it('an answer that takes several turns to read shows each transaction whole', {
  timeout: 120_000,
}, async () => {
  const films = await filled()
  let writing = true
  const writer = (async () => {
    for (let round = 1; writing; round++) await films.update(ENDS, { round })
    return true
  })()
  const rounds = new Set<number>()
  for (let i = 0; i < 25; i++) {
    const filter = i % 2 === 0 ? undefined : { round: { $gte: 0 } }
    const matches = await films.query({ vector: [0, 0], k: COUNT, filter })
    expect(matches).toHaveLength(COUNT)
    const [first, last] = [matches[0]!, matches.at(-1)!]
    expect([first.id, last.id]).toEqual(ENDS)
    expect(first.metadata.round).toBe(last.metadata.round)
    rounds.add(first.metadata.round)
  }
  writing = false
  await writer
  // There was something to notice.
  expect(rounds.size).toBeGreaterThan(1)
})

it('an answer that takes several turns to read has the vectors that its scores are of', {
  timeout: 120_000,
}, async () => {
  const films = await filled()
  let writing = true
  const writer = (async () => {
    for (let round = 1; writing; round++) {
      const id = ENDS[round % 2]!
      await films.update(id, { round }, { vector: [id, round % 10] })
    }
  })()
  for (let i = 0; i < 10; i++) {
    const matches = await films.query({ vector: [0, 0], k: COUNT, includeVector: true, select: [] })
    expect(matches).toHaveLength(COUNT)
    for (const { id, score, vector } of matches) {
      expect(vector[0]).toBeCloseTo(id, 2)
      expect(Math.abs(Math.hypot(...vector) - score)).toBeLessThan(0.01)
    }
  }
  writing = false
  await writer
})

it('a query that runs out of time while it is read tells what it has read', {
  timeout: 120_000,
}, async () => {
  const films = await filled()
  const reject = films.query({ vector: [0, 0], k: COUNT, timeout: 1 })
  const error = await reject.then(
    () => undefined,
    (reason) => reason,
  )
  // On a fast machine it may be over before that.
  if (error === undefined) return
  expect(error.code).toBe('TIMEOUT')
  for (const [place, { id }] of error.matches.entries()) expect(id).toBe(place)
})
