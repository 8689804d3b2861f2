import { SkalarError } from '../errors.ts'
import type { Environment } from './environment.ts'
import { corruptedRow } from './integrity.ts'

/** Numbers in a block: the unit that is read and written. */
export const BLOCK = 256

/** Keys reserve 0xFFFFFFFF. */
const LIMIT = 0xffff_ffff

/**
 * Hands out u32 numbers within one write transaction, freed ones first. The freed ones are a stack in blocks of the
 * `free` sub-database, so that allocation is as atomic as the transaction.
 *
 * A number freed in a transaction is not handed out in the same one: readers tell versions apart by position, and
 * positions of one transaction become visible together.
 */
export class FreeNumbers {
  readonly #environment: Environment
  readonly #number: number
  readonly #kind: number
  readonly #blocks = new Map<number, Uint32Array>()
  readonly #given: number[] = []
  #next: number
  #free: number

  /** `kind` 0 numbers ordinals, 1 + space slots; `next` and `free` are what the state row says. */
  constructor(environment: Environment, number: number, kind: number, next: number, free: number) {
    this.#environment = environment
    this.#number = number
    this.#kind = kind
    this.#next = next
    this.#free = free
  }

  /** The lowest number never handed out. */
  get next(): number {
    return this.#next
  }

  /** How many freed numbers are on the stack; final after `flush`. */
  get free(): number {
    return this.#free
  }

  /** @throws SkalarError `FULL` */
  take(): number {
    if (this.#free > 0) {
      this.#free--
      return this.#block(this.#free)[this.#free % BLOCK]!
    }
    if (this.#next === LIMIT) {
      throw new SkalarError('FULL', `a collection holds at most ${LIMIT} vectors: split it into several`)
    }
    return this.#next++
  }

  give(number: number): void {
    this.#given.push(number)
  }

  /** Writes the stack back. Nothing may be taken or given afterwards. */
  flush(): void {
    const dirty = new Set<number>()
    for (const number of this.#given) {
      this.#block(this.#free)[this.#free % BLOCK] = number
      dirty.add(Math.floor(this.#free / BLOCK))
      this.#free++
    }
    for (const index of dirty) {
      const block = this.#blocks.get(index)!
      this.#environment.free.putSync(this.#key(index), Buffer.from(block.buffer))
    }
  }

  #block(position: number): Uint32Array {
    const index = Math.floor(position / BLOCK)
    let block = this.#blocks.get(index)
    if (block === undefined) {
      block = new Uint32Array(BLOCK)
      const stored = this.#environment.free.get(this.#key(index))
      if (stored !== undefined) {
        if (stored.length !== block.byteLength)
          throw corruptedRow(`a block of freed numbers has ${stored.length} bytes`)
        new Uint8Array(block.buffer).set(stored)
      }
      this.#blocks.set(index, block)
    }
    return block
  }

  #key(index: number) {
    return [this.#number, this.#kind, index] as const
  }
}
