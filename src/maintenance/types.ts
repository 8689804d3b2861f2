import type { Cancel } from '../types.ts'

/** How far a call has come. */
export interface MaintenanceProgress {
  readonly done: number
  /** Of so many, as far as is known. */
  readonly total: number
}

export interface BackupOptions extends Cancel {
  /** Called about ten times a second with the bytes that were written so far; what it throws ends the call. */
  onProgress?: ((progress: { done: number }) => void) | undefined
}

export interface BackupResult {
  /** Of all files of the copy. */
  readonly bytes: number
}

export interface VerifyOptions extends Cancel {
  /** Called now and then with the rows that were looked at; what it throws ends the call. */
  onProgress?: ((progress: MaintenanceProgress) => void) | undefined
}

/**
 * What is wrong. Records: `DAMAGED_ROW`, `MISSING_ROW`, `LOOSE_ROW` (nothing leads to it), `WRONG_ROW` (it contradicts another), `DAMAGED_PAGE`
 * (LMDB cannot read on), `UNFINISHED` (a thread was ended in a transaction; the next write mends it), `WRONG_COUNT`, `WRONG_LOG`,
 * `WRONG_FREE_NUMBERS`, `DAMAGED_CATALOGUE`. What is derived, and can be built again: `DAMAGED_INDEX` (its files), `DAMAGED_GRAPH` (in memory), `LOW_RECALL`.
 */
export type ProblemCode =
  | 'DAMAGED_ROW'
  | 'MISSING_ROW'
  | 'LOOSE_ROW'
  | 'WRONG_ROW'
  | 'DAMAGED_PAGE'
  | 'UNFINISHED'
  | 'WRONG_COUNT'
  | 'WRONG_LOG'
  | 'WRONG_FREE_NUMBERS'
  | 'DAMAGED_CATALOGUE'
  | 'DAMAGED_INDEX'
  | 'DAMAGED_GRAPH'
  | 'LOW_RECALL'

export interface Problem {
  readonly code: ProblemCode
  /** What is meant, in a sentence for people. */
  readonly detail: string
}

export interface Verification {
  /** Nothing was found. */
  readonly ok: boolean
  /** In the order they were found; at most 1,000. */
  readonly problems: readonly Problem[]
}

export interface IndexedOptions extends Cancel {
  /** Called now and then with how many of the records that waited are taken in; what it throws ends the call. */
  onProgress?: ((progress: MaintenanceProgress) => void) | undefined
}
