import { join } from 'node:path'
import type { RootDatabase } from 'lmdb'
import { SkalarError } from '../errors.ts'
import { type NativeLockFile, openLockFile } from '../native.ts'

/** The parts of lmdb-js's environment that tell of transactions. */
interface RawEnvironment {
  /** `lastTxnId` is that of the newer meta page. */
  info(): { readonly lastTxnId: number; readonly pagesWritten: number }
  getWriteTxnId(): number
}

/**
 * LMDB's `lock.mdb`. It has the number of the last commit for all processes, and transactions begin with that. Whoever opens a
 * folder sets it to that of the meta page that it has read a moment before, without the lock of writers (`mdb_env_open2`). When
 * others have committed in between it is set back: readers miss those commits then, and a writer would overwrite them, or find
 * pages newer than itself, which crashes. So whoever opens puts it right at once, and whoever writes looks first whether it began behind
 * the last commit. It is only ever raised, to that of a commit that was made.
 */
export class LockFile {
  readonly #file: string
  readonly #native: NativeLockFile
  #environment: RawEnvironment | undefined

  /** Before LMDB opens the file, which is there; then `use`. */
  constructor(folder: string) {
    this.#file = join(folder, 'lock.mdb')
    this.#native = openLockFile(this.#file)
  }

  use(root: RootDatabase): void {
    this.#environment = (root as unknown as { env: RawEnvironment }).env
    this.#native.hold()
  }

  /** The number of the last commit, whoever made it. */
  get last(): number {
    return this.#environment!.info().lastTxnId
  }

  /** Pages that this process has written. */
  get pagesWritten(): number {
    return this.#environment!.info().pagesWritten
  }

  /** Whether the transaction under way, which has written nothing yet, began where another one has committed since. */
  get isBehind(): boolean {
    return this.#environment!.getWriteTxnId() !== this.last + 1
  }

  /**
   * Puts the number right for transactions that begin from now on: whether it was needed; undefined where the file cannot be mapped, as
   * when there are no locks.
   */
  mend(): boolean | undefined {
    return this.#native.raiseTo(this.last)
  }

  /** The same in a transaction that is behind. @throws SkalarError `STORAGE` */
  mendBehind(): void {
    if (this.mend() !== undefined) return
    throw new SkalarError('STORAGE', `${this.#file} cannot be mapped: give read and write permission on it`)
  }

  /** Once LMDB has closed the file. */
  close(): void {
    this.#native.close()
  }
}
