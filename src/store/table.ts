import type { Transaction } from 'lmdb'
import type { SkalarError } from '../errors.ts'

/** From this size on lmdb-js hands values out as views of LMDB's memory, unless a buffer of its own has room for them. */
const LARGE = 2 ** 24

/**
 * Bytes of a value that fit into the buffer which is then given to lmdb-js: any that this package writes
 * (`MAX_METADATA_BYTES` and what stands before it in a record row).
 */
const ROOM = 2 ** 26 + 2 ** 16

/** The part of lmdb-js's `Database` that is used, as it is: its types do not fit custom keys. */
export interface RawTable<K> {
  getBinaryFast(key: K, options?: { readonly transaction: Transaction }): Uint8Array | undefined
  readonly lastSize: number
  putSync(key: K, value: Buffer, options?: { readonly append: boolean }): boolean
  removeSync(key: K): boolean
  getRange(range: Range<K>): Iterable<{ key: K; value: Uint8Array }>
  getKeys(range: Range<K>): Iterable<K>
  /** Makes the buffer that values of this JavaScript thread are copied to twice as large as `bytes`. */
  _allocateGetBuffer(bytes: number): unknown
}

/** What the values of a sub-database mean. */
export interface Codec<V> {
  encode(value: V): Buffer
  /** Of a buffer that may be longer than the value, and lasts until the next read. */
  decode(bytes: Buffer, size: number): V
}

const copies: Codec<Buffer> = {
  encode: (value) => value,
  decode: (bytes, size) => Buffer.from(bytes.subarray(0, size)),
}

interface Range<K> {
  readonly start: K
  readonly end: K
  readonly exclusiveStart?: boolean
  readonly limit?: number
  readonly transaction?: Transaction
}

/** Once in a JavaScript thread. */
let roomy = false

/**
 * A sub-database. Reads see the transaction they run in, else the commit of the last `Environment.refresh()`.
 *
 * lmdb-js is called here and nowhere else, so that
 * - a value is a Buffer, whatever its size: of 16 MiB or more lmdb-js makes a Uint8Array over LMDB's memory, which may
 *   also be cut off where that memory ended when it was first looked at;
 * - whatever LMDB or lmdb-js throws is a SkalarError `CORRUPTED`, `STORAGE`, `DISK_FULL` or `CLOSED` with it as its cause;
 * - a range that fails lets go of its transaction, as one that is left early does.
 */
export class Table<K, V = Buffer> {
  readonly #raw: RawTable<K>
  readonly #fail: (error: unknown) => SkalarError
  readonly #codec: Codec<V>

  /** `fail` is told of everything that lmdb-js throws, and makes what is thrown instead. */
  constructor(
    raw: RawTable<K>,
    fail: (error: unknown) => SkalarError,
    codec: Codec<V> = copies as unknown as Codec<V>,
  ) {
    this.#raw = raw
    this.#fail = fail
    this.#codec = codec
  }

  /** The same as a read transaction sees it; to be read only, and not within a write transaction. */
  at(transaction: Transaction): Table<K, V> {
    const raw = this.#raw
    const seen: RawTable<K> = Object.create(raw, {
      getBinaryFast: { value: (key: K) => raw.getBinaryFast(key, { transaction }) },
      getRange: { value: (range: Range<K>) => raw.getRange({ ...range, transaction }) },
      getKeys: { value: (range: Range<K>) => raw.getKeys({ ...range, transaction }) },
      lastSize: { get: () => raw.lastSize },
    })
    return new Table(seen, this.#fail, this.#codec)
  }

  /** A copy of a value. */
  get(key: K): V | undefined {
    const bytes = this.getBinaryFast(key)
    return bytes && this.#codec.decode(bytes, this.lastSize)
  }

  /** A value in a buffer that lasts until the next read and may be longer than the value: see `lastSize`. */
  getBinaryFast(key: K): Buffer | undefined {
    const raw = this.#raw
    try {
      const value = raw.getBinaryFast(key)
      if (raw.lastSize <= LARGE || Buffer.isBuffer(value)) return value as Buffer | undefined
    } catch (error) {
      // A view that could not be made is no reason not to copy the value.
      if (!(error instanceof RangeError)) throw this.#fail(error)
    }
    return this.#getLarge(key)
  }

  /** Bytes of the value read last. */
  get lastSize(): number {
    return this.#raw.lastSize
  }

  /**
   * Only in a write transaction. With `append`, which fills pages to the end, nothing is written and false returned
   * unless the key is behind every other of the sub-database.
   */
  putSync(key: K, value: V, options?: { readonly append: boolean }): boolean {
    const bytes = this.#codec.encode(value)
    // Within its transaction it is to be read from there, not from LMDB's memory.
    if (bytes.length > LARGE) this.#makeRoom()
    try {
      return this.#raw.putSync(key, bytes, options)
    } catch (error) {
      throw this.#fail(error)
    }
  }

  /** Only in a write transaction. */
  removeSync(key: K): boolean {
    return this.#guard(() => this.#raw.removeSync(key))
  }

  /** Entries from `start` on, before `end`, in order of their keys' bytes; values are copies. */
  *getRange(range: Range<K>): Generator<{ key: K; value: Buffer }, void, undefined> {
    const iterator = this.#guard(() => this.#raw.getRange(range)[Symbol.iterator]())
    try {
      for (;;) {
        const next = this.#next(iterator)
        if (next.done) return
        const { key, value } = next.value
        if (value.length > LARGE) this.#makeRoom()
        yield { key, value: Buffer.isBuffer(value) ? value : Buffer.from(value) }
      }
    } finally {
      iterator.return?.()
    }
  }

  getKeys(range: Range<K>): K[] {
    return this.#guard(() => [...this.#raw.getKeys({ ...range })])
  }

  #next<T>(iterator: Iterator<T>): IteratorResult<T> {
    try {
      return iterator.next()
    } catch (error) {
      throw this.#fail(error)
    }
  }

  #guard<T>(call: () => T): T {
    try {
      return call()
    } catch (error) {
      throw this.#fail(error)
    }
  }

  #getLarge(key: K): Buffer | undefined {
    this.#makeRoom()
    const value = this.#guard(() => this.#raw.getBinaryFast(key))
    return value === undefined || Buffer.isBuffer(value) ? value : Buffer.from(value)
  }

  #makeRoom(): void {
    if (roomy) return
    this.#raw._allocateGetBuffer(ROOM / 2)
    roomy = true
  }
}
