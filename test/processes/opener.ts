import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** What a process says that opened a folder: of an error its code, and that of its cause. */
export interface Opened {
  readonly code?: string
  readonly message?: string
  readonly cause?: string
  readonly collections?: string[]
  readonly size?: number
  readonly found?: string[]
}

interface How {
  readonly readOnly?: boolean
  readonly immutable?: boolean
  /** Writes a record, too. */
  readonly write?: boolean
  /** So many files may still be opened. */
  readonly descriptors?: number
}

/** A user who owns nothing. */
const NOBODY = 65_534

const program = join(import.meta.dirname, 'children', 'opener.mjs')

/** Opens a folder in a process of its own, as another user where wanted; throws when that process crashes. */
export function openElsewhere(folder: string, how: How = {}, asNobody = false): Opened {
  const user = asNobody ? { uid: NOBODY, gid: NOBODY } : {}
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [program, folder, JSON.stringify(how)],
    {
      ...user,
      encoding: 'utf8',
      timeout: 60_000,
    },
  )
  if (status !== 0) throw new Error(`the process ended with ${signal ?? status}: ${stderr}`)
  return JSON.parse(stdout)
}

/** The same in several processes at once. */
export function openEverywhere(folder: string, processes: number, how: How = {}): Promise<Opened[]> {
  const run = async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, folder, JSON.stringify(how)])
    return JSON.parse(stdout) as Opened
  }
  return Promise.all(Array.from({ length: processes }, run))
}
