import { availableParallelism } from 'node:os'
import { Collection } from './collection.ts'
import type { Core } from './core.ts'
import { checkMatches, definitionOf, parseDefinition, type Wanted } from './definition.ts'
import { checkAvailable } from './engine/create.ts'
import { factorInTurns } from './engine/precision.ts'
import { SkalarError } from './errors.ts'
import { backup } from './maintenance/backup.ts'
import type { BackupOptions, BackupResult } from './maintenance/types.ts'
import { booleanOption, checkOptions, enumOption, functionOption, integerOption } from './options.ts'
import { join } from './registry.ts'
import type { Session, Source } from './source.ts'
import {
  createCollection,
  type Definition,
  dropCollection,
  findDefinition,
  listNames,
  validName,
  withMatrix,
} from './store/catalogue.ts'
import type { Environment } from './store/environment.ts'
import type { Access } from './store/folder.ts'
import { matrixBytes } from './store/matrix-rows.ts'
import { makeMemoryFolder } from './store/memory-folder.ts'
import { weightOf } from './store/room.ts'
import { type Transaction, transact } from './transaction.ts'
import type { CollectionOptions, Durability, Id, Metadata, OpenOptions } from './types.ts'
import { folderOption } from './validate/folder.ts'

const MAX_THREADS = 256

/** Opens a new, empty database, which is gone after its close. */
const MEMORY = ':memory:'

/**
 * Opens the database in a folder, creating it unless `readOnly`. Several opens of a folder in one process share one
 * database; each is to be closed. `':memory:'` is a new database for this call alone, in a temporary folder, in memory where the system has
 * a file system there: it is gone once it is closed or the process has exited.
 *
 * @throws SkalarError `BAD_OPTION`, `NOT_FOUND`, `NOT_A_DATABASE`, `CORRUPTED`, `UNSUPPORTED_VERSION`, `NATIVE_UNAVAILABLE`,
 * `DISK_FULL`, `STORAGE`
 */
export async function open(path: string | URL, options?: OpenOptions): Promise<Database> {
  const temporary = path === MEMORY
  const folder = temporary ? MEMORY : folderOption(path)
  const known = ['durability', 'immutable', 'readOnly', 'threads'] as const
  const { durability, immutable, readOnly, threads } = checkOptions(options, known, 'options')
  const checkedDurability = enumOption(durability, 'options.durability', ['commit', 'flushed'], 'commit')
  const access = accessOptions(readOnly, immutable, temporary)
  const count = integerOption(threads, 'options.threads', { min: 1, max: MAX_THREADS })
  if (!temporary) return enter(folder, access, count, checkedDurability)
  const { path: place, remove } = await makeMemoryFolder()
  return enter(place, access, count, checkedDurability, remove)
}

/** `afterwards` is called once the database is closed, or could not be opened. */
async function enter(
  folder: string,
  access: Access,
  threads: number | undefined,
  durability: Durability,
  afterwards = async () => {},
): Promise<Database> {
  try {
    const defaultThreads = Math.min(availableParallelism(), MAX_THREADS)
    const { core, leave } = await join(folder, access, threads, defaultThreads)
    return new Database(core, () => leave().finally(afterwards), durability)
  } catch (error) {
    await afterwards()
    throw error
  }
}

function accessOptions(readOnly: unknown, immutable: unknown, temporary: boolean): Access {
  const isImmutable = booleanOption(immutable, 'options.immutable', false)
  const isReadOnly = booleanOption(readOnly, 'options.readOnly', isImmutable)
  const path = isImmutable ? 'options.immutable' : 'options.readOnly'
  if (temporary && isReadOnly) {
    throw new SkalarError(
      'BAD_OPTION',
      `${path} cannot be true for ':memory:', which is a new, empty database`,
      { path },
    )
  }
  if (isReadOnly || !isImmutable) return { readOnly: isReadOnly, immutable: isImmutable, temporary }
  const message = 'options.readOnly cannot be false with immutable: true, which says that nobody writes'
  throw new SkalarError('BAD_OPTION', message, { path: 'options.readOnly' })
}

/** A folder of collections. Get one from `open(path)`. */
export class Database implements AsyncDisposable {
  readonly #core: Core
  readonly #session: OpenSession
  readonly #leave: () => Promise<void>
  #closed: Promise<void> | undefined

  /** @internal */
  constructor(core: Core, leave: () => Promise<void>, durability: Durability) {
    this.#core = core
    this.#session = new OpenSession(durability === 'flushed' ? core.environment : undefined)
    this.#leave = leave
  }

  /**
   * Opens a collection, loading its vectors; creates it when it does not exist and `dimension` is given. Options that
   * differ from those it was created with are refused.
   *
   * @throws SkalarError `NOT_FOUND`, `COLLECTION_MISMATCH`, `BAD_OPTION`, `ENGINE_UNAVAILABLE`, `READ_ONLY`, `DISK_FULL`; for the
   *   matrix of a metric `BAD_VECTOR`, `DIMENSION_MISMATCH`
   */
  collection<M extends object = Metadata, I extends Id = string>(
    name: string,
    options?: CollectionOptions<M>,
  ): Promise<Collection<M, I>> {
    return this.#session.run(async () => {
      const checkedName = validName(name)
      const wanted = parseDefinition(options)
      const definition = await this.#findOrCreate(checkedName, wanted)
      checkMatches(checkedName, definition, wanted)
      await this.#factor(definition)
      const source = this.#core.source(checkedName, definition)
      await load(source)
      return new Collection<M, I>(this.#session, source, () => this.#core.purge())
    })
  }

  /** The names of all collections, in order. */
  collections(): string[] {
    this.#session.assertOpen()
    this.#core.environment.refresh()
    return listNames(this.#core.environment)
  }

  /** Removes a collection with all its records; false when there is none. @throws SkalarError `READ_ONLY`, `DISK_FULL` */
  drop(name: string): Promise<boolean> {
    return this.#session.write(async () => {
      const { environment } = this.#core
      const checkedName = validName(name)
      const dropped = await environment.write(1, () => {
        const definition = findDefinition(environment, checkedName)
        return dropCollection(environment, checkedName) ? definition : undefined
      })
      if (dropped === undefined) return false
      this.#core.forget(dropped)
      this.#core.purge()
      return true
    })
  }

  /**
   * Runs a function whose changes, in any number of collections, are committed together; when it throws, nothing is. The
   * function must not be async, and should be short: other writers wait, and so does the event loop. It may catch what a
   * call of `tx` throws, which then has changed nothing, and go on. Resolves to what it returns.
   *
   * @throws what the function throws; SkalarError `TRANSACTION`, `READ_ONLY`, `DISK_FULL`
   */
  transaction<T>(action: (transaction: Transaction) => T): Promise<T> {
    return this.#session.write(async () => {
      if (functionOption(action, 'action') === undefined) {
        throw new SkalarError('BAD_OPTION', 'transaction needs a function', { path: 'action' })
      }
      return transact(this.#session, this.#core.environment, action)
    })
  }

  /**
   * Copies the database into a folder, which is new or empty, while this and other processes use it: as it is at one moment of the call,
   * without free space, with the graphs that are saved. The copy is a database, complete and on disk from the moment it has that name;
   * docs/maintenance.md. Ends with `CLOSED` when the database is closed meanwhile.
   *
   * @throws SkalarError `BAD_OPTION`, `NOT_A_DATABASE` where a file is in the way, `DISK_FULL`, `CORRUPTED`, `STORAGE`
   */
  backup(path: string | URL, options?: BackupOptions): Promise<BackupResult> {
    return this.#session.run(() => backup(this.#core.environment, this.#session, path, options))
  }

  /**
   * Waits for queries and transactions under way, then closes; the database itself when every open of it is closed. Calls
   * that take several transactions end with `CLOSED` after the one they are at. It ends also after writes have failed: each
   * of those was rejected, and nothing of it is there.
   */
  close(): Promise<void> {
    this.#closed ??= this.#session.close().then(this.#leave)
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Makes the factors of a matrix, if there is one that has none. @throws SkalarError `BAD_OPTION`, `CLOSED` */
  async #factor({ precision }: Pick<Definition, 'precision'>): Promise<void> {
    if (precision !== undefined) await factorInTurns(precision, () => this.#session.assertOpen())
  }

  async #findOrCreate(name: string, wanted: Wanted): Promise<Definition> {
    const { environment } = this.#core
    environment.refresh()
    const existing = findDefinition(environment, name)
    if (existing !== undefined) {
      return this.#core.known(existing.identity) ?? withMatrix(environment, name, existing)
    }
    const definition = definitionOf(name, wanted)
    checkAvailable(definition.index.engine)
    // A matrix that cannot be used is refused before anything is written.
    await this.#factor(definition)
    const bytes = wanted.precision === undefined ? 0 : matrixBytes(wanted.precision.data.length)
    return this.#session.write(() =>
      environment.write(weightOf(1, bytes), () => createCollection(environment, name, definition)),
    )
  }
}

/** Brings a collection into memory. What is damaged is told by its queries: by other calls it can be mended. */
async function load({ replica }: Source): Promise<void> {
  try {
    await replica.catchUp()
  } catch (error) {
    if (!(error instanceof SkalarError && error.code === 'CORRUPTED')) throw error
  }
}

class OpenSession implements Session {
  /** What is flushed after each call that writes, if anything. */
  readonly #flushed: Environment | undefined
  #closed = false
  #running = 0
  #idle: (() => void) | undefined

  constructor(flushed: Environment | undefined) {
    this.#flushed = flushed
  }

  assertOpen(): void {
    if (this.#closed) throw new SkalarError('CLOSED', 'the database is closed: open it again')
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    this.assertOpen()
    this.#running++
    try {
      return await work()
    } finally {
      if (--this.#running === 0) this.#idle?.()
    }
  }

  write<T>(work: () => Promise<T>): Promise<T> {
    const flushed = this.#flushed
    if (flushed === undefined) return this.run(work)
    return this.run(async () => {
      const before = flushed.commits
      try {
        return await work()
      } finally {
        if (flushed.commits !== before) await flushed.flush()
      }
    })
  }

  /** Refuses new work, and waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#running > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
  }
}
