import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Child, temporaryFolder } from './child.ts'

function mayLimit(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** The user that the child becomes. */
const NOBODY = 54_321

/** From now on the process may have so many threads more than it has. */
function grantThreads(pid: number, more: number): void {
  const limit = readdirSync(`/proc/${pid}/task`).length + more
  execFileSync('prlimit', ['--pid', String(pid), `--nproc=${limit}:`], { uid: NOBODY, gid: NOBODY })
}

// A limit is given to a process of another user: that takes Linux and root.
describe.skipIf(!mayLimit())('a process that is granted', () => {
  it('no thread rejects with a code, tells that its index failed, and comes on once it is granted some', {
    timeout: 90_000,
  }, async () => {
    const child = new Child('starve', join(temporaryFolder(), 'data'))
    expect(await child.next()).toBe('ready')
    grantThreads(child.pid, 0)
    expect(await child.ask('write')).toEqual({
      state: 'failed',
      error: 'OUT_OF_MEMORY',
      query: 'OUT_OF_MEMORY',
      synchronous: 7,
      size: 4000,
    })
    grantThreads(child.pid, 100)
    expect(await child.ask('recover')).toEqual({
      state: 'ready',
      error: undefined,
      query: 'ok',
      synchronous: 7,
      size: 4000,
    })
  })

  it('fewer threads than it asked for works with those', { timeout: 90_000 }, async () => {
    const child = new Child('starve', join(temporaryFolder(), 'data'))
    expect(await child.next()).toBe('ready')
    grantThreads(child.pid, 1)
    expect(await child.ask('write')).toMatchObject({
      state: 'ready',
      error: undefined,
      query: 'ok',
      size: 4000,
    })
  })
})
