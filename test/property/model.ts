import type { Id, Metadata } from '../../src/index.ts'

/** What is known of a stored record. Records of the model are never changed, only replaced. */
export interface ModelRecord {
  readonly id: Id
  readonly vector: Float32Array
  readonly metadata: Metadata
}

export type Mode = 'upsert' | 'insert' | 'update'

export type Records = Map<Id, ModelRecord>

/** What a call must fail with: a code, or `REASON` for what its signal or its own function gave. */
export class Refused extends Error {
  readonly code: string
  /** Records committed before; undefined where the error does not tell. */
  readonly committed: number | undefined

  constructor(code: string, committed?: number) {
    super(code)
    this.code = code
    this.committed = committed
  }
}

/** Writes records as one transaction. @throws Refused, having written nothing */
export function commitBatch(records: Records, batch: Records, mode: Mode, committed?: number) {
  for (const id of batch.keys()) {
    if (mode === 'insert' && records.has(id)) throw new Refused('ID_EXISTS', committed)
    if (mode === 'update' && !records.has(id)) throw new Refused('NOT_FOUND', committed)
  }
  let updated = 0
  for (const [id, record] of batch) {
    if (records.has(id)) updated++
    records.set(id, record)
  }
  return { inserted: batch.size - updated, updated }
}

export function updateRecord(
  records: Records,
  id: Id,
  patch: Metadata,
  vector: Float32Array | undefined,
): boolean {
  const known = records.get(id)
  if (known === undefined) return false
  const merged = { ...known.metadata, ...patch }
  for (const key of Object.keys(patch)) if (patch[key] === undefined) delete merged[key]
  records.set(id, { id, metadata: merged, vector: vector ?? known.vector })
  return true
}

/** Integers before strings; integers by value, strings by their UTF-8 bytes. */
export function compareIds(a: Id, b: Id): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1
  if (typeof b === 'number') return 1
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

export function sorted(records: Records): ModelRecord[] {
  return [...records.values()].sort((a, b) => compareIds(a.id, b.id))
}
