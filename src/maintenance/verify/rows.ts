import type { Snapshot } from '../../store/environment.ts'
import { isIntact } from '../../store/integrity.ts'
import { decodeId, END, END_OF_IDS, START_OF_IDS } from '../../store/keys.ts'
import { checkVectorRow, RecordRow, type State, VECTOR_HEADER, vectorRowBytes } from '../../store/rows.ts'
import type { Findings } from './findings.ts'
import { stretchesOf } from './stretches.ts'

const SPACE = 0

/** How far a vector's own length may be from the one beside it, relatively: it is of float32, and stored in float64. */
const LENGTH_ERROR = 1e-5

/** Slots that are looked at between two turns. */
const SLOTS = 100_000

/** More are not listed one by one. */
const MOST_LISTED = 100

/**
 * Rows of a collection against each other (docs/format.md, "Invariants"): ids lead to ordinals, these to record rows, which have the id and a slot,
 * which has a vector row with the ordinal; and nothing else is there. Each generator yields the rows that it has looked at since; they are to
 * be run in the order `ids`, `records`, `vectors`.
 */
export class RowCheck {
  readonly #tables: Snapshot
  readonly #state: State
  readonly #dimension: number
  readonly #findings: Findings
  /** Of each ordinal that an id leads to, 1. */
  readonly #known: Uint8Array
  /** The ordinal of each slot that a record has, plus one. */
  readonly #owners: Uint32Array
  #live = 0

  constructor(tables: Snapshot, state: State, dimension: number, findings: Findings) {
    this.#tables = tables
    this.#state = state
    this.#dimension = dimension
    this.#findings = findings
    this.#known = new Uint8Array(state.nextOrdinal)
    this.#owners = new Uint32Array(state.nextSlot)
  }

  /** Whether a record has this ordinal. After `ids`. */
  hasOrdinal(ordinal: number): boolean {
    return this.#known[ordinal] === 1
  }

  /** Whether a record has this slot. After `ids`. */
  hasSlot(slot: number): boolean {
    return this.#owners[slot]! > 0
  }

  *ids(): Generator<number> {
    const { number } = this.#state
    for (const entries of stretchesOf(this.#tables.ids, [number, START_OF_IDS], [number, END_OF_IDS])) {
      for (const { key, value } of entries) this.#checkId(key[1], value)
      yield entries.length
    }
    const { live } = this.#state
    if (this.#live === live) return
    this.#findings.add('WRONG_COUNT', `there are ${this.#live} ids, and ${live} records are counted`)
  }

  *records(): Generator<number> {
    const { number } = this.#state
    for (const entries of stretchesOf(this.#tables.records, [number, SPACE, 0], [number, SPACE, END])) {
      for (const { key } of entries) {
        if (!this.hasOrdinal(key[2]))
          this.#findings.add('LOOSE_ROW', `no id leads to the record of ordinal ${key[2]}`)
      }
      yield entries.length
    }
  }

  *vectors(): Generator<number> {
    const { number, nextSlot } = this.#state
    const seen = new Uint8Array(nextSlot)
    for (const entries of stretchesOf(this.#tables.vectors, [number, SPACE, 0], [number, SPACE, END])) {
      for (const { key, value } of entries) {
        this.#checkVector(key[2], value)
        if (key[2] < nextSlot) seen[key[2]] = 1
      }
      yield entries.length
    }
    let missing = 0
    for (let slot = 0; slot < nextSlot; slot++) {
      if (slot % SLOTS === 0) yield 0
      if (!this.hasSlot(slot) || seen[slot] === 1) continue
      if (++missing > MOST_LISTED) return
      this.#findings.add(
        'MISSING_ROW',
        `the vector of ordinal ${this.#owners[slot]! - 1}, in slot ${slot}, is missing`,
      )
    }
  }

  #checkId(id: Uint8Array, value: Buffer): void {
    this.#live++
    const name = nameOf(id)
    const ordinal = value.length === 4 ? value.readUInt32LE(0) : undefined
    if (ordinal === undefined || ordinal >= this.#state.nextOrdinal) {
      this.#findings.add('DAMAGED_ROW', `${name} leads to ${value.toString('hex')}, which is no ordinal`)
    } else if (this.#known[ordinal] === 1) {
      this.#findings.add('WRONG_ROW', `${name} leads to ordinal ${ordinal}, as another id does`)
    } else {
      this.#known[ordinal] = 1
      this.#checkRecord(id, name, ordinal)
    }
  }

  #checkRecord(id: Uint8Array, name: string, ordinal: number): void {
    const { number, nextSlot, position } = this.#state
    const { records } = this.#tables
    const bytes = records.getBinaryFast([number, SPACE, ordinal])
    if (bytes === undefined) {
      this.#findings.add('MISSING_ROW', `the record of ${name}, of ordinal ${ordinal}, is missing`)
      return
    }
    const row = new RecordRow(bytes, records.lastSize)
    if (!row.intact) {
      this.#findings.add('DAMAGED_ROW', `the record of ${name} is damaged`)
      return
    }
    const { slot, version } = row
    const problem = !row.idBytes.equals(id)
      ? `is that of ${nameOf(row.idBytes)}`
      : slot >= nextSlot
        ? `has slot ${slot}, which was never given out`
        : this.#owners[slot]! > 0
          ? `has slot ${slot}, as that of ordinal ${this.#owners[slot]! - 1} does`
          : version < 1 || version > position
            ? `is of version ${version}, and the last change was ${position}`
            : undefined
    if (problem !== undefined) this.#findings.add('WRONG_ROW', `the record of ${name} ${problem}`)
    if (slot < nextSlot) this.#owners[slot] ||= ordinal + 1
    this.#checkMetadata(row, name)
  }

  #checkMetadata(row: RecordRow, name: string): void {
    try {
      row.metadata
    } catch (error) {
      this.#findings.take('DAMAGED_ROW', error, `the metadata of ${name}`)
    }
  }

  #checkVector(slot: number, row: Buffer): void {
    const owner = slot < this.#state.nextSlot ? this.#owners[slot]! - 1 : -1
    const what = `the vector in slot ${slot}`
    if (owner < 0) this.#findings.add('LOOSE_ROW', `no record has ${what}`)
    try {
      checkVectorRow(row.length, this.#dimension)
    } catch (error) {
      this.#findings.take('DAMAGED_ROW', error, what)
      return
    }
    if (!isIntact(row)) this.#findings.add('DAMAGED_ROW', `${what}, of ordinal ${owner}, is damaged`)
    else if (owner >= 0 && row.readUInt32LE(0) !== owner) {
      this.#findings.add(
        'WRONG_ROW',
        `${what} is of ordinal ${row.readUInt32LE(0)}, and its record of ordinal ${owner}`,
      )
    } else if (!hasItsLength(row, this.#dimension)) {
      this.#findings.add(
        'WRONG_ROW',
        `${what}, of ordinal ${owner}, has another length than the one beside it`,
      )
    }
  }
}

/** Whether the scaled vector is as long as it should be, in [1, 2), for the length beside it. */
function hasItsLength(row: Buffer, dimension: number): boolean {
  const length = row.readDoubleLE(8)
  // Copied, since a row need not be aligned.
  const scaled = new Float32Array(
    row.buffer.slice(row.byteOffset + VECTOR_HEADER, row.byteOffset + vectorRowBytes(dimension)),
  )
  let sum = 0
  for (const component of scaled) sum += component * component
  if (length === 0) return sum === 0
  const expected = length / 2 ** Math.floor(Math.log2(length))
  return length > 0 && Math.abs(Math.sqrt(sum) / expected - 1) < LENGTH_ERROR
}

function nameOf(id: Uint8Array): string {
  try {
    return `id ${JSON.stringify(decodeId(id))}`
  } catch {
    return `id 0x${Buffer.from(id).toString('hex')}`
  }
}
