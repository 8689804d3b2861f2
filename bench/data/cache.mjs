// What is made once and kept between runs: bench/.cache/, which git ignores. Deleting it costs time, nothing else.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const CACHE = fileURLToPath(new URL('../.cache/', import.meta.url))

/**
 * The folder of that name in the cache. If it is missing, `make(folder)` fills it under another name first, so that an
 * interrupted run leaves nothing half made.
 */
export async function cachedFolder(name, make) {
  const folder = join(CACHE, name)
  if (existsSync(folder)) return folder
  const unfinished = `${folder}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true })
  console.error(`making ${name} …`)
  await make(unfinished)
  renameSync(unfinished, folder)
  return folder
}
