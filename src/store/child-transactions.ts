import type { RootDatabase } from 'lmdb'
import { SkalarError } from '../errors.ts'
import { hasMemory } from '../native.ts'

/** What LMDB asks for at the beginning of a child transaction, with room to spare. */
const CHILD_BYTES = 8 * 1024 * 1024

/** lmdb-js's flag of a transaction that can be given up. */
const ABORTABLE = 1

/** The methods of lmdb-js's environment that it calls around the function of a child transaction. */
interface RawEnvironment {
  beginTxn(flags: number): void
  commitTxn(): boolean
  abortTxn(): void
}

/**
 * Stands between lmdb-js and its environment, for two moments in which it takes no error into account:
 * - Where LMDB has no memory for a child transaction, lmdb-js goes on with the one above it, which nobody can give up. Here
 *   none is begun then; `assertBegun` says so to the function that was to run in it.
 * - Where LMDB does not commit a child transaction, that is over; lmdb-js gives it up once more, which ends the process.
 */
export class ChildTransactions {
  /** There is no child transaction, though lmdb-js takes it that there is one. */
  #gone = false

  constructor(root: RootDatabase) {
    const environment = (root as unknown as { env: RawEnvironment }).env
    const { beginTxn, commitTxn, abortTxn } = environment
    replace(environment, {
      beginTxn: (flags) => {
        this.#gone = flags === ABORTABLE && !hasMemory(CHILD_BYTES)
        if (!this.#gone) beginTxn.call(environment, flags)
      },
      commitTxn: () => {
        try {
          return commitTxn.call(environment)
        } catch (error) {
          this.#gone = true
          throw error
        }
      },
      abortTxn: () => {
        if (!this.#gone) abortTxn.call(environment)
        this.#gone = false
      },
    })
  }

  /** To be called first in the function of a child transaction. @throws SkalarError `OUT_OF_MEMORY` */
  assertBegun(): void {
    if (this.#gone)
      throw new SkalarError('OUT_OF_MEMORY', 'not enough memory for a transaction: free some, and try again')
  }
}

/** Methods of native classes cannot be assigned to. */
function replace(environment: RawEnvironment, methods: RawEnvironment): void {
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(environment, name, { value })
}
