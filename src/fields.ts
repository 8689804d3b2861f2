import { SkalarError } from './errors.ts'
import { enumOption } from './options.ts'
import type { FieldType } from './types.ts'
import { isPlainObject } from './validate/plain-object.ts'

const TYPES = [
  'string',
  'number',
  'boolean',
  'date',
  'string[]',
  'number[]',
  'boolean[]',
  'date[]',
] as const satisfies readonly FieldType[]

/** Checks the `fields` of a collection: metadata paths with their types. @throws SkalarError `BAD_OPTION` */
export function parseFields(fields: unknown): Record<string, FieldType> | undefined {
  if (fields === undefined) return undefined
  if (!isPlainObject(fields)) {
    throw new SkalarError('BAD_OPTION', 'options.fields must be a plain object', { path: 'options.fields' })
  }
  const parsed: Record<string, FieldType> = {}
  for (const [name, type] of Object.entries(fields)) {
    const path = `options.fields.${name}`
    if (name.split('.').some((segment) => segment === '' || segment.startsWith('$'))) {
      throw new SkalarError('BAD_OPTION', `${path} is no path of metadata`, { path })
    }
    const known = enumOption(type, path, TYPES)
    if (known !== undefined) parsed[name] = known
  }
  return parsed
}
