import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { open } from '../../src/index.ts'
import { Child, temporaryFolder } from './child.ts'

describe('a process', () => {
  const succeeding = [
    'exit with queries under way',
    'exit with writes under way',
    'exit within a transaction',
    'exit by a listener of an error, amid writes',
    'another code by a later listener, amid writes',
    'exit while another thread writes',
    'exit at once',
    'nothing left to do',
    'queries left to do',
    'closed',
  ]
  for (const way of succeeding) {
    it(`ends well: ${way}`, { timeout: 90_000 }, async () => {
      const child = new Child('exit', join(temporaryFolder(), 'data'), way)
      expect(await child.end()).toEqual({ code: 0, signal: null, stderr: '' })
    })
  }

  it('ends with its own error: throw with queries under way', { timeout: 90_000 }, async () => {
    const child = new Child('exit', join(temporaryFolder(), 'data'), 'throw with queries under way')
    const { code, signal, stderr } = await child.end()
    expect({ code, signal }).toEqual({ code: 1, signal: null })
    expect(stderr).toContain('on purpose')
  })

  it('ends with its code and report at any moment of its writes, and others write on', {
    timeout: 240_000,
  }, async () => {
    const folder = join(temporaryFolder(), 'data')
    for (let round = 0; round < 12; round++) {
      const exiting = new Child('exit', folder, 'exit amid writes of every kind')
      expect(await exiting.end()).toEqual({ code: 0, signal: null, stderr: '' })
      const throwing = new Child('exit', folder, 'throw amid writes of every kind')
      const { code, signal, stderr } = await throwing.end()
      expect({ code, signal }).toEqual({ code: 1, signal: null })
      expect(stderr).toContain('on purpose')
    }
    await using database = await open(folder)
    const collection = await database.collection<object, number>('c')
    expect(collection.size).toBe(4000)
    expect([...collection.records()]).toHaveLength(4000)
    await collection.delete(1)
  })

  it('writes coverage when it exits amid writes', { timeout: 90_000 }, async () => {
    const coverage = join(temporaryFolder(), 'coverage')
    const folder = join(temporaryFolder(), 'data')
    const child = new Child('exit', folder, 'exit within a transaction', { NODE_V8_COVERAGE: coverage })
    expect(await child.end()).toEqual({ code: 0, signal: null, stderr: '' })
    expect(readdirSync(coverage)).toHaveLength(1)
  })

  it('goes on when a thread is terminated in the midst of reads and writes', {
    timeout: 120_000,
  }, async () => {
    let end: Awaited<ReturnType<Child['end']>>
    let attempts = 0
    do {
      end = await new Child('terminate', join(temporaryFolder(), `data${attempts}`)).end()
      // Of some hundred terminations one ends the process, which no guard can reach: docs/limits.md.
    } while (end.signal === 'SIGABRT' && /napi_throw/.test(end.stderr) && ++attempts < 4)
    expect(end).toEqual({ code: 0, signal: null, stderr: '' })
  })
})
