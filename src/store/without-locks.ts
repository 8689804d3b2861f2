import { accessSync, constants, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { failure } from './folder.ts'
import { makePrivateFolder, type PrivateFolder } from './private-folder.ts'

/**
 * A folder in which LMDB finds the data of another one, and makes a `lock.mdb` of its own: what nobody writes is then read without touching
 * the locks beside it. lmdb-js cannot tell LMDB to do without locks. Undefined where LMDB does so itself, because it may neither
 * open nor make `lock.mdb`; and on Windows, where links are a privilege.
 *
 * @throws SkalarError `DISK_FULL`, `STORAGE`
 */
export async function viewWithoutLocks(folder: string): Promise<PrivateFolder | undefined> {
  if (process.platform === 'win32' || !wouldLock(folder)) return undefined
  const view = await makePrivateFolder()
  try {
    symlinkSync(join(folder, 'data.mdb'), join(view.path, 'data.mdb'))
    return view
  } catch (cause) {
    await view.remove()
    throw failure('no link to data.mdb can be made in a temporary folder', cause)
  }
}

function wouldLock(folder: string): boolean {
  try {
    accessSync(join(folder, 'lock.mdb'), constants.R_OK | constants.W_OK)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && mayWrite(folder)
  }
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
