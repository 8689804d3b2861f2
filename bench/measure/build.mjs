import { MatrixReader } from '../data/matrix.mjs'
import { withLoopDelay } from './loop-delay.mjs'
import { bytesOnDisk, peakResident } from './memory.mjs'
import { secondsOf } from './time.mjs'

/** Rows read from the file, and handed to the library, at a time. */
const BLOCK = 10_000

/** Reads the rows of a dataset, and hands them to `insert` as the library takes them, a block after the other. */
export async function insertRows(system, { base, rows, dimension }, insert) {
  const reader = new MatrixReader(base, dimension)
  for (const { first, values } of reader.blocks(rows, BLOCK)) await insert(system.prepareRows(first, values))
  reader.close()
}

/** Builds an index from nothing, and leaves it on disk. Reading and preparing the rows is not timed. */
export async function measureBuild(system, dataset) {
  await system.create()
  const seconds = { insert: 0, build: 0, save: 0 }
  const { blockedMs } = await withLoopDelay(async () => {
    await insertRows(system, dataset, async (prepared) => {
      seconds.insert += await secondsOf(() => system.insert(prepared))
    })
    seconds.build = await secondsOf(() => system.build())
  })
  seconds.save = await secondsOf(() => system.close())
  return {
    seconds,
    blockedMs,
    peakResidentBytes: peakResident(),
    diskBytes: bytesOnDisk(system.setting.folder),
  }
}
