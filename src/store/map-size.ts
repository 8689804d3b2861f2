import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/*
 * How much address space LMDB is given for `data.mdb`. Left to itself, lmdb-js begins with 128 KB and doubles the map whenever a
 * thread finds the file to have outgrown it: a reader and the writer then change the map under each other without a lock, and
 * where there is no room for a larger one, what is read or written next ends the process. So the map is made so large at once
 * that it does not grow while the database is open. It takes no memory, only addresses.
 */

/** 64 GiB: seven databases fit even where a process has but 39 bits of addresses. */
const USUAL = 2 ** 36

/** A file that is larger already may become so many times as large. */
const GROWTH = 4

/** Bytes for the map of the file in a folder; undefined leaves it to lmdb-js. */
export function mapSizeOf(folder: string): number | undefined {
  // On Windows the file would be made as long as its map.
  if (process.platform === 'win32' || addressesAreShort()) return undefined
  const { size } = statSync(join(folder, 'data.mdb'), { throwIfNoEntry: false }) ?? { size: 0 }
  return Math.max(USUAL, GROWTH * size)
}

/** Whether the process is limited in addresses, as by `ulimit -v`: then none can be set aside. */
function addressesAreShort(): boolean {
  if (process.platform !== 'linux') return false
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1')
    return !/^Max address space +unlimited/m.test(limits)
  } catch {
    return true
  }
}
