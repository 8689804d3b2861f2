import { type Generation, MAPPED } from '../generation.ts'
import { type NativePool, openGeneration } from '../native.ts'
import { nextTurn } from '../turns.ts'
import type { AbortFlag, IndexFiles } from './engine.ts'
import { faultOfGraph } from './hnswlib/graph-file.ts'

/** Another index may come into force while the files of one are read. */
const ATTEMPTS = 3

/** What is wrong with the files of the index in force; undefined when nothing is, or there is none. Once it is told to stop, anything. */
export async function faultOfIndex(
  files: IndexFiles,
  pool: NativePool,
  stop: AbortFlag,
): Promise<string | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const generation = files.current()
    if (generation === undefined) return undefined
    const path = `${files.folder}/${generation.name}`
    const fault = await faultOf(path, generation, pool, stop).catch(
      ({ message }: Error) => `cannot be read: ${message}`,
    )
    // Its files go when another one comes into force.
    if (fault === undefined || files.current()?.name === generation.name) return fault && `${path}.* ${fault}`
  }
  return undefined
}

async function faultOf(
  path: string,
  generation: Generation,
  pool: NativePool,
  stop: AbortFlag,
): Promise<string | undefined> {
  if (generation.kind === 'hnswlib') return faultOfGraph(path, generation, stop)
  if (generation.kind !== MAPPED.kind) return 'is of an unknown kind'
  const native = openGeneration(path + MAPPED.suffix, generation.crc)
  while (!(await native.check(pool, stop)) && !stop[0]) await nextTurn()
  return native.damaged() ? 'has a block with another checksum than it was written with' : undefined
}
