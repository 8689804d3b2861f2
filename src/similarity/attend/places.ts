import { types } from 'node:util'
import { SkalarError } from '../../errors.ts'
import type { Source } from '../../source.ts'
import type { Id } from '../../types.ts'
import { describe } from '../../validate/describe.ts'
import { padded } from '../lanes.ts'

/** Rows there is room for at least. */
const LEAST = 64

/** The values of a metadata field as a matrix: a row for each record that has one, padded with zeros to whole lanes. */
export class Places {
  readonly #path: string
  readonly #expected: number
  readonly #rowOf = new Map<number, number>()
  #rows: Float32Array | undefined
  #components = 0

  constructor({ replica }: Source, path: string) {
    this.#path = path
    this.#expected = replica.state().live
  }

  /** Components of each value; 0 as long as there is none. */
  get components(): number {
    return this.#components
  }

  /** From one row to the next. */
  get stride(): number {
    return padded(this.#components)
  }

  get rows(): Float32Array {
    return this.#rows ?? new Float32Array()
  }

  /**
   * Takes the value of a record in place of what it had before, and tells its row; undefined where there is no value.
   *
   * @throws SkalarError `BAD_METADATA` for what is no number and no array of as many numbers as others have
   */
  put(id: Id, ordinal: number, value: unknown): number | undefined {
    if (value === undefined || value === null) return undefined
    const many = Array.isArray(value) || types.isTypedArray(value)
    const numbers = many ? (value as ArrayLike<unknown>) : [value]
    if (this.#components === 0) this.#components = numbers.length
    if (numbers.length !== this.#components || numbers.length === 0) {
      throw this.#bad(id, `has ${numbers.length} numbers, but ${this.#components || 'at least 1'} are needed`)
    }
    const row = this.#rowOf.get(ordinal) ?? this.#rowOf.size
    const rows = this.#roomFor(row)
    const first = row * this.stride
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i]
      rows[first + i] = number as number
      if (typeof number === 'number' && Number.isFinite(rows[first + i])) continue
      throw this.#bad(id, `must hold finite numbers within float32, but has ${describe(number)}`)
    }
    this.#rowOf.set(ordinal, row)
    return row
  }

  #roomFor(row: number): Float32Array {
    const { stride } = this
    this.#rows ??= new Float32Array(stride * Math.max(this.#expected, LEAST))
    if (this.#rows.length < (row + 1) * stride) {
      const longer = new Float32Array(2 * this.#rows.length)
      longer.set(this.#rows)
      this.#rows = longer
    }
    return this.#rows
  }

  #bad(id: Id, problem: string): SkalarError {
    const path = `metadata.${this.#path}`
    const message = `${path} of record ${JSON.stringify(id)} ${problem}: mend the record, or leave it out by a filter`
    return new SkalarError('BAD_METADATA', message, { id, path })
  }
}
