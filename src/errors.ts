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

  constructor(code: SkalarErrorCode, message: string, details: SkalarErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    if (details.path !== undefined) this.path = details.path
    if (details.recordIndex !== undefined) this.recordIndex = details.recordIndex
    if (details.id !== undefined) this.id = details.id
    if (details.committed !== undefined) this.committed = details.committed
  }

  /** The same error with more known about where it happened; what is known already stays. */
  with(details: SkalarErrorDetails): SkalarError {
    const merged = new SkalarError(this.code, this.message, { ...details, ...this.details() })
    if (this.stack !== undefined) merged.stack = this.stack
    return merged
  }

  private details(): SkalarErrorDetails {
    const { path, recordIndex, id, committed, cause } = this
    const known = Object.entries({ path, recordIndex, id, committed, cause })
    return Object.fromEntries(known.filter(([, value]) => value !== undefined))
  }
}
