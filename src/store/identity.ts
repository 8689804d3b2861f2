import { fstatSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What a path leads to, whatever else it is called: equal for two paths when they lead to the same. Undefined for nothing. */
export function identityOf(path: string): string | undefined {
  try {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false })
    return found && `${found.dev}:${found.ino}`
  } catch {
    return undefined
  }
}

/** The same of what is open under a descriptor. */
export function identityOfFile(file: number): string {
  const { dev, ino } = fstatSync(file, { bigint: true })
  return `${dev}:${ino}`
}

/** The files that LMDB has open for a database, as its folder has them now. */
export function filesOf(folder: string): string {
  return `${identityOf(join(folder, 'data.mdb'))} ${identityOf(join(folder, 'lock.mdb'))}`
}
