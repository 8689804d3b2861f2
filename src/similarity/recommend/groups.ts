import { isDate } from 'node:util/types'
import type { Source } from '../../source.ts'
import { recordAt } from '../../store/records.ts'
import type { Metadata } from '../../types.ts'
import { isPlainObject } from '../../validate/plain-object.ts'
import type { GroupLimit } from './request.ts'

/** Records whose values are remembered; of many users, many are recommended the same. */
const MOST = 100_000

const NONE: readonly unknown[] = []

/** The values of one field, as of one log position. */
export class FieldValues {
  readonly #source: Source
  readonly #field: readonly string[]
  #position = -1
  /** Ordinal → values. */
  readonly #values = new Map<number, readonly unknown[]>()

  constructor(source: Source, field: readonly string[]) {
    this.#source = source
    this.#field = field
  }

  /** The values of a record, as keys; only while LMDB and the replica show the same state. */
  of(ordinal: number): readonly unknown[] {
    const { environment, replica } = this.#source
    if (this.#position !== replica.position || this.#values.size > MOST) this.#values.clear()
    this.#position = replica.position
    const remembered = this.#values.get(ordinal)
    if (remembered !== undefined) return remembered
    const row = recordAt(environment, replica.number, ordinal)
    const values = row === undefined ? NONE : keysAt(row.metadata, this.#field)
    this.#values.set(ordinal, values)
    return values
  }
}

/** Counts how many of the chosen share a value. A record without a value shares none. */
export class GroupCounts {
  readonly #counts = new Map<unknown, number>()
  readonly #limit: number

  constructor({ limit }: GroupLimit) {
    this.#limit = limit
  }

  hasRoom(values: readonly unknown[]): boolean {
    return values.every((value) => (this.#counts.get(value) ?? 0) < this.#limit)
  }

  add(values: readonly unknown[]): void {
    for (const value of values) this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1)
  }
}

/**
 * The strings, numbers, bigints, booleans and dates at a path, each once, through own properties of plain objects and
 * elements of arrays, as filters follow it. Keys of a Map: dates by time, and beside strings that look alike.
 */
function keysAt(metadata: Metadata, field: readonly string[]): readonly unknown[] {
  const keys = new Set<unknown>()
  collect(metadata, field, 0, keys)
  return keys.size === 0 ? NONE : [...keys]
}

function collect(from: unknown, field: readonly string[], start: number, keys: Set<unknown>): void {
  let value = from
  for (let i = start; i < field.length; i++) {
    if (Array.isArray(value)) {
      for (const element of value) if (!Array.isArray(element)) collect(element, field, i, keys)
      return
    }
    const step = field[i]!
    if (!isPlainObject(value) || !Object.hasOwn(value, step)) return
    value = value[step]
  }
  for (const item of Array.isArray(value) ? value : [value]) {
    const key = keyOf(item)
    if (key !== undefined) keys.add(key)
  }
}

function keyOf(value: unknown): unknown {
  if (typeof value === 'string') return `s${value}`
  if (isDate(value)) return `d${value.getTime()}`
  return typeof value === 'object' ? undefined : value
}
