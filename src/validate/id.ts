import { SkalarError } from '../errors.ts'
import type { Id } from '../types.ts'
import { describe } from './describe.ts'
import { mapItems } from './items.ts'

const MAX_ID_BYTES = 1024
/** A UTF-16 code unit takes at most three bytes of UTF-8. */
const MAX_BYTES_PER_UNIT = 3

/**
 * Checks a record id and returns it as it is stored: a well-formed string of 1 to 1,024 UTF-8 bytes without NUL, or a
 * safe integer. −0 becomes 0.
 *
 * @throws SkalarError `BAD_ID`
 */
export function validId(id: unknown, path = 'id'): Id {
  if (typeof id === 'string') {
    const short = id.length * MAX_BYTES_PER_UNIT <= MAX_ID_BYTES
    if (id !== '' && short && id.isWellFormed() && !id.includes('\0')) return id
    return validLongId(id, path)
  }
  if (Number.isSafeInteger(id)) return (id as number) + 0
  throw badId(path, `must be a string or a safe integer, got ${describe(id)}${remedy(id)}`)
}

/** The same of an array of ids, copied. Ends at the first that is refused, a hole for example, however many follow. */
export function validIds(ids: readonly unknown[], path = 'ids'): Id[] {
  return mapItems(ids, (id, i) => validId(id, `${path}[${i}]`))
}

function validLongId(id: string, path: string): string {
  if (id === '') throw badId(path, 'is an empty string: give at least one character')
  if (!id.isWellFormed()) {
    throw badId(path, 'holds a lone surrogate, which UTF-8 cannot express: clean it with toWellFormed()')
  }
  if (id.includes('\0')) throw badId(path, 'holds a NUL character: remove or escape it')
  const bytes = Buffer.byteLength(id)
  if (bytes <= MAX_ID_BYTES) return id
  throw badId(
    path,
    `takes ${bytes} bytes of UTF-8, at most ${MAX_ID_BYTES} are allowed: use a shorter id or a hash of it`,
  )
}

function remedy(id: unknown): string {
  if (typeof id === 'number' || typeof id === 'bigint') return ': store it as a string'
  return id === undefined || id === null ? ': every record needs an id' : ''
}

function badId(path: string, problem: string): SkalarError {
  return new SkalarError('BAD_ID', `${path} ${problem}`, { path })
}
