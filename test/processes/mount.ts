import { execFileSync } from 'node:child_process'
import { onTestFinished } from 'vitest'

/** Mounts a file system of its own on a folder; it goes away with the test. */
export function mount(folder: string, size: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'skalar-test', folder], { stdio: 'pipe' })
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder])
  })
}

/** Whether the process may mount, which takes Linux and root. */
export function mayMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    // In a mount namespace of its own, so that nothing is left to undo.
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'skalar-test', '/mnt'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}
