import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from './environment.ts'

/*
 * Files of indexes that nobody needs, by list: only what stands in the catalogue under `garbage:<number>:<space>:<name>` is
 * deleted, never what merely seems to be left over. A row is
 *
 *   a number   milliseconds since 1970: a process has begun to make files of that name then. The transaction that puts the
 *              name in force removes the row; a process that has died leaves it.
 *   true       the files are to be deleted: the transaction that put another name in the place of this one says so, or one
 *              that has given up a name which was never in force.
 *
 * Each step can be the last of a process: a row is there before its files, and goes after them. A name cannot come into
 * force any more from the moment its row is `true`, and files are deleted only then.
 */

const GARBAGE = 'garbage:'
const GARBAGE_END = 'garbage;'
const KEY = /^garbage:(\d+):(\d+):([0-9a-f]{16})$/

/** What a process that was killed while it made files left behind is deleted after this time, in milliseconds. */
const ABANDONED_MS = 3_600_000

/** The files of one name. */
export interface IndexName {
  readonly number: number
  readonly space: number
  /** 16 hexadecimal digits. */
  readonly name: string
}

/** The folder of the indexes of a space. */
export function spaceFolder(environment: Environment, number: number, space: number): string {
  return join(environment.folder, 'index', String(number), String(space))
}

/** In a write transaction: files of this name are about to be made. */
export function beginFiles(environment: Environment, file: IndexName): void {
  environment.catalogue.putSync(keyOf(file), Date.now())
}

/** In a write transaction: the name comes into force. False when its files may be gone already. */
export function keepFiles(environment: Environment, file: IndexName): boolean {
  if (typeof environment.catalogue.get(keyOf(file)) !== 'number') return false
  environment.catalogue.removeSync(keyOf(file))
  return true
}

/** In a write transaction: the name is not in force any more. */
export function dropFiles(environment: Environment, file: IndexName): void {
  environment.catalogue.putSync(keyOf(file), true)
}

/**
 * Deletes all files that nobody needs. What cannot be deleted, because another process has it open for example, is left to
 * the next time.
 */
export async function collectGarbage(environment: Environment): Promise<void> {
  environment.refresh()
  if (listed(environment, isAbandoned).length > 0) {
    await environment.write(1, () => {
      for (const file of listed(environment, isAbandoned)) dropFiles(environment, file)
    })
    environment.refresh()
  }
  const files = listed(environment, (row) => row === true)
  if (files.length === 0) return
  // On disk the old name may still be in force.
  await environment.flush()
  const deleted: IndexName[] = []
  for (const file of files) if (await deleteFiles(environment, file)) deleted.push(file)
  if (deleted.length === 0) return
  await environment.write(1, () => {
    for (const file of deleted) environment.catalogue.removeSync(keyOf(file))
  })
}

/** In a write transaction, of a copy that has the files in force and no others. */
export function forgetAllGarbage(environment: Environment): void {
  const { catalogue } = environment
  for (const key of catalogue.getKeys({ start: GARBAGE, end: GARBAGE_END })) catalogue.removeSync(key)
}

/** What is wrong with the rows of this list. */
export function faultsOfGarbage({ catalogue }: Pick<Environment, 'catalogue'>): string[] {
  const keys = catalogue.getKeys({ start: GARBAGE, end: GARBAGE_END })
  return keys.flatMap((key) => {
    const row = catalogue.get(key)
    const isRight = KEY.test(key) && (row === true || typeof row === 'number')
    return isRight ? [] : [`the entry ${JSON.stringify(key)} says ${JSON.stringify(row)}`]
  })
}

const keyOf = ({ number, space, name }: IndexName) => `${GARBAGE}${number}:${space}:${name}`

/** A clock may have been set back. */
const isAbandoned = (row: unknown) => typeof row === 'number' && Math.abs(Date.now() - row) > ABANDONED_MS

function listed(environment: Environment, wanted: (row: unknown) => boolean): IndexName[] {
  const { catalogue } = environment
  const files: IndexName[] = []
  for (const key of catalogue.getKeys({ start: GARBAGE, end: GARBAGE_END })) {
    const [, number, space, name] = KEY.exec(key) ?? []
    if (name === undefined || !wanted(catalogue.get(key))) continue
    files.push({ number: Number(number), space: Number(space), name })
  }
  return files
}

/** Deletes the files of a name; false when that cannot be done now. */
export async function deleteFiles(
  environment: Environment,
  { number, space, name }: IndexName,
): Promise<boolean> {
  const folder = spaceFolder(environment, number, space)
  try {
    for (const entry of await readdir(folder)) {
      if (entry.startsWith(`${name}.`)) await rm(join(folder, entry), { force: true })
    }
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
