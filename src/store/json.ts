import { SkalarError } from '../errors.ts'
import type { Codec } from './table.ts'

/** Values as JSON. */
export const json: Codec<unknown> = {
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode(bytes, size) {
    try {
      return JSON.parse(bytes.toString('utf8', 0, size))
    } catch (cause) {
      throw new SkalarError(
        'CORRUPTED',
        'the catalogue of the database holds an entry that is no JSON: restore the database from a backup',
        { cause },
      )
    }
  },
}
