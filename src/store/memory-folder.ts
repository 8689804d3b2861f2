import { accessSync, constants, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { makePrivateFolder, type PrivateFolder } from './private-folder.ts'

/** Where Linux has a file system in memory. */
const SHARED_MEMORY = '/dev/shm'

/** The type of such a file system, as `statfs` tells it. */
const TMPFS = 0x0102_1994

/** With less room than this a disk is better: containers are often given 64 MB. */
const LEAST_BYTES = 512 * 1024 * 1024

/** A folder for a database of `':memory:'`. Throws as `makePrivateFolder`. */
export function makeMemoryFolder(memory: string = SHARED_MEMORY): Promise<PrivateFolder> {
  return makePrivateFolder(isRoomyMemory(memory) ? memory : tmpdir())
}

function isRoomyMemory(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    const { type, bavail, bsize } = statfsSync(folder)
    return type === TMPFS && bavail * bsize >= LEAST_BYTES
  } catch {
    return false
  }
}
