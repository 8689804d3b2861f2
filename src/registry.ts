import { realpathSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { Core } from './core.ts'
import { SkalarError } from './errors.ts'
import { type Access, isFolder, makeFolder } from './store/folder.ts'
import { identityOf } from './store/identity.ts'

interface Entry {
  readonly core: Promise<Core>
  /** Which data file is open, once it is. */
  data?: string | undefined
  opens: number
}

/**
 * The databases that are open in this JavaScript thread, by what their folders are rather than what they are called. It hangs
 * on the global object so that it survives a module that is loaded twice, as development servers do; the number is that of
 * the format.
 */
const KEY = Symbol.for('skalar.databases.2')

function registry(): Map<string, Entry> {
  const holder = globalThis as { [KEY]?: Map<string, Entry> }
  holder[KEY] ??= new Map()
  return holder[KEY]
}

/**
 * Opens a folder, or joins those who have it open; every call is to be matched by one `leave`. Who had a folder open that was
 * removed or replaced since keeps what it had, alone.
 */
export async function join(
  path: string,
  access: Access,
  threads: number | undefined,
  defaultThreads: number,
): Promise<{ core: Core; leave: () => Promise<void> }> {
  const entries = registry()
  const folder = locate(path, access)
  const key = identityOf(folder)!
  let entry = entries.get(key)
  if (entry === undefined || isReplaced(entry, folder)) {
    entry = { core: Core.open(folder, access, threads ?? defaultThreads), opens: 0 }
    entries.set(key, entry)
  }
  entry.opens++
  const leave = () => leaveEntry(entries, key, entry)
  try {
    const core = await entry.core
    entry.data ??= dataOf(core.environment.folder)
    checkCompatible(core, folder, access, threads)
    return { core, leave }
  } catch (error) {
    await leave().catch(() => {})
    throw error
  }
}

async function leaveEntry(entries: Map<string, Entry>, key: string, entry: Entry): Promise<void> {
  if (--entry.opens > 0) return
  // Whoever opens the folder from now on must not get what is about to close.
  if (entries.get(key) === entry) entries.delete(key)
  const core = await entry.core
  await core.close()
}

function checkCompatible(core: Core, folder: string, access: Access, threads: number | undefined): void {
  const { readOnly, immutable } = core.access
  const differing =
    readOnly !== access.readOnly
      ? `readOnly: ${readOnly}`
      : immutable !== access.immutable
        ? `immutable: ${immutable}`
        : threads !== undefined && core.threads !== threads && `threads: ${core.threads}`
  if (!differing) return
  const message = `${folder} is open in this process with ${differing}: open it with the same, or close it first`
  throw new SkalarError('BAD_OPTION', message, { path: 'options' })
}

/** The folder of a database, made where it may be. @throws SkalarError `NOT_FOUND`, `NOT_A_DATABASE`, `STORAGE` */
function locate(path: string, { readOnly }: Access): string {
  if (!readOnly) makeFolder(path)
  else if (!isFolder(path)) {
    throw new SkalarError('NOT_FOUND', `there is no database in ${path}, and readOnly creates none`)
  }
  return realpathSync(path)
}

/** Its folder may have been removed, and another one have got its number. */
function isReplaced(entry: Entry, folder: string): boolean {
  return entry.data !== undefined && entry.data !== dataOf(folder)
}

function dataOf(folder: string): string | undefined {
  return identityOf(joinPath(folder, 'data.mdb'))
}
