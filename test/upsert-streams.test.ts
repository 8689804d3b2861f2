import { describe, expect, it } from 'vitest'
import type { RecordInput } from '../src/index.ts'
import { idsOf, openCollection } from './helpers/database.ts'
import { expectRejection, rejectionOf } from './helpers/errors.ts'

type Loose = RecordInput<Record<string, unknown>, string | number>

const record = (id: string | number, vector: Loose['vector'] = [1, 2]): Loose => ({ id, vector })
const BAD = { id: 'bad', vector: [1, Number.NaN] }

function* generated(count: number): Generator<Loose> {
  for (let i = 0; i < count; i++) yield record(i)
}

async function* generatedLater(records: Iterable<Loose>): AsyncGenerator<Loose> {
  for (const each of records) {
    await new Promise(setImmediate)
    yield each
  }
}

describe('upsert of an iterable', () => {
  it('takes generators, sets, async generators and streams', async () => {
    const { films } = await openCollection()
    expect(await films.upsert(generated(5))).toEqual({ inserted: 5, updated: 0 })
    expect(await films.upsert(new Set(generated(6)))).toEqual({ inserted: 1, updated: 5 })
    expect(await films.upsert(generatedLater(generated(8)))).toEqual({ inserted: 2, updated: 6 })
    expect(await films.upsert(ReadableStream.from(generated(9)) as AsyncIterable<Loose>)).toEqual({
      inserted: 1,
      updated: 8,
    })
    expect(await films.upsert(generated(0))).toEqual({ inserted: 0, updated: 0 })
    expect(idsOf(films.records())).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('commits every batchSize records, and reports each commit', async () => {
    const { films } = await openCollection()
    const done: number[] = []
    const sizes: number[] = []
    await films.upsert(generatedLater(generated(7)), {
      batchSize: 3,
      onProgress: (progress) => {
        done.push(progress.done)
        sizes.push(films.size)
      },
    })
    expect(done).toEqual([3, 6, 7])
    expect(sizes).toEqual([3, 6, 7])
  })

  it('takes no more of its input than it is about to write', async () => {
    const { films } = await openCollection()
    let taken = 0
    function* counted() {
      for (const each of generated(100)) {
        taken++
        yield each
      }
    }
    const ahead: number[] = []
    await films.upsert(counted(), { batchSize: 10, onProgress: ({ done }) => ahead.push(taken - done) })
    expect(ahead).toEqual(Array(10).fill(0))
  })

  it('commits before batchSize when the records are large', async () => {
    const { films } = await openCollection()
    const done: number[] = []
    function* large() {
      for (let id = 0; id < 9; id++) yield { id, vector: [1, 2], metadata: { text: 'z'.repeat(2 ** 20) } }
    }
    await films.upsert(large(), { onProgress: (progress) => done.push(progress.done) })
    expect(done).toEqual([4, 8, 9])
  })

  it('takes the last of records with one id, within a batch and across batches', async () => {
    const { films } = await openCollection()
    const records = [record('a', [1, 1]), record('a', [2, 2]), record('b'), record('a', [3, 3])]
    expect(await films.upsert(records.values(), { batchSize: 2 })).toEqual({ inserted: 2, updated: 1 })
    expect(films.get('a', { includeVector: true })!.vector).toEqual(Float32Array.of(3, 3))
  })

  it('keeps what was committed when a record is invalid, and tells how much and which', async () => {
    const { films } = await openCollection()
    const call = films.upsert([...generated(5), BAD, record('after')].values(), { batchSize: 2 })
    await expectRejection(call, 'BAD_VECTOR', { path: 'vector[1]', recordIndex: 5, id: 'bad', committed: 4 })
    expect(idsOf(films.records())).toEqual([0, 1, 2, 3])
  })

  it('passes on what the iterable throws, keeps what was committed, and closes it', async () => {
    const { films } = await openCollection()
    const failure = new Error('the source broke')
    async function* broken() {
      yield* generated(3)
      throw failure
    }
    expect(await rejectionOf(films.upsert(broken(), { batchSize: 2 }))).toBe(failure)
    expect(films.size).toBe(2)
    let closed = false
    function* open() {
      try {
        yield record('x')
        yield BAD
        yield record('y')
      } finally {
        closed = true
      }
    }
    await rejectionOf(films.upsert(open(), { batchSize: 1 }))
    expect(closed).toBe(true)
  })

  it('stops at a signal; what was committed stays', async () => {
    const { films } = await openCollection()
    const controller = new AbortController()
    const reason = new Error('enough')
    const call = films.upsert(generatedLater(generated(1000)), {
      batchSize: 5,
      signal: controller.signal,
      onProgress: ({ done }) => done === 10 && controller.abort(reason),
    })
    expect(await rejectionOf(call)).toBe(reason)
    expect(films.size).toBe(10)
    expect(await rejectionOf(films.upsert(generated(3), { signal: controller.signal }))).toBe(reason)
  })

  it('passes on what onProgress throws', async () => {
    const { films } = await openCollection()
    const failure = new Error('from onProgress')
    const onProgress = () => {
      throw failure
    }
    expect(await rejectionOf(films.upsert(generated(4), { batchSize: 2, onProgress }))).toBe(failure)
    expect(films.size).toBe(2)
  })
})

describe('onInvalid', () => {
  it('leaves a record whole that an invalid one was to replace', async () => {
    const { films } = await openCollection()
    const tooLarge = { text: 'x'.repeat(2 ** 26) }
    const input = [record('a'), { id: 'a', vector: [7, 7], metadata: tooLarge }]
    expect(await films.upsert(input, { onInvalid: 'skip' })).toEqual({ inserted: 1, updated: 0 })
    const { vector, metadata } = films.get('a', { includeVector: true })!
    expect({ id: 'a', vector: [...vector], metadata }).toEqual({ metadata: {}, ...record('a') })
  })

  it('does not skip holes, of which an array may have any number', async () => {
    const { films } = await openCollection()
    const holes = [record('a')]
    holes.length = 2 ** 32 - 1
    await expectRejection(films.upsert(holes, { onInvalid: 'skip' }), 'BAD_RECORD', {
      recordIndex: 1,
      committed: 0,
    })
    expect(films.size).toBe(0)
  })

  const mixed = [record('a'), BAD, record(''), record('b'), { id: 'c', vector: [0] }, record('d')]

  it('skip leaves invalid records out, of iterables and arrays', async () => {
    for (const input of [mixed, mixed.values(), generatedLater(mixed)]) {
      const { films } = await openCollection()
      expect(await films.upsert(input, { onInvalid: 'skip' })).toEqual({ inserted: 3, updated: 0 })
      expect(idsOf(films.records())).toEqual(['a', 'b', 'd'])
    }
  })

  it('throw fails the call, as without it', async () => {
    const { films } = await openCollection()
    await expectRejection(films.upsert([record('a'), BAD].values(), { onInvalid: 'throw' }), 'BAD_VECTOR', {
      path: 'vector[1]',
      recordIndex: 1,
      id: 'bad',
      committed: 0,
    })
  })

  it('as a function is told of each, with its place, and the others are written', async () => {
    const { films } = await openCollection()
    const reports: unknown[] = []
    const onInvalid = (error: Error, invalid: unknown) => {
      const { code, path, recordIndex, id } = error as Error & Record<string, unknown>
      reports.push([code, path, recordIndex, id, invalid])
    }
    await films.upsert(generatedLater(mixed), { onInvalid })
    expect(reports).toEqual([
      ['BAD_VECTOR', 'vector[1]', 1, 'bad', BAD],
      ['BAD_ID', 'id', 2, '', record('')],
      ['DIMENSION_MISMATCH', 'vector', 4, 'c', { id: 'c', vector: [0] }],
    ])
    expect(idsOf(films.records())).toEqual(['a', 'b', 'd'])
  })

  it('as a function that throws ends the call with that', async () => {
    const { films } = await openCollection()
    const failure = new Error('too bad')
    const onInvalid = () => {
      throw failure
    }
    expect(await rejectionOf(films.upsert(mixed, { onInvalid }))).toBe(failure)
    expect(films.size).toBe(0)
  })

  it('leaves an earlier record with the id of an invalid one as it was', async () => {
    const { films } = await openCollection({ metric: 'cosine' })
    const input = [
      record('a', [3, 4]),
      { id: 'a', vector: [1, Number.NaN] },
      { id: 'a', vector: [9] },
      record('a', [0, 0]),
    ]
    expect(await films.upsert(input, { onInvalid: 'skip' })).toEqual({ inserted: 1, updated: 0 })
    expect(films.get('a', { includeVector: true })!.vector).toEqual(Float32Array.of(3, 4))
  })
})
