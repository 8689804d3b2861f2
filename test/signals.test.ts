import { getEventListeners } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { openCollection } from './helpers/database.ts'
import { rejectionOf } from './helpers/errors.ts'

/** Warnings of Node from now on. */
function warnings(): Error[] {
  const heard: Error[] = []
  const hear = (warning: Error) => heard.push(warning)
  process.on('warning', hear)
  onTestFinished(() => void process.off('warning', hear))
  return heard
}

async function filled() {
  const { films } = await openCollection()
  await films.upsert(Array.from({ length: 100 }, (_, id) => ({ id, vector: [id, 1] })))
  return films
}

it('a thousand calls at once wait for one signal with one listener, and leave none', async () => {
  const films = await filled()
  const heard = warnings()
  const { signal } = new AbortController()
  const calls = Array.from({ length: 250 }, () => [
    films.query({ vector: [1, 2], signal }),
    films.queryMany([{ vector: [1, 2] }, { id: 3 }], { signal }),
    films.explain({ vector: [1, 2], signal, timeout: 60_000 }),
    films.count({ filter: { a: { $exists: false } }, signal }),
  ]).flat()
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  await Promise.all(calls)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  await films.query({ vector: [1, 2], signal })
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect(heard).toEqual([])
})

it('all calls that wait for a signal reject when it fires, those that ended before do not', async () => {
  const films = await filled()
  const controller = new AbortController()
  const { signal } = controller
  const early = await films.query({ vector: [1, 2], signal })
  expect(early).toHaveLength(10)
  const calls = Array.from({ length: 20 }, () => rejectionOf(films.query({ vector: [1, 2], signal })))
  const reason = new Error('enough')
  controller.abort(reason)
  expect(new Set(await Promise.all(calls))).toEqual(new Set([reason]))
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect(await rejectionOf(films.query({ vector: [1, 2], signal }))).toBe(reason)
})
