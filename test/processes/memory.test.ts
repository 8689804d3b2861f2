import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Child, temporaryFolder } from './child.ts'
import { compilePreload, mayPreload } from './preload.ts'

interface Told {
  readonly outcomes: Record<string, { refused: number; told: Record<string, number>; wrong: number }>
  readonly size: number
  readonly expected: number
  readonly wrong: number
  readonly state: string
}

describe.skipIf(!mayPreload())('a process whose addon is refused memory', () => {
  it('is told OUT_OF_MEMORY each time, goes on, and misses nothing afterwards', {
    timeout: 180_000,
  }, async () => {
    const folder = temporaryFolder()
    const library = compilePreload('refuse.cc')
    const orders = join(folder, 'orders')
    writeFileSync(orders, new BigInt64Array([-1n, 0n, 0n]))
    const child = new Child('refused', join(folder, 'data'), {
      LD_PRELOAD: library,
      SKALAR_REFUSE: orders,
    })
    const { outcomes, ...found } = await child.next<Told>()
    for (const [kind, { refused, told, wrong }] of Object.entries(outcomes)) {
      expect(kind === 'delete' || refused > 5, kind).toBe(true)
      expect(wrong, kind).toBe(0)
      expect(['ok', 'OUT_OF_MEMORY'], kind).toEqual(expect.arrayContaining(Object.keys(told)))
    }
    for (const kind of ['query', 'synchronous', 'many', 'filtered', 'built', 'opened']) {
      expect(outcomes[kind]?.told.OUT_OF_MEMORY, kind).toBeGreaterThan(5)
      expect(outcomes[kind]?.told.ok, kind).toBeGreaterThan(1)
    }
    expect(found).toEqual({ size: found.expected, expected: found.expected, wrong: 0, state: 'ready' })
    expect(await child.end()).toEqual({ code: 0, signal: null, stderr: '' })
  })
})
