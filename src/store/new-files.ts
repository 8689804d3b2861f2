import { randomUUID } from 'node:crypto'
import { appendFileSync, linkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** File systems without hard links: LMDB then makes the file itself. */
const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'])

/**
 * Makes a file that is whole from its first moment, unless there is one of that name; throws what the file system does. It is
 * written, not reserved, so that nobody who maps it meets a full disk.
 */
export function createWhole(folder: string, name: string, bytes: Buffer): void {
  withTemporary(folder, name, bytes, (temporary) => {
    try {
      linkSync(temporary, join(folder, name))
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (code !== 'EEXIST' && !NO_LINKS.has(code)) throw error
    }
  })
}

/** Throws what the file system does when a folder has no room for so many bytes. */
export function findRoom(folder: string, bytes: number): void {
  withTemporary(folder, 'room', Buffer.alloc(bytes), () => {})
}

/** Makes a file longer. What others do with it meanwhile is never written over. */
export function append(file: string, bytes: Buffer): void {
  appendFileSync(file, bytes)
}

function withTemporary(folder: string, name: string, bytes: Buffer, use: (path: string) => void): void {
  const temporary = join(folder, `${name}.${randomUUID()}.tmp`)
  try {
    writeFileSync(temporary, bytes, { flag: 'wx', mode: 0o664 })
    use(temporary)
  } finally {
    rmSync(temporary, { force: true })
  }
}
