import { execFileSync } from 'node:child_process'
import { basename, join } from 'node:path'
import { temporaryFolder } from './child.ts'

const COMPILER = process.env.CXX ?? 'c++'

/** Whether a library can be made here that is loaded before all others: that takes Linux and a compiler. */
export function mayPreload(): boolean {
  if (process.platform !== 'linux') return false
  try {
    execFileSync(COMPILER, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Makes such a library of a source beside the tests, for LD_PRELOAD; it is gone when the test has finished. */
export function compilePreload(source: string): string {
  const library = join(temporaryFolder(), `${basename(source, '.cc')}.so`)
  const path = join(import.meta.dirname, source)
  execFileSync(COMPILER, ['-std=c++17', '-O1', '-shared', '-fPIC', '-o', library, path])
  return library
}
