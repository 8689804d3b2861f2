import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from './child.ts'
import { mayMount, mount } from './mount.ts'
import { openElsewhere } from './opener.ts'

/** Leaves a few bytes of a file system of one's own. */
function fillUp(folder: string, leave: number): void {
  const { bavail, bsize } = statfsSync(folder)
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - leave)))
}

// Only a small file system of our own can be filled: that takes Linux and the right to mount.
describe.skipIf(!mayMount())('a disk that is full before the open', () => {
  it.each([0, 16, 32, 64, 128, 132, 160, 192, 256, 384, 512])(
    'refuses a new database with a code, and leaves nothing, when %i KiB are left',
    (left) => {
      const folder = temporaryFolder()
      mount(folder, '2m')
      fillUp(folder, left * 1_024)
      const path = join(folder, 'db')
      expect(openElsewhere(path, { write: true }).code).toBe('DISK_FULL')
      expect(readdirSync(path).filter((name) => name !== 'lock.mdb')).toEqual([])
      rmSync(join(folder, 'ballast'))
      expect(openElsewhere(path, { write: true }).size).toBe(1)
    },
  )

  it.each([false, true])('refuses one without lock.mdb with a code (readOnly: %s)', (readOnly) => {
    const folder = temporaryFolder()
    mount(folder, '2m')
    const path = join(folder, 'db')
    expect(openElsewhere(path, { write: true }).size).toBe(1)
    rmSync(join(path, 'lock.mdb'))
    for (const left of [0, 4, 64]) {
      rmSync(join(folder, 'ballast'), { force: true })
      fillUp(folder, left * 1_024)
      expect(openElsewhere(path, { readOnly }).code).toBe('DISK_FULL')
      expect(readdirSync(path).sort()).toEqual(['commits', 'data.mdb'])
    }
    rmSync(join(folder, 'ballast'))
    expect(openElsewhere(path, { readOnly }).size).toBe(1)
  })

  it('opens one that is whole, to be read', () => {
    const folder = temporaryFolder()
    mount(folder, '2m')
    const path = join(folder, 'db')
    expect(openElsewhere(path, { write: true }).size).toBe(1)
    fillUp(folder, 0)
    expect(openElsewhere(path).size).toBe(1)
    expect(openElsewhere(path, { readOnly: true }).size).toBe(1)
  })
})
