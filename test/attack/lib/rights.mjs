import { execFileSync } from 'node:child_process'
import { chownSync, lchownSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Whether this process may become another user. */
export const MAY_CHANGE_USER = process.platform === 'linux' && process.getuid() === 0

/** Whether it may have a file system of its own, which is tried where nothing is left to undo. */
export const MAY_MOUNT = MAY_CHANGE_USER && canMount()

function canMount() {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'skalar-attack', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const NOBODY = 65_534

/** The command that starts a program as another user: one without rights. */
export const asUser = (user = NOBODY) => ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups']

/** Gives a folder and all in it to that user. */
export function giveToUser(folder, user = NOBODY) {
  chownSync(folder, user, user)
  for (const entry of readdirSync(folder, { recursive: true })) lchownSync(join(folder, entry), user, user)
}
