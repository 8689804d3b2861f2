import { SkalarError } from '../errors.ts'
import { describe } from '../validate/describe.ts'
import { isPlainObject } from '../validate/plain-object.ts'

/** The steps of a path of metadata. @throws SkalarError `BAD_OPTION` */
export function fieldOption(value: unknown, path: string): string[] {
  const steps = typeof value === 'string' ? value.split('.') : []
  if (steps.length > 0 && !steps.some((step) => step === '' || step.startsWith('$'))) return steps
  const message = `${path} must be a path of metadata such as "rating" or "stats.rating", got ${describe(value)}`
  throw new SkalarError('BAD_OPTION', message, { path })
}

/** What stands at the end of a path, through plain objects; undefined where nothing does. */
export function valueAt(metadata: unknown, steps: readonly string[]): unknown {
  let value = metadata
  for (const step of steps) {
    if (!isPlainObject(value) || !Object.hasOwn(value, step)) return undefined
    value = value[step]
  }
  return value
}
