import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Child, temporaryFolder } from './child.ts'
import { mayMount, mount } from './mount.ts'

interface Report {
  codes: string[]
  committed: number
}

// Only a small file system of our own can be filled: that takes Linux and the right to mount.
describe.skipIf(!mayMount())('a full disk', () => {
  it('fails writes with a code, loses nothing, and is got over', { timeout: 180_000 }, async () => {
    const folder = temporaryFolder()
    mount(folder, '24m')
    const child = new Child('fill', join(folder, 'data'))
    const full = await child.next<Report>()
    expect(new Set(full.codes)).toEqual(new Set(['DISK_FULL']))
    expect(full.committed).toBeGreaterThan(0)

    execFileSync('mount', ['-o', 'remount,size=96m', folder])
    const after = await child.ask<Report>('there is room')
    expect(after).toEqual({ codes: [], committed: full.committed + 600 })
    // lmdb-js prints failed commits itself.
    expect(await child.end()).toMatchObject({ code: 0, signal: null })
  })

  for (const durability of ['commit', 'flushed']) {
    for (const room of [false, true]) {
      const when = room ? 'when there is room again' : 'while it lasts'
      it(`lets the database be closed ${when}, with durability ${durability}`, {
        timeout: 120_000,
      }, async () => {
        const folder = temporaryFolder()
        mount(folder, '24m')
        const child = new Child('full-close', join(folder, 'data'), durability)
        expect(await child.next()).toEqual(['DISK_FULL', 'done'])
        if (room) execFileSync('mount', ['-o', 'remount,size=96m', folder])
        expect(await child.ask('close')).toBe('done')
        const { found, same } = await child.next<{ found: number; same: boolean }>()
        expect(found).toBeGreaterThan(0)
        expect(same).toBe(true)
        expect(await child.next()).toBe('done')
        expect(await child.end()).toMatchObject({ code: 0, signal: null })
      })
    }
  }
})
