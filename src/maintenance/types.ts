import type { Cancel } from '../types.ts'

export interface BackupOptions extends Cancel {
  /** Called about ten times a second with the bytes that were written so far; what it throws ends the call. */
  onProgress?: ((progress: { done: number }) => void) | undefined
}

export interface BackupResult {
  /** Of all files of the copy. */
  readonly bytes: number
}
