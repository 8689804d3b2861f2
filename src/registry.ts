import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { Core } from './core.ts'
import { SkalarError } from './errors.ts'

interface Entry {
  readonly core: Promise<Core>
  opens: number
}

/**
 * The databases that are open in this JavaScript thread, by folder. It hangs on the global object so that it survives a
 * module that is loaded twice, as development servers do; the number is that of the format.
 */
const KEY = Symbol.for('skalar.databases.2')

function registry(): Map<string, Entry> {
  const holder = globalThis as { [KEY]?: Map<string, Entry> }
  holder[KEY] ??= new Map()
  return holder[KEY]
}

/** Opens a folder, or joins those who have it open; every call is to be matched by one `leave`. */
export async function join(
  path: string,
  readOnly: boolean,
  threads: number | undefined,
  defaultThreads: number,
): Promise<{ core: Core; leave: () => Promise<void> }> {
  const entries = registry()
  const folder = canonical(path)
  let entry = entries.get(folder)
  if (entry === undefined) {
    entry = { core: Core.open(folder, readOnly, threads ?? defaultThreads), opens: 0 }
    entries.set(folder, entry)
  }
  entry.opens++
  const leave = () => leaveEntry(entries, folder, entry)
  try {
    const core = await entry.core
    checkCompatible(core, folder, readOnly, threads)
    return { core, leave }
  } catch (error) {
    await leave().catch(() => {})
    throw error
  }
}

async function leaveEntry(entries: Map<string, Entry>, folder: string, entry: Entry): Promise<void> {
  if (--entry.opens > 0) return
  // Whoever opens the folder from now on must not get what is about to close.
  if (entries.get(folder) === entry) entries.delete(folder)
  const core = await entry.core
  await core.close()
}

function checkCompatible(core: Core, folder: string, readOnly: boolean, threads: number | undefined): void {
  const differing =
    core.environment.readOnly !== readOnly
      ? `readOnly: ${core.environment.readOnly}`
      : threads !== undefined && core.threads !== threads && `threads: ${core.threads}`
  if (!differing) return
  const message = `${folder} is open in this process with ${differing}: open it with the same, or close it first`
  throw new SkalarError('BAD_OPTION', message, { path: 'options' })
}

/** One name for a folder however it is spelled; it need not exist. */
function canonical(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path)
  }
}
