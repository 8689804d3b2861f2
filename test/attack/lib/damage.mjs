import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/** LMDB's two meta pages, which say where all else is. */
const HEAD = 2 * 16_384

/** All files below a folder, by their paths from it. */
export function filesBelow(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}

/** Writes `bytes` somewhere into a file, often where its first pages are. */
function overwrite(path, random, bytes) {
  const content = readFileSync(path)
  if (content.length === 0) return
  const within = random.chance(0.3) ? Math.min(HEAD, content.length) : content.length
  content.set(bytes.subarray(0, content.length), random.below(Math.max(1, within - bytes.length)))
  writeFileSync(path, content)
}

const randomBytes = (random, count) => Uint8Array.from({ length: count }, () => random.below(256))
const someLength = (random) => random.pick([4, 64, 1_024, 16_384])

/** What happens to files: name → a function of the path, of that of an older copy, and of random numbers. */
export const DAMAGE = {
  cut: (path, _, random) => truncateSync(path, random.below(statSync(path).size || 1)),
  empty: (path) => truncateSync(path, 0),
  'one byte': (path, _, random) => overwrite(path, random, randomBytes(random, 1)),
  zeros: (path, _, random) => overwrite(path, random, new Uint8Array(someLength(random))),
  'random bytes': (path, _, random) => overwrite(path, random, randomBytes(random, someLength(random))),
  text: (path, _, random) =>
    writeFileSync(path, 'This is no database.\n'.repeat(random.pick([1, 100, 10_000]))),
  longer: (path, _, random) => appendFileSync(path, randomBytes(random, someLength(random))),
  older: (path, older) => cpSync(older, path),
  removed: (path) => rmSync(path),
  folder: (path) => {
    rmSync(path)
    mkdirSync(path)
  },
  unreadable: (path) => chmodSync(path, 0o000),
}

/** The kinds that leave a file of LMDB whole by its size and head, so that only checksums could tell. */
export const WITHIN = ['one byte', 'zeros', 'random bytes']
