import { CODES_CHOICES, ENGINES } from './engine/create.ts'
import { DEFAULT_CODES, DEFAULT_EF_CONSTRUCTION, DEFAULT_M } from './engine/defaults.ts'
import { copyPrecision, sideOf } from './engine/precision.ts'
import { SkalarError } from './errors.ts'
import { parseFields } from './fields.ts'
import { checkOptions, enumOption, integerOption, metricOption } from './options.ts'
import { type Precision, sameNumbers } from './precision-matrix.ts'
import type { Definition } from './store/catalogue.ts'
import { isRevoked } from './validate/built-in.ts'

const MAX_DIMENSION = 65_535

/** A matrix is written in one transaction, which holds the event loop meanwhile: 128 MiB. */
const MAX_SIDE = 4_096

type Index = Definition['index']

const OF_INDEX = ['engine', 'M', 'efConstruction', 'codes'] as const
const INDEX_KEYS: ReadonlySet<string> = new Set(OF_INDEX)

/** Options that an engine has no use for. */
const UNUSED = { hnsw: [], hnswlib: ['codes'], flat: ['M', 'efConstruction', 'codes'] } as const

/** What the options of `collection()` ask for, as far as they do. */
export interface Wanted {
  readonly dimension: number | undefined
  readonly metric: Definition['metric'] | undefined
  /** Of the metric mahalanobis; whether it is positive definite is still to be found out. */
  readonly precision?: Precision | undefined
  readonly fields: Definition['fields'] | undefined
  readonly engine: Index['engine'] | undefined
  readonly M: number | undefined
  readonly efConstruction: number | undefined
  readonly codes: Index['codes']
}

/** @throws SkalarError `BAD_OPTION`; of a matrix `BAD_VECTOR`, `DIMENSION_MISMATCH` */
export function parseDefinition(options: unknown): Wanted {
  const known = ['dimension', 'metric', 'fields', 'index'] as const
  const { dimension, metric, fields, index } = checkOptions(options, known, 'options')
  const { engine, M, efConstruction, codes } = checkOptions(index, OF_INDEX, 'options.index')
  return {
    ...parseMetric(metric, integerOption(dimension, 'options.dimension', { min: 1, max: MAX_DIMENSION })),
    fields: parseFields(fields),
    engine: enumOption(engine, 'options.index.engine', ENGINES),
    M: integerOption(M, 'options.index.M', { min: 2, max: 512 }),
    efConstruction: integerOption(efConstruction, 'options.index.efConstruction', { min: 1, max: 4_096 }),
    codes: enumOption(codes, 'options.index.codes', CODES_CHOICES),
  }
}

/** A matrix tells the dimension, too. */
function parseMetric(
  value: unknown,
  dimension: number | undefined,
): Pick<Wanted, 'dimension' | 'metric' | 'precision'> {
  const path = 'options.metric'
  if (typeof value !== 'object' || value === null || isRevoked(value)) {
    return { dimension, metric: metricOption(value, path), precision: undefined }
  }
  const { mahalanobis } = checkOptions(value, ['mahalanobis'], path)
  const side = dimension ?? sideOf(mahalanobis)
  if (side > MAX_SIDE) {
    const message =
      `${path}.mahalanobis is for vectors of at most ${MAX_SIDE} components, not ${side}: ` +
      'give the matrix with each query, or store the vectors transformed, with the metric euclidean'
    throw new SkalarError('BAD_OPTION', message, { path: `${path}.mahalanobis` })
  }
  const precision = copyPrecision(mahalanobis, `${path}.mahalanobis`, side)
  return { dimension: side, metric: 'mahalanobis', precision }
}

/** The definition to create a collection with. @throws SkalarError `NOT_FOUND` without a dimension, `BAD_OPTION` */
export function definitionOf(name: string, wanted: Wanted): Omit<Definition, 'identity'> {
  const { dimension, metric = 'cosine', precision, fields = {}, engine = ENGINES[0] } = wanted
  if (dimension === undefined) {
    const message = `there is no collection '${name}': to create it, give its dimension`
    throw new SkalarError('NOT_FOUND', message)
  }
  refuseUnused(wanted, engine)
  return { dimension, metric, precision, fields, index: indexOf(wanted, engine) }
}

/** Defaults are kept with the collection, so that a later version may have others. */
function indexOf(wanted: Wanted, engine: Index['engine']): Index {
  const { M = DEFAULT_M, efConstruction = DEFAULT_EF_CONSTRUCTION, codes = DEFAULT_CODES } = wanted
  if (engine === 'flat') return { engine }
  return engine === 'hnswlib' ? { engine, M, efConstruction } : { engine, M, efConstruction, codes }
}

/** Of a whole definition. @throws SkalarError `COLLECTION_MISMATCH`; `BAD_OPTION` for an option that its engine has no use for */
export function checkMatches(name: string, definition: Definition, wanted: Wanted): void {
  const { dimension, metric, fields, index } = definition
  const created = { dimension, metric, fields: canonicalFields(fields), codes: DEFAULT_CODES, ...index }
  const asked = { ...wanted, fields: wanted.fields && canonicalFields(wanted.fields) }
  refuseUnused(wanted, wanted.engine ?? index.engine)
  for (const key of ['dimension', 'metric', ...OF_INDEX, 'fields'] as const) {
    if (asked[key] === undefined || asked[key] === created[key]) continue
    throw new SkalarError(
      'COLLECTION_MISMATCH',
      `collection '${name}' was created with ${key} ${created[key]}, not ${asked[key]}: leave the option out to open it as it is`,
      { path: INDEX_KEYS.has(key) ? `options.index.${key}` : `options.${key}` },
    )
  }
  const { precision } = definition
  if (precision === undefined || wanted.precision === undefined) return
  if (sameNumbers(precision.data, wanted.precision.data)) return
  const message = `collection '${name}' was created with another matrix: leave options.metric out to open it as it is`
  throw new SkalarError('COLLECTION_MISMATCH', message, { path: 'options.metric.mahalanobis' })
}

function refuseUnused(wanted: Wanted, engine: Index['engine']): void {
  for (const key of UNUSED[engine]) {
    if (wanted[key] === undefined) continue
    const message = `options.index.${key} is not for engine '${engine}': leave it out, or choose engine 'hnsw'`
    throw new SkalarError('BAD_OPTION', message, { path: `options.index.${key}` })
  }
}

function canonicalFields(fields: Definition['fields']): string {
  return JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))
}
