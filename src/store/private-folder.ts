import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failure } from './folder.ts'

/*
 * Folders of this JavaScript thread's own, which are to go when it does:
 *
 *   skalar-private-XXXXXX/content   what its maker puts there
 *   skalar-private-XXXXXX/alive     a socket that its maker listens on
 *
 * They are removed by their maker, or when the process exits, also by an exception. What a killed process leaves is removed by whoever makes
 * the next one: where nobody listens any more the system refuses a connection. That holds for processes that are stopped, and across
 * containers that share a folder, where the number of a process tells nothing. The socket goes last, so that a removal that was cut short
 * is taken up again. A folder without one is left alone: its maker may be about to listen.
 */

const PREFIX = 'skalar-private-'
const NAME = /^skalar-private-\w{6}$/

/** The longest name that a socket may have everywhere. */
const MOST_SOCKET_BYTES = 100

/** How often a removal is tried while others still make files. */
const TRIES = 5

export interface PrivateFolder {
  /** Empty when it is made. */
  readonly path: string
  /** Removes it with all it holds. What cannot be removed now is removed when the process exits. */
  remove(): Promise<void>
}

/** Those of this thread that are to be removed. */
const made = new Set<string>()

/**
 * Makes a private folder in `parent`, after removing there what killed processes of the same user have left.
 *
 * @throws SkalarError `DISK_FULL`, `STORAGE`
 */
export async function makePrivateFolder(parent: string = tmpdir()): Promise<PrivateFolder> {
  await sweep(parent)
  const whole = makeNow(parent)
  const server = await listen(whole)
  return {
    path: contentOf(whole),
    async remove() {
      removeNow(whole)
      await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())))
    },
  }
}

const contentOf = (whole: string) => join(whole, 'content')
const socketOf = (whole: string) => join(whole, 'alive')

function makeNow(parent: string): string {
  try {
    const whole = mkdtempSync(join(parent, PREFIX))
    if (made.size === 0) process.once('exit', removeAll)
    made.add(whole)
    mkdirSync(contentOf(whole))
    return whole
  } catch (cause) {
    throw failure(`no temporary folder can be made in ${parent}`, cause)
  }
}

function removeAll(): void {
  for (const whole of made) removeNow(whole)
}

function removeNow(whole: string): void {
  if (!tryToRemove(whole)) return
  made.delete(whole)
  if (made.size === 0) process.off('exit', removeAll)
}

function tryToRemove(whole: string): boolean {
  try {
    for (const path of [contentOf(whole), whole])
      rmSync(path, { recursive: true, force: true, maxRetries: TRIES })
    return true
  } catch {
    return false
  }
}

/**
 * Listens for as long as this thread lives. Undefined where that cannot be, on Windows for example: what such a process leaves when it is
 * killed stays.
 */
function listen(whole: string): Promise<Server | undefined> {
  const path = socketOf(whole)
  if (process.platform === 'win32' || Buffer.byteLength(path) > MOST_SOCKET_BYTES)
    return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', () => resolve(undefined))
    // In a cluster the primary process would listen instead, and live longer.
    server.listen({ path, exclusive: true }, () => resolve(server))
    server.unref()
  })
}

async function sweep(parent: string): Promise<void> {
  for (const whole of leftOvers(parent)) if (await isAbandoned(socketOf(whole))) tryToRemove(whole)
}

function leftOvers(parent: string): string[] {
  try {
    const names = readdirSync(parent).filter((name) => NAME.test(name))
    return names.map((name) => join(parent, name)).filter(isOurs)
  } catch {
    // Whether anything can be made there is told when it is.
    return []
  }
}

/** Whether it is a folder, no link, of the same user. */
function isOurs(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === process.getuid?.()
}

function isAbandoned(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socket)
    connection.once('connect', () => {
      connection.destroy()
      resolve(false)
    })
    connection.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'))
  })
}
