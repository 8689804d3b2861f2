import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { align } from '../../src/index.ts'
import { openDatabase } from '../helpers/database.ts'
import { expectRejection, rejectionOf } from '../helpers/errors.ts'
import { generator, randomVector } from '../helpers/random.ts'
import { expectPairs, type Films, fill, listed, noisyCopies } from './match-films.ts'
import { expectedPairs, type Pair } from './match-reference.ts'

/* What `match` and `duplicates` come to while records are written, databases closed and signals fire. */

const COUNT = 1_500
const DIMENSION = 12
/** Records from this one on are written and removed all the time. */
const STEADY = 1_000

async function filled(engine: 'flat' | 'hnsw' = 'flat', noise = 0.05) {
  const db = await openDatabase()
  const { first, second } = noisyCopies(generator(6), COUNT, DIMENSION, noise)
  const left = await fill(db, 'left', first, { engine })
  const right = await fill(db, 'right', second, { engine })
  return { db, left, right, first, second }
}

/** Has work done, again and again, while records are written and removed without a pause. */
async function whileWriting(collections: readonly Films[], work: () => Promise<unknown>): Promise<void> {
  const random = generator(11)
  let writes = 0
  let writing = true
  const writer = (async () => {
    while (writing) {
      const films = collections[writes++ % collections.length]!
      const id = STEADY + Math.floor(random() * (COUNT - STEADY))
      if (random() < 0.3) await films.delete(id)
      else
        await films.upsert({ id, vector: randomVector(random, DIMENSION), metadata: { odd: random() < 0.5 } })
    }
  })()
  try {
    do await work()
    while (writes < 40)
  } finally {
    writing = false
    await writer
  }
}

describe('while records are written', () => {
  it.each([
    {},
    { mutual: true },
    { filter: { $id: { $lt: 1_250 } } },
    { transform: true, mutual: true },
    { transform: true, filter: { $id: { $lt: 1_250 } } },
  ])('match looks at each steady record once: %j', async ({ transform, ...options }) => {
    const { left, right, first, second } = await filled('hnsw')
    const map = transform ? align({ from: first.slice(0, 200), to: second.slice(0, 200) }) : undefined
    await whileWriting([left.films, right.films], async () => {
      const pairs = await listed(left.films.match(right.films, { ...options, transform: map }))
      const steady = pairs.filter(({ a }) => a < STEADY)
      // Each has its copy; others are far away.
      expect(steady.map(({ a, b }) => [a, b])).toEqual(Array.from({ length: STEADY }, (_, i) => [i, i]))
      const ids = pairs.map(({ a }) => a)
      expect(ids).toEqual([...new Set(ids)].sort((x, y) => x - y))
    })
  })

  it('duplicates has each steady pair once', async () => {
    const db = await openDatabase()
    const { first, second } = noisyCopies(generator(6), STEADY / 2, DIMENSION, 0.01)
    const { films } = await fill(db, 'films', [...first, ...second], { engine: 'hnsw' })
    await whileWriting([films], async () => {
      const pairs = await listed(films.duplicates({ threshold: 0.99 }))
      const steady = pairs.filter(({ b }) => b < STEADY)
      expect(steady.map(({ a, b }) => [a, b])).toEqual(
        Array.from({ length: STEADY / 2 }, (_, i) => [i, i + STEADY / 2]),
      )
    })
  })

  it('match knows what was written between two batches, in slots that are used again', async () => {
    const { left, right } = await filled()
    for (const mutual of [false, true]) {
      const random = generator(3)
      const pairs: Pair[] = []
      let changed = false
      for await (const pair of left.films.match(right.films, { mutual })) {
        if (pair.a >= 256) pairs.push(pair)
        if (changed) continue
        changed = true
        // Of records whose neighbourhoods are known, too.
        for (const side of [left, right]) {
          const ids = Array.from({ length: 400 }, () => Math.floor(random() * COUNT))
          for (const id of new Set(ids)) side.items[id] = { id, vector: randomVector(random, DIMENSION) }
          await side.films.upsert(ids.map((id) => ({ ...side.items[id]!, metadata: { odd: id % 2 === 1 } })))
        }
      }
      const wanted = { metric: 'cosine', k: 4, margin: 'ratio', mutual } as const
      const expected = expectedPairs(left.items, right.items, wanted)
      expectPairs(
        pairs,
        expected.filter(({ a }) => a >= 256),
      )
    }
  })

  it.each([
    ['written', true],
    ['written', false],
    ['cleared', true],
  ])('match knows of a transformed collection that it was %s, with a filter: %s', async (what, filtered) => {
    const { left, right, first, second } = await filled()
    const transform = align({ from: first.slice(0, 200), to: second.slice(0, 200) })
    const random = generator(4)
    let { items } = left
    const odd = new Set(items.map(({ id }) => id).filter((id) => id % 2 === 1))
    const records = () => items.map((item) => ({ ...item, metadata: { odd: odd.has(item.id) } }))
    const change = async () => {
      for (const id of [900, 1_200]) odd.add(id)
      for (const id of [901, 1_203]) odd.delete(id)
      if (what === 'cleared') {
        await left.films.clear()
        await left.films.upsert(records().toReversed())
        return
      }
      await left.films.update([900, 1_200], { odd: true })
      await left.films.update([901, 1_203], { odd: false })
      const ids = Array.from({ length: 300 }, () => Math.floor(random() * COUNT))
      for (const id of ids) items[id] = { id, vector: randomVector(random, DIMENSION) }
      const changed = new Set(ids)
      await left.films.upsert(records().filter(({ id }) => changed.has(id)))
      const gone = new Set(Array.from({ length: 200 }, () => Math.floor(random() * COUNT)))
      await left.films.delete([...gone])
      items = items.filter(({ id }) => !gone.has(id))
    }
    const filter = filtered ? { odd: true } : undefined
    const pairs: Pair[] = []
    let step = 0
    for await (const pair of left.films.match(right.films, { transform, filter })) {
      // What was found of the first batch is handed out as it was.
      if (pair.a >= 256) pairs.push(pair)
      if (step++ === 0) await change()
    }
    const A = items
      .filter(({ id }) => !filtered || odd.has(id))
      .map(({ id, vector }) => ({ id, vector: transform.apply(vector) }))
    const expected = expectedPairs(A, right.items, {
      metric: 'cosine',
      k: 4,
      margin: 'ratio',
      mutual: false,
    })
    expectPairs(
      pairs,
      expected.filter(({ a }) => a >= 256),
    )
  })

  it('the one that is dropped ends it with NOT_FOUND, the one that is closed with CLOSED', async () => {
    const { db, left, right } = await filled()
    const until = async (pairs: AsyncIterable<{ a: number }>, act: () => Promise<unknown>) => {
      let acted = false
      for await (const _ of pairs) {
        if (!acted) await act()
        acted = true
      }
    }
    await expectRejection(
      until(left.films.match(right.films), () => db.drop('right')),
      'NOT_FOUND',
    )
    await expectRejection(
      until(left.films.duplicates({ threshold: -2 }), () => db.close()),
      'CLOSED',
    )
  })
})

describe('a signal', () => {
  it.each(['match', 'mapped', 'duplicates', 'crowded'] as const)('stops %s', async (what) => {
    const { left, right, first, second } = await filled()
    const transform = align({ from: first.slice(0, 50), to: second.slice(0, 50) })
    const start = (signal: AbortSignal): AsyncIterable<unknown> => {
      if (what === 'duplicates') return left.films.duplicates({ threshold: 0.5, signal })
      if (what === 'crowded') return left.films.duplicates({ threshold: -2, signal })
      return left.films.match(right.films, { transform: what === 'mapped' ? transform : undefined, signal })
    }
    const reason = new Error('enough')
    const aborted = AbortSignal.abort(reason)
    expect(await rejectionOf(listed(start(aborted)))).toBe(reason)
    const controller = new AbortController()
    let seen = 0
    const call = (async () => {
      for await (const _ of start(controller.signal)) if (++seen === 100) controller.abort(reason)
    })()
    expect(await rejectionOf(call)).toBe(reason)
    expect(seen).toBe(100)
    const soon = new AbortController()
    const stopped = rejectionOf(listed(start(soon.signal)))
    await setImmediate()
    soon.abort(reason)
    expect(await stopped).toBe(reason)
  })
})
