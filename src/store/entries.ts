import { SkalarError } from '../errors.ts'
import type { Generation } from '../generation.ts'
import type { Precision } from '../precision-matrix.ts'
import type { CodesName, CollectionMetricName, EngineName, FieldType } from '../types.ts'
import { isPlainObject } from '../validate/plain-object.ts'

/*
 * Entries of the catalogue, checked before anybody relies on what they hold: a damaged page may still be JSON.
 */

/** What a collection was created with, as it stands in the catalogue under `collection:<name>`. */
export interface Definition {
  /** The number the collection was created with; never used again, not even after a drop. */
  readonly identity: number
  readonly dimension: number
  readonly metric: CollectionMetricName
  /** The matrix of the metric mahalanobis; in rows of its own (`matrix-rows.ts`), so that the entry itself lacks it. */
  readonly precision?: Precision | undefined
  readonly fields: Readonly<Record<string, FieldType>>
  readonly index: {
    readonly engine: EngineName
    readonly M?: number | undefined
    readonly efConstruction?: number | undefined
    readonly codes?: CodesName | 'auto' | undefined
  }
}

const METRICS: readonly CollectionMetricName[] = ['cosine', 'dot', 'euclidean', 'mahalanobis']
const ENGINES: readonly EngineName[] = ['hnsw', 'hnswlib', 'flat']
const CODES: readonly (CodesName | 'auto')[] = ['auto', 'float32', 'int8', 'int4']
const LARGEST_DIMENSION = 65_535
const LARGEST_NUMBER = 2 ** 32 - 1

/** @throws SkalarError `CORRUPTED` */
export function definitionEntry(value: unknown, name: string): Definition {
  if (isDefinition(value)) return value
  throw corruptedEntry(`collection '${name}'`)
}

/** The number of a collection's rows. @throws SkalarError `CORRUPTED` */
export function numberEntry(value: unknown, name: string): number {
  if (isInteger(value, 1, LARGEST_NUMBER)) return value
  throw corruptedEntry(name)
}

/** Undefined for an entry that names no index: indexes are built again, so nothing is lost. */
export function generationEntry(value: unknown): Generation | undefined {
  return isGeneration(value) ? value : undefined
}

function isDefinition(value: unknown): value is Definition {
  if (!isPlainObject(value)) return false
  const { identity, dimension, metric, fields, index } = value
  return (
    isInteger(identity, 1, LARGEST_NUMBER) &&
    isInteger(dimension, 1, LARGEST_DIMENSION) &&
    METRICS.includes(metric as CollectionMetricName) &&
    isPlainObject(fields) &&
    isIndex(index)
  )
}

function isIndex(value: unknown): boolean {
  if (!isPlainObject(value)) return false
  const { engine, M, efConstruction, codes } = value
  return (
    ENGINES.includes(engine as EngineName) &&
    (M === undefined || isInteger(M, 1, LARGEST_NUMBER)) &&
    (efConstruction === undefined || isInteger(efConstruction, 1, LARGEST_NUMBER)) &&
    (codes === undefined || CODES.includes(codes as CodesName))
  )
}

function isGeneration(value: unknown): value is Generation {
  if (!isPlainObject(value)) return false
  const { kind, name, crc, position } = value
  // The name becomes that of a file.
  return (
    typeof kind === 'string' &&
    typeof name === 'string' &&
    /^[0-9a-f]{16}$/.test(name) &&
    isInteger(crc, 0, LARGEST_NUMBER) &&
    isInteger(position, 0, Number.MAX_SAFE_INTEGER)
  )
}

function isInteger(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
}

function corruptedEntry(entry: string): SkalarError {
  const message = `the catalogue's entry of ${entry} is damaged: restore the database from a backup`
  return new SkalarError('CORRUPTED', message)
}
