import { SkalarError } from '../errors.ts'
import { Precision } from '../precision-matrix.ts'
import { describe } from '../validate/describe.ts'
import { type Definition, definitionEntry, numberEntry } from './entries.ts'
import type { Environment } from './environment.ts'
import { putMatrix, readMatrix, removeMatrix } from './matrix-rows.ts'
import { emptyState, encodeState } from './rows.ts'
import { readState } from './state.ts'

export type { Definition } from './entries.ts'

const COLLECTION = 'collection:'
const PURGE = 'purge:'

/** All keys that begin with a prefix, which ends with a colon: the semicolon is the next character. */
function keysWith(prefix: string): { start: string; end: string } {
  return { start: prefix, end: `${prefix.slice(0, -1)};` }
}

/** LMDB keys are bounded, and ids share the bound. */
const NAME_BYTES = 255

/** @throws SkalarError `BAD_OPTION` */
export function validName(name: unknown): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  const bad = typeof name !== 'string' || name === '' || /[\u0000-\u001f\u007f]/.test(name)
  if (bad || Buffer.byteLength(name) > NAME_BYTES || name.toWellFormed() !== name) {
    const rule = `a collection's name is a string of 1 to ${NAME_BYTES} UTF-8 bytes without control characters`
    throw new SkalarError('BAD_OPTION', `${rule}, got ${describe(name)}`, { path: 'name' })
  }
  return name
}

/** What the catalogue's entry tells of a collection. @throws SkalarError `CORRUPTED` */
export function findDefinition(
  environment: Pick<Environment, 'catalogue'>,
  name: string,
): Definition | undefined {
  const entry = environment.catalogue.get(COLLECTION + name)
  return entry === undefined ? undefined : definitionEntry(entry, name)
}

/** The whole of a definition that was just found: with its matrix, if it has one. @throws SkalarError `CORRUPTED` */
export function withMatrix(environment: Environment, name: string, definition: Definition): Definition {
  const { identity, dimension, metric } = definition
  if (metric !== 'mahalanobis') return definition
  const data = readMatrix(environment, identity, dimension, name)
  return { ...definition, precision: new Precision(data, dimension, `the metric of collection '${name}'`) }
}

export function listNames(environment: Environment): string[] {
  return environment.catalogue.getKeys(keysWith(COLLECTION)).map((key) => key.slice(COLLECTION.length))
}

/** In a write transaction: creates the collection unless another process has, and returns what it is now. */
export function createCollection(
  environment: Environment,
  name: string,
  definition: Omit<Definition, 'identity'>,
): Definition {
  const existing = findDefinition(environment, name)
  if (existing !== undefined) return withMatrix(environment, name, existing)
  const { precision, ...entry } = definition
  const created = { identity: nextNumber(environment), ...entry }
  environment.state.putSync([created.identity, 0, 0], encodeState(emptyState(created.identity)))
  environment.catalogue.putSync(COLLECTION + name, created)
  if (precision !== undefined) putMatrix(environment, created.identity, precision.data)
  return { ...created, precision }
}

/** In a write transaction: forgets the collection; its rows are left to `purge`. False when there is none. */
export function dropCollection(environment: Environment, name: string): boolean {
  const definition = findDefinition(environment, name)
  if (definition === undefined) return false
  const { number } = readState(environment, definition.identity, name)
  environment.catalogue.removeSync(COLLECTION + name)
  environment.state.removeSync([definition.identity, 0, 0])
  if (definition.metric === 'mahalanobis') {
    removeMatrix(environment, definition.identity, definition.dimension)
  }
  environment.catalogue.putSync(PURGE + number, true)
  return true
}

/**
 * In a write transaction: empties the collection in constant time, by moving it to a fresh number. Its rows are left to
 * `purge`. Log positions go on, so that no version is ever used twice. Returns how many records there were.
 */
export function clearCollection(environment: Environment, identity: number, name: string): number {
  const state = readState(environment, identity, name)
  const position = state.position + 1
  const cleared = { ...emptyState(nextNumber(environment)), position, firstPosition: position + 1 }
  environment.state.putSync([identity, 0, 0], encodeState(cleared))
  environment.catalogue.putSync(PURGE + state.number, true)
  return state.live
}

/** The numbers whose rows nobody needs any more. */
export function numbersToPurge(environment: Environment): number[] {
  return environment.catalogue
    .getKeys(keysWith(PURGE))
    .map((key) => numberEntry(Number(key.slice(PURGE.length)), 'rows to remove'))
}

/** In a write transaction: the rows of a number are gone. */
export function markPurged(environment: Environment, number: number): void {
  environment.catalogue.removeSync(PURGE + number)
}

function nextNumber(environment: Environment): number {
  const number = numberEntry(environment.catalogue.get('next') ?? 1, "the next collection's number")
  environment.catalogue.putSync('next', number + 1)
  return number
}
