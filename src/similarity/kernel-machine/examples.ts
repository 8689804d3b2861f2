import { SkalarError } from '../../errors.ts'
import { readPage, readRecord } from '../../query/read.ts'
import type { Source } from '../../source.ts'
import { nextTurn, SLICE_MS } from '../../turns.ts'
import type { Id, Metadata } from '../../types.ts'
import { describe } from '../../validate/describe.ts'
import { valueAt } from '../field.ts'
import { LABELS, type LabelValue, toLabel } from '../labels.ts'
import { integers } from '../random.ts'
import { MOST_LABELS } from './parts.ts'
import type { TrainRequest } from './request.ts'
import { draw, quotas } from './sample.ts'

/** What a machine is trained on. */
export interface Examples {
  /** Row by row, as they are stored. */
  readonly vectors: Float32Array<ArrayBuffer>
  /** For each example its place in `labels`. */
  readonly classes: Int32Array<ArrayBuffer>
  /** At least two; of each as many examples as there are folds, or more. */
  readonly labels: readonly LabelValue[]
  /** How many records have a label. */
  readonly records: number
}

const METADATA = { vector: false, version: false }
const VECTOR = { vector: true, version: false }

type Report = (done: number, total: number) => void

/**
 * Records with a label, or a random sample of them, in random order. Records are looked at in the order of their ids, so that the
 * same ones give the same sample whatever was written before. Each is as of some moment of the call.
 *
 * @throws SkalarError `NOT_FOUND` where no record has a label, `BAD_OPTION` where they cannot be learned from, `OUT_OF_MEMORY`
 */
export async function readExamples(source: Source, request: TrainRequest, report: Report): Promise<Examples> {
  const found = await labelledIds(source, request, report)
  const counts = new Map(Array.from(found, ([label, ids]) => [label, ids.length]))
  checkCounts(counts, request)
  const random = integers(request.seed)
  const wanted = quotas([...counts.values()], request.sample, request.folds)
  const chosen = [...found.values()].flatMap((ids, i) => draw(ids, wanted[i]!, random))
  const records = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return { ...(await readChosen(source, request, draw(chosen, chosen.length, random))), records }
}

/** The ids of records with a label, by label. */
async function labelledIds(
  source: Source,
  { field, test, signal }: TrainRequest,
  report: Report,
): Promise<Map<LabelValue, Id[]>> {
  const found = new Map<LabelValue, Id[]>()
  let looked = 0
  const isExample = (id: Id, metadata: Readonly<Metadata>) => {
    looked++
    return toLabel(valueAt(metadata, field)) !== undefined && test?.(id, metadata) !== false
  }
  let behind: Id | undefined
  do {
    await nextTurn()
    signal?.throwIfAborted()
    const { records, last } = readPage(source, behind, isExample, METADATA)
    for (const { id, metadata } of records) {
      const label = toLabel(valueAt(metadata, field))!
      const ids = found.get(label)
      if (ids === undefined) found.set(label, [id])
      else ids.push(id)
    }
    report(looked, Math.max(looked, source.replica.state().live))
    behind = last
  } while (behind !== undefined)
  return found
}

/** Those that are still there, and still have a label. */
async function readChosen(
  source: Source,
  { field, test, signal, folds, sample }: TrainRequest,
  ids: readonly Id[],
): Promise<Omit<Examples, 'records'>> {
  const { dimension } = source.definition
  const vectors = room(ids.length * dimension)
  const classes = new Int32Array(ids.length)
  const places = new Map<LabelValue, number>()
  let count = 0
  let end = 0
  for (const id of ids) {
    if (performance.now() >= end) {
      await nextTurn()
      signal?.throwIfAborted()
      source.environment.refresh()
      end = performance.now() + SLICE_MS
    }
    const record = readRecord(source, id, VECTOR)
    const label = record && toLabel(valueAt(record.metadata, field))
    if (label === undefined || test?.(id, record!.metadata) === false) continue
    if (!places.has(label)) places.set(label, places.size)
    vectors.set(record!.vector!, count * dimension)
    classes[count++] = places.get(label)!
  }
  const labels = [...places.keys()]
  const sizes = new Uint32Array(labels.length)
  for (const place of classes.subarray(0, count)) sizes[place]!++
  checkCounts(new Map(labels.map((label, place) => [label, sizes[place]!])), { folds, sample })
  return { vectors: vectors.slice(0, count * dimension), classes: classes.slice(0, count), labels }
}

function room(length: number): Float32Array<ArrayBuffer> {
  try {
    return new Float32Array(length)
  } catch (cause) {
    throw new SkalarError('OUT_OF_MEMORY', 'there is no memory for the examples: set options.sample lower', {
      path: 'options.sample',
      cause,
    })
  }
}

/** @throws SkalarError */
function checkCounts(
  counts: ReadonlyMap<LabelValue, number>,
  { folds, sample }: Pick<TrainRequest, 'folds' | 'sample'>,
): void {
  if (counts.size === 0) {
    const message = `no record has ${LABELS} as its field: check options.field and options.filter`
    throw new SkalarError('NOT_FOUND', message, { path: 'options.field' })
  }
  const [[least, fewest]] = [...counts].sort((a, b) => a[1] - b[1]) as [[LabelValue, number]]
  if (counts.size === 1) {
    const message = `all ${fewest} records of options.field are ${describe(least)}: there must be two labels to tell apart`
    throw new SkalarError('BAD_OPTION', message, { path: 'options.field' })
  }
  if (counts.size > MOST_LABELS) {
    const message = `options.field has ${counts.size} labels, more than ${MOST_LABELS}: leave out the rare ones with options.filter, or use classify`
    throw new SkalarError('BAD_OPTION', message, { path: 'options.field' })
  }
  if (fewest < folds) {
    const fewer = fewest < 2 ? '' : `set it to ${fewest}, or `
    const message = `options.folds is ${folds}, but only ${fewest} of the records ${fewest === 1 ? 'is' : 'are'} ${describe(least)}: ${fewer}leave that label out with options.filter`
    throw new SkalarError('BAD_OPTION', message, { path: 'options.folds' })
  }
  if (counts.size * folds > sample) {
    const message = `options.sample must be at least ${counts.size * folds}, that each of ${counts.size} labels may be in each of ${folds} folds`
    throw new SkalarError('BAD_OPTION', message, { path: 'options.sample' })
  }
}
