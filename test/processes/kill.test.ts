import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { type Collection, open } from '../../src/index.ts'
import { expectNearest } from '../property/reference.ts'
import { Child, temporaryFolder } from './child.ts'

const ROUNDS = 6
const SIZE = 25

/** Lets a writer go on for some batches and a moment, kills it, and returns the last batch it told of. */
async function writeAndKill(folder: string, first: number): Promise<number> {
  const file = join(import.meta.dirname, 'children', 'stream.mjs')
  const writer = spawn(process.execPath, [file, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(writer, 'close')
  const batches = 1 + Math.floor(Math.random() * 40)
  let told = first - 1
  const lines = createInterface({ input: writer.stdout })
  lines.on('line', (line) => {
    told = Number(line)
    // Within a batch, at any point of it.
    if (told === first + batches) void setTimeout(Math.random() * 5).then(() => writer.kill('SIGKILL'))
  })
  const [code, signal] = await closed
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' })
  return told
}

interface Stored {
  batch: number
}

/** Checks that what there is are whole batches up to the last one; returns that. */
async function checkWhole(collection: Collection<Stored, string>): Promise<number> {
  const last = collection.get('last')!.metadata.batch
  const expected = new Map([['last', Float32Array.of(0, 0, last)]])
  for (let batch = 1; batch <= last; batch++) {
    for (let i = batch <= last - 5 ? 1 : 0; i < SIZE; i++)
      expected.set(`${batch}:${i}`, Float32Array.of(batch, i, 1))
  }
  const records = [...collection.records()]
  expect(new Set(records.map(({ id }) => id))).toEqual(new Set(expected.keys()))
  expect(collection.size).toBe(expected.size)
  const candidates = records.map(({ id, metadata }) => ({ id, metadata, vector: expected.get(id)! }))
  const vector = [1, -2, 3]
  for (const k of [10, expected.size + 1])
    expectNearest('dot', vector, k, candidates, await collection.query({ vector, k }))
  return last
}

it('a killed writer leaves all it told of, and only whole batches', { timeout: 240_000 }, async () => {
  const folder = join(temporaryFolder(), 'data')
  // Every record is to be found, whatever the others are like: by a scan.
  const options = { dimension: 3, metric: 'dot', index: { engine: 'flat' } } as const
  const created = await open(folder)
  await created.collection('c', options)
  await created.close()
  const watcher = new Child('watcher', folder)
  expect(await watcher.next()).toBe('ready')

  let last = 0
  for (let round = 0; round < ROUNDS; round++) {
    const told = await writeAndKill(folder, last + 1)
    const database = await open(folder)
    const before = last
    last = await checkWhole(await database.collection<Stored, string>('c', options))
    expect(told).toBeGreaterThan(before)
    expect(last).toBeGreaterThanOrEqual(told)
    expect(last).toBeLessThanOrEqual(told + 1)
    await database.close()
    expect(await watcher.ask<number>('report')).toBeGreaterThan(round)
  }
})
