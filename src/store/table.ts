/**
 * A sub-database as this folder uses it: the part of lmdb-js's `Database` whose types do not fit custom keys.
 * Reads see the transaction they run in, else the commit of the last `Environment.refresh()`.
 */
export interface Table<K, V = Buffer> {
  /** A copy of a value. */
  get(key: K): V | undefined
  /** A value in a buffer that lasts until the next read and may be longer than the value: see `lastSize`. */
  getBinaryFast(key: K): Buffer | undefined
  /** Bytes of the value read last. */
  readonly lastSize: number
  /**
   * Only in a write transaction. With `append`, which fills pages to the end, nothing is written and false returned
   * unless the key is behind every other of the sub-database.
   */
  putSync(key: K, value: V, options?: { readonly append: boolean }): boolean
  /** Only in a write transaction. */
  removeSync(key: K): boolean
  /** Entries from `start` on, before `end`, in order of their keys' bytes; values are copies. */
  getRange(range: Range<K>): Iterable<{ key: K; value: V }>
  getKeys(range: Range<K>): Iterable<K>
}

interface Range<K> {
  readonly start: K
  readonly end: K
  readonly exclusiveStart?: boolean
  readonly limit?: number
}
