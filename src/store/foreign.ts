import type { RootDatabase } from 'lmdb'
import { SkalarError } from '../errors.ts'

/** Before anything is written into an environment that is not ours. Its main database holds the names of the others. */
export function refuseForeign(root: RootDatabase, folder: string): void {
  const names = [...root.getKeys()]
  if (names.length === 0 || names.includes('catalogue')) return
  throw new SkalarError('NOT_A_DATABASE', `${folder} holds an LMDB environment that skalar did not make`)
}
