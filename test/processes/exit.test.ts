import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Child, temporaryFolder } from './child.ts'

describe('a process', () => {
  const succeeding = [
    'exit with queries under way',
    'exit with writes under way',
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

  it('goes on when a thread is terminated in the midst of reads and writes', {
    timeout: 120_000,
  }, async () => {
    const child = new Child('terminate', join(temporaryFolder(), 'data'))
    expect(await child.end()).toEqual({ code: 0, signal: null, stderr: '' })
  })
})
