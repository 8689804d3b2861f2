import { randomUUID } from 'node:crypto'
import { appendFileSync, closeSync, fsyncSync, linkSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What file systems without hard links answer. */
const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'])

/**
 * Makes a file that is whole from its first moment, unless there is one of that name; throws what the file system does. It is
 * written, not reserved, so that nobody who maps it meets a full disk. Without hard links it is whole a moment later: `link` is
 * a test's.
 */
export function createWhole(folder: string, name: string, bytes: Buffer, link = linkSync): void {
  const path = join(folder, name)
  withTemporary(folder, name, bytes, (temporary) => {
    unlessThere(() => {
      try {
        link(temporary, path)
      } catch (error) {
        if (!NO_LINKS.has(codeOf(error))) throw error
        write(path, bytes)
      }
    })
  })
}

function unlessThere(make: () => void): void {
  try {
    make()
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? ''
}

function write(path: string, bytes: Buffer): void {
  writeFileSync(path, bytes, { flag: 'wx', mode: 0o664 })
}

/** Throws what the file system does when a folder has no room for so many bytes. */
export function findRoom(folder: string, bytes: number): void {
  withTemporary(folder, 'room', Buffer.alloc(bytes), () => {})
}

/** Makes a file longer. What others do with it meanwhile is never written over. */
export function append(file: string, bytes: Buffer): void {
  appendFileSync(file, bytes)
}

/** Puts a file of a folder on disk, with its name. */
export function flushFolder(folder: string, name: string): void {
  flush(join(folder, name), 'r+')
  // Windows opens no folders.
  if (process.platform !== 'win32') flush(folder, 'r')
}

function flush(path: string, flags: string): void {
  const opened = openSync(path, flags)
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}

function withTemporary(folder: string, name: string, bytes: Buffer, use: (path: string) => void): void {
  const temporary = join(folder, `${name}.${randomUUID()}.tmp`)
  try {
    write(temporary, bytes)
    use(temporary)
  } finally {
    rmSync(temporary, { force: true })
  }
}
