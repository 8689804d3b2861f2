import { closeSync } from 'node:fs'
import { createPool, type NativePool } from './native.ts'
import { createSource, type Source } from './source.ts'
import type { Definition } from './store/catalogue.ts'
import { Environment } from './store/environment.ts'
import { type Access, prepareFolder } from './store/folder.ts'
import type { PrivateFolder } from './store/private-folder.ts'
import { purge } from './store/purge.ts'
import { viewWithoutLocks } from './store/without-locks.ts'

/**
 * What all `open()`s of one folder in one JavaScript thread share: the environment, the threads, and the collections in
 * memory.
 */
export class Core {
  readonly environment: Environment
  readonly access: Access
  readonly threads: number
  readonly #pool: NativePool
  /** What LMDB was told to open, where that is another folder. */
  readonly #view: PrivateFolder | undefined
  readonly #sources = new Map<number, Source>()
  #closing = false
  #purging: Promise<void> = Promise.resolve()

  private constructor(
    environment: Environment,
    access: Access,
    threads: number,
    view: PrivateFolder | undefined,
  ) {
    this.environment = environment
    this.#view = view
    this.access = access
    this.threads = threads
    this.#pool = createPool(threads)
  }

  static async open(folder: string, access: Access, threads: number): Promise<Core> {
    const file = await prepareFolder(folder, access)
    let view: PrivateFolder | undefined
    let environment: Environment | undefined
    try {
      view = access.immutable ? await viewWithoutLocks(folder) : undefined
    } catch (error) {
      closeSync(file)
      throw error
    }
    try {
      environment = new Environment(folder, access.readOnly, file, view?.path)
      await environment.checkFormat()
      const core = new Core(environment, access, threads, view)
      core.purge()
      return core
    } catch (error) {
      await environment?.close()
      await view?.remove()
      throw error
    }
  }

  /** The whole definition of a collection in memory, by its number. */
  known(identity: number): Definition | undefined {
    return this.#sources.get(identity)?.definition
  }

  /** The collection of a whole definition in memory, loaded when first asked for. */
  source(name: string, definition: Definition): Source {
    const known = this.#sources.get(definition.identity)
    if (known !== undefined) return known
    const source = createSource(this.environment, this.#pool, name, definition, !this.access.temporary)
    this.#sources.set(definition.identity, source)
    return source
  }

  /** Lets go of a dropped collection; its memory is free once what is under way on it has ended. */
  forget(definition: Definition): void {
    const source = this.#sources.get(definition.identity)
    this.#sources.delete(definition.identity)
    // Its work ends before its files are removed.
    this.#purging = this.#purging.then(() => source?.engine.close()).catch(() => {})
  }

  /** Removes what dropped and cleared collections left, in the background. */
  purge(): void {
    if (this.environment.readOnly) return
    const stop = () => this.#closing
    // A failure, on a full disk for example, leaves the rest to the next purge.
    this.#purging = this.#purging.then(() => purge(this.environment, stop)).catch(() => {})
  }

  /** Nothing may be under way through any session. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#purging
    for (const { engine } of this.#sources.values()) await engine.close()
    this.#sources.clear()
    this.#pool.close()
    await this.environment.close()
    await this.#view?.remove()
  }
}
