import { types } from 'node:util'
import { IndexFile, type IndexPoint } from '../engine/hnswlib/index-file.ts'
import { SkalarError } from '../errors.ts'
import { checkOptions, functionOption, isFunction, signalOption } from '../options.ts'
import type { Session, Source } from '../source.ts'
import type { UpsertResult } from '../types.ts'
import { isArray } from '../validate/built-in.ts'
import { upsert } from './upsert.ts'

/** Writes the points of an index file of hnswlib as records without metadata. */
export async function importHnswlib(
  session: Session,
  source: Source,
  path: unknown,
  rawOptions: unknown,
): Promise<UpsertResult> {
  const { ids, signal, onProgress } = checkOptions(rawOptions, ['ids', 'signal', 'onProgress'], 'options')
  const idOf = parseIds(ids)
  const upsertOptions = {
    signal: signalOption(signal, 'options.signal'),
    onProgress: functionOption(onProgress, 'options.onProgress'),
  }
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new SkalarError('BAD_OPTION', 'path must be the name of an index file, without NUL', {
      path: 'path',
    })
  }
  upsertOptions.signal?.throwIfAborted()
  const file = await IndexFile.open(path)
  try {
    const { dimension } = source.definition
    if (file.dimension !== dimension) {
      const message = `${path} holds vectors of ${file.dimension} dimensions, the collection of ${dimension}`
      throw new SkalarError('DIMENSION_MISMATCH', message, { path: 'path' })
    }
    return await upsert(session, source, records(file.points(), idOf), upsertOptions)
  } finally {
    await file.close()
  }
}

/** Undefined when there is no id for a label. */
type IdOf = (label: number) => unknown

function parseIds(ids: unknown): IdOf {
  if (ids === undefined) return (label) => label
  if (isFunction(ids)) return ids
  if (isArray(ids)) return (label) => ids[label]
  if (types.isMap(ids)) return (label) => ids.get(label)
  const message = 'options.ids must be an array of ids by label, a Map from label to id, or a function'
  throw new SkalarError('BAD_OPTION', message, { path: 'options.ids' })
}

async function* records(points: AsyncIterable<IndexPoint>, idOf: IdOf) {
  const labels = new Map<unknown, number>()
  for await (const { label, vector } of points) {
    const id = idOf(label)
    const other = labels.get(id)
    const problem =
      id === undefined
        ? `has no id for label ${label}`
        : other !== undefined && `has one id for the labels ${other} and ${label}`
    if (problem) throw new SkalarError('BAD_OPTION', `options.ids ${problem}`, { path: 'options.ids' })
    labels.set(id, label)
    yield { id, vector }
  }
}
