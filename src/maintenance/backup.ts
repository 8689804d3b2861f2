import { randomUUID } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { flushFolder } from '../engine/saved-files.ts'
import { SkalarError } from '../errors.ts'
import type { Session } from '../source.ts'
import { copyData } from '../store/copy-data.ts'
import { Environment } from '../store/environment.ts'
import { failure, makeFolder, prepareFolder } from '../store/folder.ts'
import { deleteFiles, forgetAllGarbage, type IndexName, spaceFolder } from '../store/garbage.ts'
import { forgetIndex, namedIndexes } from '../store/index-files.ts'
import { folderOption } from '../validate/folder.ts'
import { copyNamed, flushAll } from './copy-files.ts'
import type { BackupResult } from './types.ts'
import { parseWork, type Work } from './work.ts'

/** What LMDB and we make when a database is opened: no part of a copy. */
const MADE_ON_OPENING = ['lock.mdb', 'commits']

const WRITABLE = { readOnly: false, immutable: false, temporary: false }

/**
 * Copies a database while it is used. First the files of indexes that are in force, which do not change; then the data as one reader sees them.
 * Indexes that the copied data name, and that came into force in between, follow; those that are gone already are forgotten in the copy, which
 * builds them again. All of it is made beside `path` under another name, put on disk, and renamed.
 *
 * @throws SkalarError `BAD_OPTION`, `NOT_A_DATABASE`, `DISK_FULL`, `CORRUPTED`, `STORAGE`, `CLOSED`; the signal's reason; what `onProgress` throws
 */
export async function backup(
  environment: Environment,
  session: Session,
  path: unknown,
  options: unknown,
): Promise<BackupResult> {
  const given = resolve(folderOption(path))
  const work = parseWork<{ done: number }>(session, options)
  work.check()
  const made = makeParents(given)
  let draft: string | undefined
  try {
    const target = await freePlace(given, environment.folder)
    draft = join(dirname(target), `${basename(target)}.${randomUUID()}.tmp`)
    await mkdir(draft)
    await new Copy(environment, draft, work).run()
    const bytes = await flushAll(draft)
    work.check()
    await rename(draft, target)
    await flushFolder(dirname(target))
    return { bytes }
  } catch (error) {
    if (draft !== undefined) await rm(draft, { recursive: true, force: true }).catch(() => {})
    if (made !== undefined) await removeEmpty(dirname(given), made)
    const isOurs = error instanceof SkalarError || (error as NodeJS.ErrnoException)?.syscall === undefined
    throw isOurs ? error : failure(`no copy can be made in ${given}`, error)
  }
}

/** Makes the folders above a path; the uppermost that was not there. @throws SkalarError `NOT_A_DATABASE`, `STORAGE` */
function makeParents(path: string): string | undefined {
  const parent = dirname(path)
  const above = dirname(parent)
  const made = existsSync(parent) || above === parent ? undefined : (makeParents(parent) ?? parent)
  makeFolder(parent)
  return made
}

/** Removes a folder and those above it up to `last`, as far as nobody has put anything in. */
async function removeEmpty(folder: string, last: string): Promise<void> {
  const removed = await rmdir(folder).then(
    () => true,
    () => false,
  )
  if (removed && folder !== last) await removeEmpty(dirname(folder), last)
}

/** Where the copy is to be, by its real name. @throws SkalarError `BAD_OPTION` */
async function freePlace(path: string, folder: string): Promise<string> {
  const target = join(realpathSync(dirname(path)), basename(path))
  const way = relative(folder, target)
  const isOutside = way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)
  if (!isOutside) throw refused(`${target} lies in the database itself`)
  const found = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    if (error.code === 'ENOTDIR') throw refused(`${target} is a file`)
    throw error
  })
  if (found !== undefined && found.length > 0) throw refused(`${target} is not empty`)
  // Elsewhere a folder may be renamed over an empty one.
  if (found !== undefined && process.platform === 'win32') await rmdir(target)
  return target
}

function refused(problem: string): SkalarError {
  return new SkalarError('BAD_OPTION', `${problem}: name a folder that is new or empty`, { path: 'path' })
}

class Copy {
  readonly #environment: Environment
  readonly #folder: string
  readonly #work: Work<{ done: number }>
  /** Names of indexes whose files are all there. */
  readonly #copied = new Map<string, IndexName>()
  #bytes = 0

  constructor(environment: Environment, folder: string, work: Work<{ done: number }>) {
    this.#environment = environment
    this.#folder = folder
    this.#work = work
  }

  async run(): Promise<void> {
    this.#environment.refresh()
    await this.#copyIndexes(namedIndexes(this.#environment))
    const before = this.#bytes
    await copyData(this.#environment, this.#folder, this.#work.signal, (bytes) => {
      this.#bytes = before + bytes
      this.#work.tell({ done: this.#bytes })
    })
    const copy = new Environment(this.#folder, false, await prepareFolder(this.#folder, WRITABLE))
    try {
      await this.#reconcile(copy)
    } finally {
      await copy.close()
    }
    for (const name of MADE_ON_OPENING) await rm(join(this.#folder, name), { force: true })
  }

  /** Has files and catalogue of the copy name the same indexes. */
  async #reconcile(copy: Environment): Promise<void> {
    const named = namedIndexes(copy)
    await this.#copyIndexes(named.filter((index) => !this.#copied.has(index.name)))
    const wanted = new Set(named.map(({ name }) => name))
    for (const index of this.#copied.values()) {
      if (!wanted.has(index.name)) await deleteFiles(copy, index)
    }
    await copy.write(1, () => {
      for (const { name, number } of named) if (!this.#copied.has(name)) forgetIndex(copy, number)
      forgetAllGarbage(copy)
    })
  }

  async #copyIndexes(indexes: readonly IndexName[]): Promise<void> {
    for (const index of indexes) {
      const from = spaceFolder(this.#environment, index.number, index.space)
      const to = join(this.#folder, relative(this.#environment.folder, from))
      const bytes = await copyNamed(from, to, index.name, (written) => {
        this.#bytes += written
        this.#work.tell({ done: this.#bytes })
      })
      // Files are deleted only after another name was put in force: all of them were there.
      if (bytes !== undefined && this.#isInForce(index)) this.#copied.set(index.name, index)
    }
  }

  #isInForce({ name }: IndexName): boolean {
    this.#environment.refresh()
    return namedIndexes(this.#environment).some((index) => index.name === name)
  }
}
