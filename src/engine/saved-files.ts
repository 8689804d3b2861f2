import { randomBytes } from 'node:crypto'
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Generation } from '../generation.ts'
import type { IndexFiles } from './engine.ts'

/*
 * Saved indexes: the files `index/<number>/<space>/<name>.*`. They are complete, on disk, and never change from the moment the
 * catalogue names them. Any number of processes may save and read: of two that save at once one wins.
 */

/** Behind the name of a file that is not complete. */
const DRAFT = '.tmp'

/**
 * Writes files, which `write` has on disk, then gives them their names, then puts them in force in the catalogue, and when that
 * is on disk too, the files of the index they replace are deleted. Another process may be about to read those: it finds them gone
 * and looks for the name again.
 */
export async function saveIndex(
  files: IndexFiles,
  { kind, position }: Pick<Generation, 'kind' | 'position'>,
  suffixes: readonly string[],
  write: (drafts: readonly string[]) => Promise<number>,
): Promise<void> {
  const { folder } = files
  const predecessor = files.current()
  const name = randomBytes(8).toString('hex')
  if (!(await files.begin(name))) return
  const paths = suffixes.map((suffix) => join(folder, name + suffix))
  let published = false
  try {
    await files.makeFolder()
    const crc = await write(paths.map((path) => path + DRAFT))
    for (const path of paths) await rename(path + DRAFT, path)
    await flushFolder(folder)
    published = await files.publish({ kind, name, crc, position }, predecessor)
  } finally {
    // What cannot be deleted now is deleted later, by whoever finds its name in the catalogue.
    await (published ? files.tidy() : files.giveUp(name)).catch(() => {})
  }
}

/** Makes a rename last. Not every system lets a folder be opened for it. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}
