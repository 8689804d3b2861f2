import { closeSync, fdatasync, openSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { lockFile } from '../native.ts'
import { readRecord, readSnapshot, type Snapshot, writeRecord } from './flush-record.ts'

/*
 * Puts commits on disk after they were made. LMDB writes each into the system's memory, where every process finds it and no
 * kill can reach it, and does not wait for the disk. A flush then
 *
 *   1. takes the last transaction, F, and a place as its reader;
 *   2. waits until the disk has all that was written;
 *   3. writes into the record that F is on disk (flush-record.ts), and waits for that;
 *   4. gives up the place as a reader of the F before it.
 *
 * LMDB never writes over a page that a reader may still see. So each environment that writes has a place as a reader of an F that
 * is on disk, before its first commit and until it writes no more: whatever is killed, the pages of the last F on record stay as
 * they were flushed, and after a power cut the database is that F again, whole (recovery.ts).
 *
 * None of this holds LMDB's lock of writers: whoever has that waits for its event loop, and all others with it, and a flush comes when
 * nobody expects it. Instead step 1 is done again where somebody has committed meanwhile. LMDB writes its two meta pages in turn, so
 * that of the last transaction is not touched before there are two more. Step 3 has a lock of its own, so that the F on record
 * never goes back.
 */

/** Milliseconds between a commit and its flush, and between two flushes. */
const PAUSE_MS = 50

/** The same after a flush that was not finished, though the disk is well. */
const RETRY_MS = 1_000

/** Milliseconds after which an environment that writes no more gives its place up, which its next write then waits for. */
const IDLE_MS = 10_000

/**
 * Bytes that may be written until the disk has kept up: the file grows by as many, since their pages are not written again
 * before that. A commit of one record takes some 200 KB, twelve pages.
 */
const MOST_BYTES = 128 * 1024 * 1024

/** How often a moment without commits is looked for, and a lock: at first at once, then each millisecond. */
const MOST_TRIES = 20_000
const TRIES_A_TURN = 20

const toDisk = promisify(fdatasync)
const startTimer = globalThis.setTimeout

/** What the environment does for it. */
export interface Transactions {
  /** A place as a reader of the last commit, or of one before it; ends with the call of what it returns. */
  pin(): () => void
  /** The number of the last commit. */
  last(): number
  /** Bytes that this process has written into the file since it opened it. */
  written(): number
}

interface Pin {
  readonly transaction: number
  readonly release: () => void
}

export class Flusher {
  readonly #file: number
  readonly #boot: Buffer
  readonly #lockPath: string
  readonly #transactions: Transactions
  #pin: Pin | undefined
  /** Writes that rely on the pin. */
  #inside = 0
  /** What `written` was when the last flush began. */
  #flushed: number
  #dirty = false
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  #flushing: NodeJS.Timeout | undefined
  #watching: NodeJS.Timeout | undefined
  #idleSince = 0
  #failure: { readonly error: unknown } | undefined

  /**
   * Of an environment whose commits are not flushed, in a boot of a number; with a descriptor of its data file, and a file that is
   * there for locks.
   */
  constructor(file: number, boot: Buffer, lockPath: string, transactions: Transactions) {
    this.#file = file
    this.#boot = boot
    this.#transactions = transactions
    this.#lockPath = lockPath
    this.#flushed = transactions.written()
    // Left by a process that was killed.
    const known = readRecord(this.#file)?.transaction ?? -1
    if (known < transactions.last()) this.#changed()
  }

  /**
   * Before a write: waits for the pin, and for the disk where that is far behind. `leave` must follow. Throws why a flush has
   * failed, now or before.
   */
  async enter(): Promise<void> {
    this.#inside++
    try {
      this.assertSound()
      if (this.#pin === undefined) await this.flush()
      while (this.#transactions.written() - this.#flushed >= MOST_BYTES) await this.flush()
    } catch (error) {
      this.#inside--
      throw error
    }
  }

  /** After a write that was entered, whatever became of it. */
  leave(): void {
    this.#inside--
    this.#changed()
  }

  /** A disk that has lost what it was given may say that it has all at the next time. */
  assertSound(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Puts on disk what was committed before the call. Throws what the file system does; where the disk has failed, from then on at each call. */
  flush(): Promise<void> {
    if (this.#running === undefined) {
      clearTimeout(this.#flushing)
      this.#flushing = undefined
      const ended = (hasFailed: boolean) => {
        this.#running = undefined
        this.#wait(hasFailed)
      }
      this.#running = this.#flush().then(
        () => ended(false),
        (error) => {
          ended(true)
          throw error
        },
      )
      return this.#running
    }
    // The one that runs may have begun before that commit. All who wait share the next.
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#next = undefined
        return this.flush()
      })
    return this.#next
  }

  /** Flushes what is not on disk. No write may be under way, or come. */
  async close(): Promise<void> {
    // What has failed was told to those who write.
    if (this.#dirty || this.#running) await this.flush().catch(() => {})
    clearTimeout(this.#flushing)
    clearTimeout(this.#watching)
    this.#unpin()
  }

  async #flush(): Promise<void> {
    this.assertSound()
    const written = this.#transactions.written()
    this.#dirty = false
    const { snapshot, release } = await this.#take()
    try {
      if (!this.#isKnown(snapshot)) {
        await this.#orFail(() => toDisk(this.#file))
        await this.#record(snapshot)
      }
      // Also what another process has put on record: it may not have waited for that yet.
      await this.#orFail(() => toDisk(this.#file))
    } catch (error) {
      release()
      this.#dirty = true
      throw error
    }
    this.#unpin()
    this.#pin = { transaction: snapshot.transaction, release }
    this.#flushed = written
  }

  /** What only the disk can be the reason of ends all writes. */
  async #orFail(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }

  /** The last transaction, and a place as its reader. */
  async #take(): Promise<{ snapshot: Snapshot; release: () => void }> {
    for (let i = 1; ; i++) {
      const release = this.#transactions.pin()
      const last = this.#transactions.last()
      const snapshot = readSnapshot(this.#file, last & 1)
      if (snapshot.transaction === last && this.#transactions.last() === last) return { snapshot, release }
      release()
      if (i === MOST_TRIES) throw new Error(`the meta page of transaction ${last} does not come to rest`)
      if (i % TRIES_A_TURN === 0) await setTimeout(1)
    }
  }

  #isKnown({ transaction }: Snapshot): boolean {
    const record = readRecord(this.#file)
    // One of another boot would take back what comes after it, though only processes were killed.
    return record !== undefined && record.transaction >= transaction && record.boot.equals(this.#boot)
  }

  async #record(snapshot: Snapshot): Promise<void> {
    const lock = openSync(this.#lockPath, 'r+')
    try {
      for (let i = 1; !lockFile(lock, false); i++) {
        if (i === MOST_TRIES) throw new Error(`${this.#lockPath} is locked by another process`)
        await setTimeout(1)
      }
      if (!this.#isKnown(snapshot)) writeRecord(this.#file, snapshot, this.#boot)
    } finally {
      closeSync(lock)
    }
  }

  #changed(): void {
    this.#dirty = true
    if (this.#running === undefined) this.#wait()
  }

  /** Until the next flush; where nothing is to be flushed, until the pin is needed no more. */
  #wait(hasFailed = false): void {
    if (this.#failure !== undefined) return
    clearTimeout(this.#watching)
    if (!this.#dirty) {
      this.#idleSince = performance.now()
      this.#watch()
    } else if (hasFailed) {
      this.#flushing ??= this.#flushAfter(RETRY_MS).unref()
    } else {
      // A process that has nothing else to do stays for it.
      this.#flushing ??= this.#flushAfter(PAUSE_MS)
    }
  }

  #flushAfter(ms: number): NodeJS.Timeout {
    return startTimer(() => void this.flush().catch(() => {}), ms)
  }

  #watch(): void {
    if (this.#pin === undefined) return
    this.#watching = startTimer(() => {
      const isIdle = performance.now() - this.#idleSince > IDLE_MS
      // It costs nothing while it is the last transaction.
      if (this.#inside === 0 && (isIdle || this.#transactions.last() !== this.#pin?.transaction))
        this.#unpin()
      else this.#watch()
    }, PAUSE_MS).unref()
  }

  #unpin(): void {
    this.#pin?.release()
    this.#pin = undefined
  }
}
