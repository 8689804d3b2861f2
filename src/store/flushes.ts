import type { RootDatabase } from 'lmdb'
import { SkalarError } from '../errors.ts'
import { commitFailure, storageError } from './storage-error.ts'

/** How long `close` waits for what has nothing to wait for but the disk, after a commit has failed. */
const PATIENCE_MS = 10_000

/**
 * When what was committed is on disk, and the end of an environment that is written to.
 *
 * lmdb-js has a promise for the first, on which its own `close` waits. After a failed commit that promise stays pending for
 * ever, also for those who waited for an earlier commit, until another transaction makes a new one. So whoever waits is
 * woken by a failure and has LMDB flush by itself; and before `close` an empty transaction, which writes nothing and so
 * needs no room, makes a promise that settles.
 */
export class Flushes {
  readonly #root: RootDatabase
  readonly #folder: string
  /** The last commit has failed. */
  #stalled = false
  readonly #waiting = new Set<() => void>()

  constructor(root: RootDatabase, folder: string) {
    this.#root = root
    this.#folder = folder
  }

  /** To be called after each commit, in their order. */
  committed(): void {
    this.#stalled = false
  }

  /** To be called when one has failed. */
  failed(): void {
    this.#stalled = true
    for (const wake of this.#waiting) wake()
  }

  /** Resolves when everything committed so far is on disk. @throws SkalarError `DISK_FULL`, `STORAGE` */
  async done(): Promise<void> {
    try {
      if (!this.#stalled && (await this.#told())) return
    } catch (error) {
      throw storageError(error, this.#folder)
    }
    await this.flush()
  }

  /** Puts everything on disk that anybody has committed, this process or another. Throws as `done`. */
  async flush(): Promise<void> {
    const root = this.#root as unknown as { sync(done: (error?: Error) => void): void }
    const error = await new Promise<Error | undefined>((resolve) => root.sync(resolve))
    if (error !== undefined) throw storageError(error, this.#folder)
  }

  /**
   * Flushes, then closes. Nothing may be under way. It ends whatever has failed before: each failed write was rejected, and
   * nothing of it is there.
   *
   * @throws SkalarError `DISK_FULL`, `STORAGE` when what was committed may not all be on disk; it is closed all the same
   */
  async close(): Promise<void> {
    const end = this.#end()
    await (this.#stalled ? this.#within(end) : end)
  }

  async #end(): Promise<void> {
    const failure = await this.done().catch((error: unknown) => error)
    if (this.#stalled) await this.#revive()
    await this.#root.close()
    if (failure !== undefined) throw failure
  }

  /** Until lmdb-js says so, or a commit fails: then false. */
  async #told(): Promise<boolean> {
    let wake = () => {}
    try {
      return await new Promise<boolean>((resolve, reject) => {
        wake = () => resolve(false)
        this.#waiting.add(wake)
        this.#root.flushed.then(() => resolve(true), reject)
      })
    } finally {
      this.#waiting.delete(wake)
    }
  }

  async #revive(): Promise<void> {
    try {
      await this.#root.transaction(() => {})
    } catch (error) {
      throw await commitFailure(error, this.#folder)
    }
  }

  async #within<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const message = `the storage engine in ${this.#folder} does not end after a failed commit: end the process`
      timer = setTimeout(() => reject(new SkalarError('STORAGE', message)), PATIENCE_MS)
    })
    try {
      return await Promise.race([work, late])
    } finally {
      clearTimeout(timer)
    }
  }
}
