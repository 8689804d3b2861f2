import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import { SkalarError } from '../errors.ts'
import { type NativeCommits, openCommits } from '../native.ts'
import { bootId } from './boot.ts'
import { ChildTransactions } from './child-transactions.ts'
import { PAGE_SIZE } from './data-file.ts'
import { leaveWhileWriting, writing } from './exit.ts'
import { Flusher } from './flusher.ts'
import { MAX_READERS } from './folder.ts'
import { refuseForeign } from './foreign.ts'
import { filesOf, identityOf, identityOfFile } from './identity.ts'
import { json } from './json.ts'
import { type IdKey, idKeys, type RowKey, rowKeys } from './keys.ts'
import { LockFile } from './lock-file.ts'
import { mapSizeOf } from './map-size.ts'
import { ReaderChecks } from './reader-checks.ts'
import { commitFailure, openingError, storageError } from './storage-error.ts'
import { type Codec, type RawTable, Table } from './table.ts'
import { transactionsOf } from './transactions.ts'
import { WriteGate } from './write-gate.ts'

/** The one writer of this format; another number means another layout. */
const FORMAT = { magic: 'skalar', version: 2, endianness: 'little' }

/** Bound on sub-databases. */
const MAX_DATABASES = 1_024

/** Options that lmdb-js has, and its types do not. */
const UNTYPED = {
  /** Counts the pages that it writes. */
  trackMetrics: true,
  // What LMDB knows of free pages from its last transaction is outdated where others have committed since, which it tells by
  // the number of the last commit: that may be wrong for a moment (`lock-file.ts`).
  maxFreeSpaceToRetain: 0,
}

/** What a transaction comes to that began behind the last commit. */
const BEHIND = Symbol('behind')

/** The key of no row. */
const NOWHERE: RowKey = [0, 0, 0]

/** The sub-databases as they were at one moment. */
export interface Snapshot
  extends Pick<Environment, 'catalogue' | 'state' | 'ids' | 'records' | 'vectors' | 'log' | 'free'> {
  /** Lets go of it. */
  done(): void
}

/**
 * One LMDB environment: the sub-databases of all collections, reads that see the latest commit, and writes that are
 * atomic. Only `src/store/` knows it.
 */
export class Environment {
  readonly folder: string
  /** What LMDB was told to open: the same data. */
  readonly view: string
  readonly readOnly: boolean
  /** `format`, `next`, `collection:<name>`, `index:…`, `garbage:…` and `purge:…` → JSON (docs/format.md). */
  readonly catalogue: Table<string, unknown>
  /** Collection → state row, and rows of its matrix (`matrix-rows.ts`), under the number the collection was created with. */
  readonly state: Table<RowKey>
  /** Id → ordinal. */
  readonly ids: Table<IdKey>
  /** Ordinal → record row. */
  readonly records: Table<RowKey>
  /** Slot → vector row. */
  readonly vectors: Table<RowKey>
  /** Log position → log row. */
  readonly log: Table<RowKey>
  /** Blocks of freed ordinals and slots. */
  readonly free: Table<RowKey>
  readonly #root: RootDatabase
  readonly #commits: NativeCommits
  readonly #children: ChildTransactions
  readonly #lockFile: LockFile
  readonly #readerChecks: ReaderChecks
  readonly #files: string
  readonly #gate = new WriteGate()
  /** Of `data.mdb`, whose lock it shares. */
  readonly #file: number | undefined
  /** Undefined where each commit is flushed: where power loss could not be told from a kill. */
  readonly #flusher: Flusher | undefined
  #writing = false
  /** Why the transaction under way must not be committed. */
  #doom: { readonly error: unknown } | undefined
  #made = 0
  #closed = false

  /**
   * Opens the environment in a folder that is prepared (`folder.ts`), and takes over the descriptor of its data file, if there
   * is one; LMDB is told of `view`, where it finds the same data (`without-locks.ts`). Blocks while another process commits.
   *
   * @throws SkalarError `NOT_A_DATABASE`, `DISK_FULL`, `STORAGE`
   */
  constructor(folder: string, readOnly: boolean, file: number | undefined, view = folder) {
    this.folder = folder
    this.#file = file
    this.view = view
    this.readOnly = readOnly
    let root: RootDatabase | undefined
    this.#lockFile = new LockFile(view)
    try {
      const mapSize = mapSizeOf(folder)
      const boot = readOnly || file === undefined ? undefined : bootId()
      leaveWhileWriting()
      root = open({
        path: view,
        // By default a name with a dot in it is taken for a file.
        noSubdir: false,
        readOnly,
        pageSize: PAGE_SIZE,
        maxDbs: MAX_DATABASES,
        maxReaders: MAX_READERS,
        eventTurnBatching: false,
        // With it, whoever waits for the flush of a process that is killed takes the database back to the commit before the
        // last, or can write no more: its lock of flushes does not keep out writers (`mdb_mutex_failed` in LMDB).
        overlappingSync: false,
        noSync: boot !== undefined,
        ...UNTYPED,
        encoding: 'binary',
        ...(mapSize !== undefined && { mapSize }),
      })
      this.#root = root
      this.#lockFile.use(root)
      refuseForeign(root, folder)
      this.#children = new ChildTransactions(root)
      this.#readerChecks = new ReaderChecks(root)
      this.catalogue = this.#table('catalogue', {}, json)
      this.ids = this.#table('ids', { keyEncoder: idKeys })
      const rows = { keyEncoder: rowKeys }
      this.state = this.#table('state', rows)
      this.records = this.#table('records', rows)
      this.vectors = this.#table('vectors', rows)
      this.log = this.#table('log', rows)
      this.free = this.#table('free', rows)
      this.#commits = openCommits(join(folder, 'commits'), !readOnly)
      this.#files = filesOf(folder)
      if (file !== undefined && identityOfFile(file) !== identityOf(join(folder, 'data.mdb'))) {
        throw new Error('data.mdb was replaced while it was opened')
      }
      if (this.#lockFile.mend() === true) pretendToCommit(join(folder, 'commits'))
      this.#flusher =
        boot && new Flusher(file!, boot, join(folder, 'commits'), transactionsOf(root, this.#lockFile))
    } catch (error) {
      // A failed commit would make it useless to whoever opens the folder next in this process.
      const closed = root?.close() ?? Promise.resolve()
      void closed.then(() => this.#lockFile.close())
      if (file !== undefined) closeSync(file)
      throw openingError(error, folder, readOnly)
    }
  }

  /**
   * Checks that the folder is ours and of a version we know; marks it when it is new.
   *
   * @throws SkalarError `NOT_A_DATABASE`, `UNSUPPORTED_VERSION`
   */
  async checkFormat(): Promise<void> {
    const found = this.catalogue.get('format') as Partial<typeof FORMAT> | undefined
    if (found === undefined && !this.readOnly) {
      await this.write(1, () => {
        if (this.catalogue.get('format') === undefined) this.catalogue.putSync('format', FORMAT)
      })
      return
    }
    if (found?.magic !== FORMAT.magic) {
      throw new SkalarError(
        'NOT_A_DATABASE',
        `${this.folder} holds an LMDB environment that skalar did not make`,
      )
    }
    if (found.version !== FORMAT.version) {
      throw new SkalarError(
        'UNSUPPORTED_VERSION',
        `${this.folder} has format version ${found.version}, this skalar reads ${FORMAT.version}: use the skalar that wrote it`,
      )
    }
  }

  /** Makes the next reads see every commit so far, of this process and of others. */
  refresh(): void {
    if (this.#writing) return
    try {
      this.#root.resetReadTxn()
    } catch (error) {
      throw storageError(error, this.folder)
    }
  }

  /**
   * What reads see now, until `done` is called: meanwhile LMDB keeps all of its pages, so that the file grows with what is written.
   *
   * @throws SkalarError `STORAGE`, `CLOSED`
   */
  snapshot(): Snapshot {
    this.refresh()
    try {
      const transaction = this.#root.useReadTransaction()
      const { catalogue, state, ids, records, vectors, log, free } = this
      return {
        catalogue: catalogue.at(transaction),
        state: state.at(transaction),
        ids: ids.at(transaction),
        records: records.at(transaction),
        vectors: vectors.at(transaction),
        log: log.at(transaction),
        free: free.at(transaction),
        done: () => transaction.done(),
      }
    } catch (error) {
      throw storageError(error, this.folder)
    }
  }

  /**
   * The number of the last commit, of this process or another; undefined when one may be under way. While it stays the
   * same, a read has nothing new to tell. It is to be asked for before that read.
   */
  settled(): number | undefined {
    return this.#commits.settled()
  }

  /** How many writes were made through it; the same number before and after a call tells that it has written nothing. */
  get commits(): number {
    return this.#made
  }

  /** True while a write action runs: reads then see what it has written so far. */
  get writing(): boolean {
    return this.#writing
  }

  /** @throws SkalarError `READ_ONLY` */
  assertWritable(): void {
    if (this.readOnly) throw new SkalarError('READ_ONLY', 'the database was opened with readOnly: true')
  }

  /**
   * Whoever opens the folder once it was removed or replaced finds other files than ours, so that what we write would be
   * lost; where only `lock.mdb` is another one, they do not wait for us.
   *
   * @throws SkalarError `STORAGE`
   */
  assertInPlace(): void {
    if (filesOf(this.folder) === this.#files) return
    const message = `the database in ${this.folder} was removed or replaced while it was open: close it, and open it again`
    throw new SkalarError('STORAGE', message)
  }

  /**
   * Runs `action` in a transaction of its own: what it puts is committed as a whole, or not at all when it throws or the
   * transaction is doomed. When it resolves no kill can undo it, and all others see it; what survives a power cut says `flush`. It must be
   * synchronous and short. `weight` is the number of records it writes, for fairness to the event loop.
   *
   * @throws what `action` throws; SkalarError `READ_ONLY`, `CLOSED`, `DISK_FULL`, `OUT_OF_MEMORY`, `STORAGE`
   */
  async write<T>(weight: number, action: () => T): Promise<T> {
    this.assertWritable()
    return this.#gate.run(weight, async () => {
      this.#readerChecks.beforeWrite(weight)
      this.assertInPlace()
      await this.#flushing(() => this.#flusher?.enter())
      try {
        if (this.#closed) throw new SkalarError('CLOSED', 'the database is closed')
        let result = await this.#tryToWrite(action)
        while (result === BEHIND) result = await this.#tryToWrite(action)
        this.#made++
        return result
      } finally {
        this.#flusher?.leave()
      }
    })
  }

  /** `BEHIND` when the transaction began behind the last commit: nothing was done then, and it is to be tried again. */
  async #tryToWrite<T>(action: () => T): Promise<T | typeof BEHIND> {
    let commit = 0
    let threw = false
    try {
      return await writing(() =>
        this.#root.childTransaction(() => {
          commit = this.#commits.begin()
          this.#writing = true
          this.#doom = undefined
          try {
            this.#children.assertBegun()
            this.assertInPlace()
            if (this.#lockFile.isBehind) {
              this.#lockFile.mendBehind()
              return BEHIND
            }
            const result = action()
            this.#checkTransaction()
            return result
          } catch (error) {
            threw = true
            throw error
          } finally {
            this.#writing = false
          }
        }),
      )
    } catch (error) {
      throw threw ? error : await commitFailure(error, this.folder)
    } finally {
      this.#commits.end(commit)
    }
  }

  /**
   * The transaction under way is not to be committed, even where the error that says why is caught: it has left half of a
   * change, or LMDB would not commit it (which ends the process).
   */
  doom(error: unknown): void {
    this.#doom ??= { error }
  }

  /** Throws why the transaction under way is doomed, if it is. */
  assertSound(): void {
    if (this.#doom !== undefined) throw this.#doom.error
  }

  /**
   * Puts everything on disk that reads see: a power cut after it leaves the database at this moment or at a later one.
   *
   * @throws SkalarError `DISK_FULL`, `STORAGE`, and so at every write from then on: a disk that has failed to flush may have
   * lost what it was given, and say nothing of it the next time
   */
  async flush(): Promise<void> {
    await this.#flushing(() => this.#flusher?.flush() ?? this.#sync())
  }

  /** Without a flusher a commit is on disk when its write resolves, but others may see it a moment before. */
  async #sync(): Promise<void> {
    const root = this.#root as unknown as { sync(done: (error?: Error) => void): void }
    const error = await new Promise<Error | undefined>((resolve) => root.sync(resolve))
    if (error !== undefined) throw error
  }

  async #flushing(work: () => Promise<void> | undefined): Promise<void> {
    try {
      await work()
    } catch (error) {
      throw storageError(error, this.folder)
    }
  }

  /**
   * LMDB commits no transaction in which something has failed, and lmdb-js ends the process over such a commit. It tells
   * nothing of a put that has failed; but every read after it fails.
   *
   * @throws what has failed, whoever has caught it
   */
  #checkTransaction(): void {
    this.assertSound()
    this.state.getBinaryFast(NOWHERE)
  }

  /** What lmdb-js has thrown, as a SkalarError. */
  #fail(error: unknown): SkalarError {
    const failure = storageError(error, this.folder)
    if (this.#writing) this.doom(failure)
    return failure
  }

  #table<K, V>(name: string, options: object, codec?: Codec<V>): Table<K, V> {
    const raw = this.#root.openDB({ name, encoding: 'binary', ...options }) as unknown as RawTable<K>
    return new Table(raw, (error) => this.#fail(error), codec)
  }

  /** Waits for writes under way, then closes. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#gate.idle()
    await this.#flusher?.close()
    await this.#root.close()
    this.#lockFile.close()
    if (this.#file !== undefined) closeSync(this.#file)
  }
}

/** Whoever has read while the number of the last commit was behind looks again. */
function pretendToCommit(file: string): void {
  try {
    const commits = openCommits(file, true)
    commits.end(commits.begin())
  } catch {
    // Where it cannot be written, they do so after the next commit.
  }
}
