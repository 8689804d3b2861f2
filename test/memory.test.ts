import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { open } from '../src/index.ts'
import { makeMemoryFolder } from '../src/store/memory-folder.ts'
import { makePrivateFolder } from '../src/store/private-folder.ts'
import { openDatabase, temporaryFolder } from './helpers/database.ts'
import { expectRejection } from './helpers/errors.ts'
import { LEAST, untilBuilt } from './helpers/graphs.ts'
import { privateFolders } from './helpers/private-folders.mjs'

const hasSharedMemory = () => {
  try {
    const { type, bavail, bsize } = statfsSync('/dev/shm')
    return type === 0x0102_1994 && bavail * bsize > 2 ** 29
  } catch {
    return false
  }
}

describe("open(':memory:')", () => {
  it('makes a database like any other, and leaves nothing behind', async () => {
    const db = await open(':memory:')
    const films = await db.collection<{ year: number }>('films', { dimension: 2 })
    await films.upsert([
      { id: 'a', vector: [1, 0], metadata: { year: 1979 } },
      { id: 'b', vector: [0, 1], metadata: { year: 2001 } },
    ])
    expect(await films.query({ vector: [1, 0.1], k: 1 })).toMatchObject([
      { id: 'a', metadata: { year: 1979 } },
    ])
    const folders = privateFolders()
    expect(folders).toHaveLength(1)
    expect(existsSync(folders[0]!)).toBe(true)
    await db.close()
    await db.close()
    expect(existsSync(folders[0]!)).toBe(false)
  })

  it('is another one with every call', async () => {
    const [first, second] = await Promise.all([openDatabase(':memory:'), openDatabase(':memory:')])
    await first.collection('films', { dimension: 2 })
    expect(first.collections()).toEqual(['films'])
    expect(second.collections()).toEqual([])
    await first.close()
    await second.collection('films', { dimension: 3 })
    expect(second.collections()).toEqual(['films'])
  })

  it.skipIf(!hasSharedMemory())('lies in memory where there is a file system for it', async () => {
    await openDatabase(':memory:')
    const [folder] = privateFolders()
    expect(folder).toMatch(/^\/dev\/shm\//)
  })

  it('lies elsewhere where there is none, or no room', async () => {
    const nowhere = join(temporaryFolder(), 'none')
    for (const memory of [nowhere, temporaryFolder(), '/proc']) {
      const folder = await makeMemoryFolder(memory)
      expect(folder.path.startsWith(tmpdir())).toBe(true)
      expect(readdirSync(folder.path)).toEqual([])
      await folder.remove()
    }
  })

  it.each(['hnsw', 'hnswlib'] as const)(
    'writes no graph of engine %s that nobody will read',
    async (engine) => {
      const db = await openDatabase(':memory:')
      const films = await db.collection<object, number>('films', { dimension: 2, index: { engine } })
      await films.upsert(Array.from({ length: LEAST }, (_, id) => ({ id, vector: [1, id] })))
      await untilBuilt(films)
      const [folder] = privateFolders()
      expect(readdirSync(join(folder!, 'content'))).not.toContain('index')
    },
  )

  it('cannot be read-only', async () => {
    await expectRejection(open(':memory:', { readOnly: true }), 'BAD_OPTION', { path: 'options.readOnly' })
    await expectRejection(open(':memory:', { immutable: true }), 'BAD_OPTION', { path: 'options.immutable' })
    await expectRejection(open(':memory:', { threads: 0 }), 'BAD_OPTION', { path: 'options.threads' })
    expect(privateFolders()).toEqual([])
  })
})

describe('a private folder', () => {
  it('is removed when the process exits, unless it was before', async () => {
    const parent = temporaryFolder()
    const [kept, removed] = [await makePrivateFolder(parent), await makePrivateFolder(parent)]
    writeFileSync(join(kept.path, 'file'), 'x')
    await removed.remove()
    expect(readdirSync(parent)).toHaveLength(1)
    const listeners = process.listeners('exit')
    listeners.at(-1)!(0)
    expect(readdirSync(parent)).toEqual([])
    await kept.remove()
  })

  it('adds one listener to the process, however many there are', async () => {
    const parent = temporaryFolder()
    const before = process.listenerCount('exit')
    const made = await Promise.all(Array.from({ length: 20 }, () => makePrivateFolder(parent)))
    expect(process.listenerCount('exit')).toBeLessThanOrEqual(before + 1)
    for (const folder of made) await folder.remove()
    expect(process.listenerCount('exit')).toBeLessThanOrEqual(before)
  })

  it('sweeps what was left, and nothing else', async () => {
    const parent = temporaryFolder()
    const living = await makePrivateFolder(parent)
    const made = (name: string) => {
      const folder = join(parent, name)
      mkdirSync(join(folder, 'content'), { recursive: true })
      return folder
    }
    // A socket that nobody listens on any more, as a killed process leaves it.
    const abandoned = made('skalar-private-aaaaaa')
    await leaveSocket(join(abandoned, 'alive'))
    const begun = made('skalar-private-bbbbbb')
    const foreign = made('skalar-private-cccccc-mine')
    await leaveSocket(join(foreign, 'alive'))
    const elsewhere = mkdtempSync(join(temporaryFolder(), 'x'))
    await leaveSocket(join(elsewhere, 'alive'))
    const link = join(parent, 'skalar-private-dddddd')
    symlinkSync(elsewhere, link)
    const next = await makePrivateFolder(parent)
    expect(existsSync(abandoned)).toBe(false)
    for (const path of [living.path, begun, foreign, link, join(elsewhere, 'alive'), next.path]) {
      expect(existsSync(path), path).toBe(true)
    }
    await next.remove()
    await living.remove()
  })

  it('tells where none can be made', async () => {
    await expectRejection(makePrivateFolder(join(temporaryFolder(), 'none')), 'STORAGE')
  })
})

/** Closing a server removes its socket, so a hard link to it is what stays. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(`${path}.1`, resolve))
  linkSync(`${path}.1`, path)
  await new Promise((resolve) => server.close(resolve))
}
