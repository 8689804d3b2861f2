import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Child, temporaryFolder } from './child.ts'

/** Opens two databases of ':memory:' in a process of its own, which ends in some way; and the folders of these. */
async function start(way: string, temporary: string) {
  const child = new Child('memory', way, { TMPDIR: temporary })
  const { folders } = await child.next<{ folders: string[] }>()
  expect(folders).toHaveLength(2)
  const exist = () => folders.map((folder) => existsSync(folder))
  return { child, exist }
}

describe("a database of open(':memory:')", () => {
  it.each(['exit', 'exit amid writes', 'throw', 'a thread that ends'])(
    'is gone after the process ends: %s',
    async (way) => {
      const temporary = temporaryFolder()
      const { child, exist } = await start(way, temporary)
      const { code, signal } = await child.end()
      expect({ code, signal }).toEqual({ code: way === 'throw' ? 1 : 0, signal: null })
      expect(exist()).toEqual([false, false])
      expect(readdirSync(temporary)).toEqual([])
    },
  )

  it('is swept after its process was killed, and never while that lives, even stopped', async () => {
    const temporary = temporaryFolder()
    const stopped = await start('stay', temporary)
    process.kill(stopped.child.pid, 'SIGSTOP')
    const killed = await start('stay', temporary)
    killed.child.kill()
    await killed.child.end()
    expect(killed.exist()).toEqual([true, true])
    const next = await start('exit', temporary)
    await next.child.end()
    expect([stopped.exist(), killed.exist()]).toEqual([
      [true, true],
      [false, false],
    ])
    process.kill(stopped.child.pid, 'SIGCONT')
    expect(await stopped.child.ask('go on')).toBe(3_001)
  })
})
