import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { type Metadata, open } from '../../src/index.ts'
import { Child, temporaryFolder } from './child.ts'
import { mayMount, mount } from './mount.ts'

const PAGE = 16_384
const BRANCH = 1

interface Told {
  readonly code?: string
  readonly message?: string
  readonly bytes?: number
  readonly begun?: boolean
}

/** A database of some megabytes in `folder`. */
async function fill(folder: string, records = 3_000): Promise<void> {
  const db = await open(folder)
  const films = await db.collection<Metadata, number>('films', { dimension: 256, index: { engine: 'flat' } })
  await films.upsert(
    Array.from({ length: records }, (_, id) => ({ id, vector: vectorOf(id), metadata: { id } })),
  )
  await db.close()
}

function vectorOf(id: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, i) => Math.sin(id * 7 + i * i))
}

async function verify(folder: string, records = 3_000): Promise<void> {
  const db = await open(folder)
  const films = await db.collection<Metadata, number>('films')
  expect(films.size).toBe(records)
  expect(films.get(17, { includeVector: true })).toEqual({
    id: 17,
    vector: vectorOf(17),
    metadata: { id: 17 },
  })
  await db.close()
}

/** What the copy came to, past tellings of progress. */
async function outcome(child: Child): Promise<Told> {
  for (;;) {
    const told = await child.next<Told>()
    if (!told.begun) return told
  }
}

describe('a backup', () => {
  it('is of one moment while other processes write', { timeout: 120_000 }, async () => {
    const folder = join(temporaryFolder(), 'db')
    await fill(folder)
    const writers = ['a', 'b'].map((name) => new Child('counting', folder, name))
    for (const writer of writers) await writer.next()
    const db = await open(folder)
    for (let i = 0; i < 3; i++) {
      const copy = `${folder}-copy-${i}`
      await db.backup(copy)
      const copied = await open(copy)
      const films = await copied.collection<{ count: number }, string>('films')
      for (const name of ['a', 'b']) {
        const counts = [0, 1, 2, 3].map((part) => films.get(`${name}${part}`)!.metadata.count)
        expect(new Set(counts).size, `${counts}`).toBe(1)
      }
      expect(films.size).toBe(3_000 + 8)
      await copied.close()
    }
    await db.close()
  })

  it('ends with its process, and leaves no half copy under the name', { timeout: 120_000 }, async () => {
    const parent = temporaryFolder()
    await fill(join(parent, 'db'), 20_000)
    const child = new Child('backup', join(parent, 'db'))
    await child.next()
    child.send({ copy: join(parent, 'copy') })
    expect(await child.next()).toEqual({ begun: true })
    child.kill()
    await child.end()
    expect(existsSync(join(parent, 'copy'))).toBe(false)
    // The process that copies has ended too: what it wrote grows no more.
    const [draft] = readdirSync(parent).filter((name) => name.endsWith('.tmp'))
    const bytes = () => statSync(join(parent, draft!, 'data.mdb')).size
    await vi.waitFor(async () => {
      const before = bytes()
      await setTimeout(200)
      expect(bytes()).toBe(before)
    }, 20_000)
    // And it is in nobody's way.
    const next = new Child('backup', join(parent, 'db'))
    await next.next()
    next.send({ copy: join(parent, 'copy') })
    expect((await outcome(next)).bytes).toBeGreaterThan(0)
    await verify(join(parent, 'copy'), 20_000)
  })

  it('of damaged pages is refused, and the process goes on', { timeout: 120_000 }, async () => {
    const parent = temporaryFolder()
    const folder = join(parent, 'db')
    await fill(folder)
    const child = new Child('backup', folder)
    await child.next()
    const file = openSync(join(folder, 'data.mdb'), 'r+')
    const bytes = readFileSync(join(folder, 'data.mdb'))
    // Branch pages of the largest tree: what stands in them leads anywhere. The roots were looked at when it was opened.
    for (let at = 2 * PAGE; at < bytes.length; at += PAGE) {
      const isBranch = bytes.readUInt16LE(at + 18) === BRANCH
      if (isBranch) writeSync(file, Buffer.alloc(PAGE - 24, 0xa5), 0, PAGE - 24, at + 24)
    }
    closeSync(file)
    child.send({ copy: join(parent, 'copy') })
    expect(await outcome(child)).toMatchObject({ code: 'CORRUPTED' })
    expect(readdirSync(parent)).toEqual(['db'])
    child.send({ end: true })
    expect(await child.end()).toMatchObject({ code: 0, signal: null })
  })
})

describe.skipIf(!mayMount())('a backup to a full disk', () => {
  it('is refused with a code and leaves nothing, and succeeds once there is room', {
    timeout: 120_000,
  }, async () => {
    const parent = temporaryFolder()
    const folder = join(parent, 'db')
    const disk = join(parent, 'disk')
    mkdirSync(disk)
    await fill(folder)
    mount(disk, '2m')
    const child = new Child('backup', folder)
    await child.next()
    child.send({ copy: join(disk, 'copy') })
    expect(await outcome(child)).toMatchObject({ code: 'DISK_FULL' })
    expect(readdirSync(disk)).toEqual([])
    execFileSync('mount', ['-o', 'remount,size=64m', disk])
    child.send({ copy: join(disk, 'copy') })
    expect((await outcome(child)).bytes).toBeGreaterThan(0)
    expect(readdirSync(disk)).toEqual(['copy'])
    await verify(join(disk, 'copy'))
  })

  it('succeeds when the disk of the database itself is full', { timeout: 120_000 }, async () => {
    const parent = temporaryFolder()
    const disk = join(parent, 'disk')
    mkdirSync(disk)
    mount(disk, '64m')
    await fill(join(disk, 'db'))
    const child = new Child('backup', join(disk, 'db'))
    await child.next()
    execFileSync('sh', ['-c', `cat /dev/zero > ${join(disk, 'filler')} || true`], { stdio: 'ignore' })
    child.send({ copy: join(parent, 'copy') })
    expect((await outcome(child)).bytes).toBeGreaterThan(0)
    await verify(join(parent, 'copy'))
  })
})

describe.skipIf(process.getuid?.() !== 0 || !mayMount())('a backup where it may not write', () => {
  it('is refused with a code', { timeout: 120_000 }, async () => {
    const parent = temporaryFolder()
    const folder = join(parent, 'db')
    await fill(folder, 10)
    const disk = join(parent, 'disk')
    mkdirSync(disk)
    chmodSync(disk, 0o500)
    execFileSync('mount', ['--bind', '-o', 'ro', disk, disk])
    const child = new Child('backup', folder)
    await child.next()
    child.send({ copy: join(disk, 'copy') })
    const told = await outcome(child)
    execFileSync('umount', ['--lazy', disk])
    expect(told).toMatchObject({ code: 'STORAGE', message: expect.stringMatching(/copy/) })
  })
})
