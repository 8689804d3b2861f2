import type { RootDatabase } from 'lmdb'
import { PAGE_SIZE } from './data-file.ts'
import type { Transactions } from './flusher.ts'
import type { LockFile } from './lock-file.ts'

/** What flushes need to know of an environment's transactions. */
export function transactionsOf(root: RootDatabase, lockFile: LockFile): Transactions {
  return {
    last: () => lockFile.last,
    written: () => lockFile.pagesWritten * PAGE_SIZE,
    pin: () => {
      // A reader of its own, at the last commit, which other reads do not take along.
      root.resetReadTxn()
      const reader = root.useReadTransaction()
      root.resetReadTxn()
      return () => reader.done()
    },
  }
}
