// Compiles the small C++ programs of this folder for the machine that runs them.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CACHE } from '../data/cache.mjs'

const COMPILER = process.env.CXX ?? 'g++'
const FLAGS = ['-std=c++20', '-O3', '-march=native', '-pthread']

/** The path of the compiled program; compiled only when the source, the flags or the processor are new. */
export function compiled(name, extraFlags = []) {
  const source = fileURLToPath(new URL(`${name}.cc`, import.meta.url))
  const flags = [...FLAGS, ...extraFlags]
  const parts = [readFileSync(source, 'utf8'), COMPILER, ...flags, cpus()[0].model]
  const key = createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16)
  const program = join(CACHE, 'native', `${name}-${key}`)
  if (existsSync(program)) return program
  mkdirSync(join(CACHE, 'native'), { recursive: true })
  execFileSync(COMPILER, [...flags, '-o', `${program}.new`, source], { stdio: 'inherit' })
  renameSync(`${program}.new`, program)
  return program
}
