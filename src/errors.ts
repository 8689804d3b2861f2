/**
 * Every error that skalar raises on purpose. The codes are API: each has a heading in `docs/errors.md` with its
 * cause and remedy, and none changes its meaning within a major version.
 */
export type SkalarErrorCode =
  | 'BAD_FILTER'
  | 'BAD_ID'
  | 'BAD_METADATA'
  | 'BAD_OPTION'
  | 'BAD_RECORD'
  | 'BAD_VECTOR'
  | 'CLOSED'
  | 'COLLECTION_MISMATCH'
  | 'CONFLICT'
  | 'CORRUPTED'
  | 'DIMENSION_MISMATCH'
  | 'DISK_FULL'
  | 'ENGINE_UNAVAILABLE'
  | 'FULL'
  | 'ID_EXISTS'
  | 'NATIVE_UNAVAILABLE'
  | 'NOT_A_DATABASE'
  | 'NOT_FOUND'
  | 'OUT_OF_MEMORY'
  | 'READ_ONLY'
  | 'STORAGE'
  | 'TIMEOUT'
  | 'TRANSACTION'
  | 'UNSUPPORTED_VERSION'

/** A match of a query that ran out of time; with metadata and vector where the query asked for them. */
export interface PartialMatch {
  readonly id: string | number
  readonly score: number
  readonly metadata?: object
  readonly vector?: Float32Array
}

/** Where an error happened, as far as it is known. */
export interface SkalarErrorDetails {
  /** Path of the offending value, for example `filter.year.$gt` or `metadata.tags[2]`. */
  readonly path?: string | undefined
  /** Index of the offending record in the input. */
  readonly recordIndex?: number | undefined
  /** Id of the offending record. */
  readonly id?: string | number | undefined
  /** Number of records that were committed before the failure. */
  readonly committed?: number | undefined
  /** Of a query that ran out of time: what it had found, as it would have been returned. */
  readonly matches?: readonly PartialMatch[] | undefined
  /** The error underneath, kept whole. */
  readonly cause?: unknown
}

/** An error with a stable `code`; `message` says what is wrong and how to mend it. */
export class SkalarError extends Error {
  override readonly name = 'SkalarError'
  readonly code: SkalarErrorCode
  readonly path?: string
  readonly recordIndex?: number
  readonly id?: string | number
  readonly committed?: number
  readonly matches?: readonly PartialMatch[]

  constructor(code: SkalarErrorCode, message: string, details: SkalarErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    if (details.path !== undefined) this.path = details.path
    if (details.recordIndex !== undefined) this.recordIndex = details.recordIndex
    if (details.id !== undefined) this.id = details.id
    if (details.committed !== undefined) this.committed = details.committed
    if (details.matches !== undefined) this.matches = details.matches
  }

  /** The same error with more known about where it happened; what is known already stays. */
  with(details: SkalarErrorDetails): SkalarError {
    const merged = new SkalarError(this.code, this.message, { ...details, ...this.details() })
    if (this.stack !== undefined) merged.stack = this.stack
    return merged
  }

  private details(): SkalarErrorDetails {
    const { path, recordIndex, id, committed, matches, cause } = this
    const known = Object.entries({ path, recordIndex, id, committed, matches, cause })
    return Object.fromEntries(known.filter(([, value]) => value !== undefined))
  }
}
