import { SkalarError } from '../errors.ts'
import { checkOptions, integerOption, signalOption } from '../options.ts'
import { isEmptyFilter, parseFilter } from '../query/filter.ts'
import { compileFilter, type RecordTest } from '../query/match.ts'
import { RecordScan } from '../query/records.ts'
import type { Session, Source } from '../source.ts'
import { Batch } from '../store/batch.ts'
import type { Definition } from '../store/catalogue.ts'
import { packMetadata, unpackMetadata } from '../store/metadata.ts'
import { recordOf } from '../store/records.ts'
import { MOST_BYTES, weightOf } from '../store/room.ts'
import { vectorRowBytes } from '../store/rows.ts'
import type { Writer } from '../store/writer.ts'
import type { Id, Metadata } from '../types.ts'
import { isArray } from '../validate/built-in.ts'
import { isPlainObject } from '../validate/plain-object.ts'
import { badVector, validId, validIds, validMetadata, writeVector } from '../validate.ts'
import { commit } from './commit.ts'

/** Records changed in one transaction at most; their bytes count too (store/room.ts). */
const MOST_CHANGES = 500

/** What `update` and `delete` are aimed at. */
export type ParsedTarget = { readonly ids: readonly Id[] } | { readonly test: RecordTest }

export interface ParsedUpdate {
  readonly patch: Metadata
  readonly ifVersion: number | undefined
  /** A batch of one with the new vector for an id; a fresh one for each record, as each gets a row of its own. */
  readonly vector: ((id: Id) => Batch) | undefined
  /** What a record grows by at most. */
  readonly bytes: number
}

/** @throws SkalarError `BAD_ID`, `BAD_FILTER` (also for a filter that every record passes) */
export function parseTarget(target: unknown): ParsedTarget {
  if (isArray(target)) return { ids: [...new Set(validIds(target))] }
  if (!isPlainObject(target)) return { ids: [validId(target)] }
  const { filter } = checkOptions(target, ['filter'], 'target')
  const node = parseFilter(filter, 'filter')
  if (isEmptyFilter(node)) {
    const message = 'filter is empty, so every record would match: to delete all, use clear()'
    throw new SkalarError('BAD_FILTER', message, { path: 'filter' })
  }
  return { test: compileFilter(node) }
}

/** @throws SkalarError `BAD_METADATA`, `BAD_OPTION`, `BAD_VECTOR`, `DIMENSION_MISMATCH` */
export function parseUpdate(
  definition: Definition,
  patch: unknown,
  options: Record<string, unknown>,
): ParsedUpdate {
  const packed = packMetadata(validMetadata(patch, 'patch'), 'patch')
  // A copy: the caller may go on changing the patch.
  const copy = unpackMetadata(packed)
  const vector = options.vector === undefined ? undefined : vectorFactory(definition, options.vector)
  return {
    patch: copy,
    bytes: packed.length + (vector === undefined ? 0 : vectorRowBytes(definition.dimension)),
    ifVersion: integerOption(options.ifVersion, 'options.ifVersion', { min: 0 }),
    vector,
  }
}

function vectorFactory({ dimension, metric }: Definition, vector: unknown): (id: Id) => Batch {
  const path = 'options.vector'
  const batch = new Batch(dimension, 1)
  batch.put(0, 0, {}, (target, offset) => writeVector(vector, target, offset, dimension, path))
  const error = badVector(batch.vector(0), vector, path, metric === 'cosine')
  if (error !== undefined) throw error
  batch.normalize(false)
  return (id) => batch.withId(id)
}

/** Updates those of the records with these ids that pass a test; returns how many. */
export function applyUpdate(
  writer: Writer,
  ids: readonly Id[],
  update: ParsedUpdate,
  test?: RecordTest,
): number {
  return writer.update(
    ids,
    (id, metadata) => (test === undefined || test(id, metadata) ? merged(metadata, update.patch) : undefined),
    { vectorFor: update.vector, ifVersion: update.ifVersion },
  )
}

/** Shallow; a key set to undefined is removed. */
function merged(metadata: Metadata, patch: Metadata): Metadata {
  const result = { ...metadata, ...patch }
  for (const key of Object.keys(patch)) if (patch[key] === undefined) delete result[key]
  return result
}

/** Changes records by target. Resolves to how many there were. */
export async function update(
  session: Session,
  source: Source,
  target: unknown,
  patch: unknown,
  options: unknown,
): Promise<number> {
  source.environment.assertWritable()
  const checked = checkOptions(options, ['vector', 'ifVersion', 'signal'], 'options')
  const parsed = parseTarget(target)
  const change = parseUpdate(source.definition, patch, checked)
  const test = 'test' in parsed ? parsed.test : undefined
  const run = (writer: Writer, ids: readonly Id[]) => applyUpdate(writer, ids, change, test)
  return each(session, source, parsed, signalOption(checked.signal, 'options.signal'), run, change.bytes)
}

/** Deletes records by target. Resolves to how many there were. */
export async function remove(
  session: Session,
  source: Source,
  target: unknown,
  options: unknown,
): Promise<number> {
  source.environment.assertWritable()
  const { signal } = checkOptions(options, ['signal'], 'options')
  const parsed = parseTarget(target)
  const test = 'test' in parsed ? parsed.test : undefined
  const run = (writer: Writer, ids: readonly Id[]) => writer.delete(ids, test)
  return each(session, source, parsed, signalOption(signal, 'options.signal'), run, 0)
}

/**
 * Runs a change, which adds so many bytes to a record, on the records of a target, in transactions of a bounded size, and
 * counts those it happened to.
 */
async function each(
  session: Session,
  source: Source,
  target: ParsedTarget,
  signal: AbortSignal | undefined,
  change: (writer: Writer, ids: readonly Id[]) => number,
  added: number,
): Promise<number> {
  signal?.throwIfAborted()
  const ids = 'ids' in target ? target.ids : await matchingIds(session, source, target.test, signal)
  let changed = 0
  try {
    for (let begin = 0; begin < ids.length; ) {
      signal?.throwIfAborted()
      session.assertOpen()
      const { end, weight } = part(source, ids, begin, added)
      changed += await commit(session, source, weight, (writer) => change(writer, ids.slice(begin, end)))
      begin = end
    }
  } catch (error) {
    throw error instanceof SkalarError ? error.with({ committed: changed }) : error
  }
  return changed
}

/** How many of the ids from `begin` on one transaction takes, by what their records are just now. */
function part({ environment, replica }: Source, ids: readonly Id[], begin: number, added: number) {
  environment.refresh()
  const number = replica.currentNumber()
  const most = Math.min(begin + MOST_CHANGES, ids.length)
  let bytes = 0
  let end = begin
  for (; end < most && bytes < MOST_BYTES; end++) {
    const row = recordOf(environment, number, ids[end]!)
    if (row !== undefined) bytes += row.size + added
  }
  return { end, weight: weightOf(end - begin, bytes) }
}

async function matchingIds(
  session: Session,
  source: Source,
  test: RecordTest,
  signal: AbortSignal | undefined,
): Promise<Id[]> {
  const ids: Id[] = []
  const scan = new RecordScan(source, (row) => {
    const { id } = row
    if (test(id, row.metadata)) ids.push(id)
  })
  await scan.run(() => {
    signal?.throwIfAborted()
    session.assertOpen()
  })
  return ids
}
