import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const SMAPS = '/proc/self/smaps_rollup'
const STATUS = '/proc/self/status'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')

function kilobytes(file, field) {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(file, 'utf8'))
  return Number(match[1])
}

/**
 * Bytes of memory of this process: resident, and proportional (pages shared with other processes count in part). Without
 * procfs only the resident ones are known. What JavaScript no longer uses is given back first.
 */
export function memory() {
  collectGarbage()
  if (!existsSync(SMAPS)) return { resident: process.memoryUsage.rss(), proportional: undefined }
  return { resident: 1024 * kilobytes(SMAPS, 'Rss'), proportional: 1024 * kilobytes(SMAPS, 'Pss') }
}

/** The most bytes that were resident at any time. */
export function peakResident() {
  return existsSync(STATUS) ? 1024 * kilobytes(STATUS, 'VmHWM') : 1024 * process.resourceUsage().maxRSS
}

/** Bytes that the files below a folder take on disk; holes are not counted. */
export function bytesOnDisk(folder) {
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    bytes += entry.isDirectory() ? bytesOnDisk(path) : lstatSync(path).blocks * 512
  }
  return bytes
}
