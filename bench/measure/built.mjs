import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from '../data/cache.mjs'
import { insertRows } from './build.mjs'

/**
 * An index of a library over a dataset, built in this process by one thread, and what ends it and removes its files.
 *
 * @param {typeof import('../systems/system.mjs').System} SystemClass
 * @param data as `dataset()` gives it
 * @param {{ k: number, parameters: object }} setting
 */
export async function built(SystemClass, data, { k, parameters }) {
  const { dimension, metric, rows } = data
  mkdirSync(CACHE, { recursive: true })
  const folder = mkdtempSync(join(CACHE, 'built-'))
  const system = new SystemClass({ folder, dimension, metric, rows, k, threads: 1, parameters })
  await system.create()
  await insertRows(system, data, (prepared) => system.insert(prepared))
  await system.build()
  const dispose = async () => {
    await system.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { system, dispose }
}
