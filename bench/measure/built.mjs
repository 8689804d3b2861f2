import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from '../data/cache.mjs'
import { MatrixReader } from '../data/matrix.mjs'

const BLOCK_ROWS = 10_000

/**
 * An index of a library over a dataset, built in this process by one thread, and what ends it and removes its files.
 *
 * @param {typeof import('../systems/system.mjs').System} SystemClass
 * @param data as `dataset()` gives it
 * @param {{ k: number, parameters: object }} setting
 */
export async function built(SystemClass, { base, dimension, metric, rows }, { k, parameters }) {
  mkdirSync(CACHE, { recursive: true })
  const folder = mkdtempSync(join(CACHE, 'built-'))
  const system = new SystemClass({ folder, dimension, metric, rows, k, threads: 1, parameters })
  await system.create()
  const reader = new MatrixReader(base, dimension)
  for (const { first, values } of reader.blocks(rows, BLOCK_ROWS)) {
    await system.insert(system.prepareRows(first, values))
  }
  reader.close()
  await system.build()
  const dispose = async () => {
    await system.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { system, dispose }
}
