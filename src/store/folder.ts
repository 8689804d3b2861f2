import { accessSync, closeSync, constants, mkdirSync, openSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { SkalarError } from '../errors.ts'
import { bootId } from './boot.ts'
import { emptyDataFile, type Fault, faultOfDataFile } from './data-file.ts'
import { sealEmpty } from './flush-record.ts'
import { append, createWhole, findRoom, flushFolder } from './new-files.ts'
import { claim } from './recovery.ts'

/*
 * A folder as it must be before lmdb-js is called: it ends the process where LMDB cannot open an environment, and where a
 * disk is full under a file that LMDB has only reserved. So all that is looked at and made here, from outside.
 *
 * LMDB's locks belong to the process and end as soon as it closes any descriptor of `lock.mdb`, another thread's too: that
 * file is not opened here once LMDB may have it. Several processes may make a database at once: each file comes into being
 * whole, under its name, once.
 */

/** Bound on processes and threads that read at once. */
export const MAX_READERS = 2_048

/** A slot for each reader behind 208 bytes of locks (`MDB_txninfo` on Linux; less elsewhere). LMDB takes zeros for new. */
const LOCK_BYTES = 64 * (MAX_READERS - 1) + 272

/** What LMDB and we write into a new database before anything of a user's. */
const ROOM_BYTES = 512 * 1024

/** LMDB opens three files, and we one. */
const DESCRIPTORS = 8

/** How often, and how far apart, a file is looked at that another process may be writing. */
const LOOKS = 10
const PAUSE_MS = 20

export interface Access {
  readonly readOnly: boolean
  /** Nobody writes, so no locks are needed. */
  readonly immutable: boolean
  /** It goes when it is closed, so nothing that is derived is worth keeping. */
  readonly temporary: boolean
}

/**
 * Makes what is missing for a database in a folder, and refuses what LMDB could not open. The folder itself exists.
 *
 * @returns a descriptor of `data.mdb`, which shares its lock (`recovery.ts`) and is to be closed
 * @throws SkalarError `NOT_FOUND`, `NOT_A_DATABASE`, `CORRUPTED`, `DISK_FULL`, `STORAGE`
 */
export async function prepareFolder(folder: string, access: Access): Promise<number> {
  const data = join(folder, 'data.mdb')
  const file = look(data)?.isFile() ? await claimed(data, access) : undefined
  try {
    await prepare(folder, data, access)
    return file ?? (await claim(data, access.readOnly))
  } catch (error) {
    if (file !== undefined) closeSync(file)
    throw error
  }
}

async function prepare(folder: string, data: string, { readOnly, immutable }: Access): Promise<void> {
  const fault = await patiently(() => faultOfFolder(folder, data))
  if (fault !== undefined) throw refusal(folder, fault)
  const isNew = isEmpty(data)
  if (isNew && readOnly) {
    throw new SkalarError('NOT_FOUND', `there is no database in ${folder}, and readOnly creates none`)
  }
  if (!immutable) prepareLock(folder, readOnly)
  if (isNew) createDataFile(folder)
  else assertAccess(data, readOnly ? constants.R_OK : constants.R_OK | constants.W_OK)
  assertDescriptors(data)
}

/** Who may not open the file is told so by what follows. */
async function claimed(data: string, { readOnly }: Access): Promise<number | undefined> {
  try {
    return await claim(data, readOnly)
  } catch (cause) {
    if (cause instanceof SkalarError) throw cause
    const { code } = cause as NodeJS.ErrnoException
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS')
      throw failure(`${data} cannot be read`, cause)
    return undefined
  }
}

/** Makes a folder, and those above it; leaves one alone that is there. @throws SkalarError `NOT_A_DATABASE`, `STORAGE` */
export function makeFolder(folder: string): void {
  if (isFolder(folder)) return
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw failure(`the folder ${folder} cannot be made`, cause)
  }
}

/** False when there is nothing. @throws SkalarError `NOT_A_DATABASE`, `STORAGE` */
export function isFolder(path: string): boolean {
  const found = look(path)
  if (found === undefined || found.isDirectory()) return found !== undefined
  throw new SkalarError('NOT_A_DATABASE', `${path} is a file: a skalar database is a folder`)
}

async function patiently(findFault: () => Fault | undefined): Promise<Fault | undefined> {
  let fault = findFault()
  for (let i = 1; fault !== undefined && i < LOOKS; i++) {
    await setTimeout(PAUSE_MS)
    fault = findFault()
  }
  return fault
}

function faultOfFolder(folder: string, data: string): Fault | undefined {
  // Looked for first: whoever makes a database makes these last.
  const others = ['commits', 'index'].filter((name) => look(join(folder, name)) !== undefined)
  const found = look(data)
  if (found !== undefined && !found.isFile()) return { code: 'NOT_A_DATABASE', problem: 'is no file' }
  if (found === undefined || found.size === 0) {
    const problem = `${found === undefined ? 'is missing' : 'is empty'} beside ${others.join(' and ')}`
    return others.length > 0 ? { code: 'CORRUPTED', problem } : undefined
  }
  try {
    return faultOfDataFile(data)
  } catch (cause) {
    throw failure(`${data} cannot be read`, cause)
  }
}

function refusal(folder: string, { code, problem }: Fault): SkalarError {
  const remedy =
    code === 'CORRUPTED'
      ? 'restore the folder from a copy, or remove all of it to begin anew'
      : 'skalar did not make it: open another folder'
  return new SkalarError(code, `data.mdb in ${folder} ${problem}: ${remedy}`)
}

function isEmpty(file: string): boolean {
  return (look(file)?.size ?? 0) === 0
}

function createDataFile(folder: string): void {
  try {
    // LMDB's first commits find room, too: where they do not, its environment is of no use any more.
    findRoom(folder, ROOM_BYTES)
    const bytes = emptyDataFile()
    const boot = bootId()
    if (boot !== undefined) sealEmpty(bytes, boot)
    if (look(join(folder, 'data.mdb')) === undefined) createWhole(folder, 'data.mdb', bytes)
    else append(join(folder, 'data.mdb'), bytes)
    // What is committed first is not flushed, and must find the file after a power cut.
    flushFolder(folder, 'data.mdb')
  } catch (cause) {
    throw failure(`no database can be made in ${folder}`, cause)
  }
}

function prepareLock(folder: string, readOnly: boolean): void {
  const lock = join(folder, 'lock.mdb')
  const found = look(lock)
  if (found !== undefined && !found.isFile()) {
    throw new SkalarError('STORAGE', `${lock} is no file: remove it while nobody has the database open`)
  }
  try {
    if (found !== undefined) accessSync(lock, constants.R_OK | constants.W_OK)
    if (found === undefined) createWhole(folder, 'lock.mdb', Buffer.alloc(LOCK_BYTES))
    // LMDB has made it longer wherever it has it open.
    else if (found.size < LOCK_BYTES) append(lock, Buffer.alloc(LOCK_BYTES - found.size))
  } catch (cause) {
    const isForbidden = ['EACCES', 'EROFS', 'EPERM'].includes((cause as NodeJS.ErrnoException).code ?? '')
    if (!isForbidden) throw failure(`${lock} cannot be made`, cause)
    const remedy = readOnly
      ? 'readers lock what they read: give write permission, or open with immutable: true if nobody writes'
      : 'give write permission on it and on its folder'
    throw new SkalarError('STORAGE', `${lock} cannot be written: ${remedy}`, { cause })
  }
}

function assertAccess(file: string, mode: number): void {
  try {
    accessSync(file, mode)
  } catch (cause) {
    const verb = (mode & constants.W_OK) === 0 ? 'read' : 'written'
    const message = `${file} cannot be ${verb}: give permission, or open with readOnly: true if it can be read`
    throw new SkalarError('STORAGE', message, { cause })
  }
}

/** LMDB has no locks on the data file, so it may be opened and closed. */
function assertDescriptors(data: string): void {
  const opened: number[] = []
  try {
    for (let i = 0; i < DESCRIPTORS; i++) opened.push(openSync(data, 'r'))
  } catch (cause) {
    const message = `no room for the ${DESCRIPTORS} open files that a database needs: close some, or raise the limit (ulimit -n)`
    throw new SkalarError('STORAGE', message, { cause })
  } finally {
    for (const descriptor of opened) closeSync(descriptor)
  }
}

/** Undefined when there is nothing. @throws SkalarError `STORAGE` */
function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    throw failure(`${path} cannot be looked at`, cause)
  }
}

/** What the file system has thrown, as a SkalarError `DISK_FULL` or `STORAGE`. */
export function failure(what: string, cause: unknown): SkalarError {
  const { code = '', message } = cause as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && code !== 'EDQUOT')
    return new SkalarError('STORAGE', `${what}: ${message}`, { cause })
  return new SkalarError('DISK_FULL', `${what}, there is no room: free some disk space`, { cause })
}
