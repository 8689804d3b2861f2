import { booleanOption, checkOptions } from '../options.ts'
import type { Source } from '../source.ts'
import { decodeId } from '../store/keys.ts'
import { idsBehind, knownRecordAt, recordOf } from '../store/records.ts'
import type { RecordRow } from '../store/rows.ts'
import { readVector } from '../store/vectors.ts'
import { SLICE_MS } from '../turns.ts'
import type { Id, Metadata } from '../types.ts'
import type { RecordTest } from './match.ts'

/** Records read at once by an iteration. */
const PAGE = 128

/** A stored record before its type is known. */
export interface AnyRecord {
  id: Id
  metadata: Metadata
  vector?: Float32Array
  version?: number
}

/** What to read of a record besides id and metadata. */
export interface Include {
  readonly vector: boolean
  readonly version: boolean
}

/** @throws SkalarError `BAD_OPTION` */
export function parseInclude(input: unknown): Include {
  const { includeVector, includeVersion } = checkOptions(
    input,
    ['includeVector', 'includeVersion'],
    'options',
  )
  return {
    vector: booleanOption(includeVector, 'options.includeVector', false),
    version: booleanOption(includeVersion, 'options.includeVersion', false),
  }
}

/** A record by a valid id, from LMDB; undefined when there is none. Sees the last `refresh`. */
export function readRecord(source: Source, id: Id, include: Include): AnyRecord | undefined {
  const number = source.replica.currentNumber()
  const row = recordOf(source.environment, number, id)
  return row && toRecord(source, number, id, row, include)
}

function toRecord(source: Source, number: number, id: Id, row: RecordRow, include: Include): AnyRecord {
  const record: AnyRecord = { id, metadata: row.metadata }
  if (include.version) record.version = row.version
  if (include.vector) {
    record.vector = readVector(source.environment, number, row.slot, source.definition.dimension)
  }
  return record
}

/**
 * The next records behind an id in order of ids (integers before strings, strings by their UTF-8 bytes), for a slice at
 * most, as far as they pass a test, and the id to go on behind; that is undefined at the end.
 */
export function readPage(
  source: Source,
  behind: Id | undefined,
  test: RecordTest | undefined,
  include: Include,
): { records: AnyRecord[]; last: Id | undefined } {
  source.environment.refresh()
  const number = source.replica.currentNumber()
  const entries = idsBehind(source.environment, number, behind, PAGE)
  const records: AnyRecord[] = []
  const end = performance.now() + SLICE_MS
  for (const [i, { id: bytes, ordinal }] of entries.entries()) {
    const id = decodeId(bytes)
    const record = toRecord(source, number, id, knownRecordAt(source.environment, number, ordinal), include)
    if (test === undefined || test(id, record.metadata)) records.push(record)
    const more = i + 1 < entries.length || entries.length === PAGE
    if (more && performance.now() >= end) return { records, last: id }
  }
  const last = entries.length < PAGE ? undefined : decodeId(entries.at(-1)!.id)
  return { records, last }
}
