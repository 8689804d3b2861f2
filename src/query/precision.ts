import { types } from 'node:util'
import { copyPrecision } from '../engine/precision.ts'
import { Precision, sameNumbers } from '../precision-matrix.ts'
import type { Definition } from '../store/catalogue.ts'
import { isArray, lengthOfView } from '../validate/built-in.ts'

/** The last one of each collection: most queries have the matrix of the one before, which then is compared rather than copied. */
const last = new WeakMap<Definition, Precision>()

/** The matrix of a Mahalanobis distance, copied; that of the collection's own metric where it is the same. Throws as `copyPrecision`. */
export function parsePrecision(value: unknown, path: string, definition: Definition): Precision {
  const own = definition.precision
  if (own !== undefined && isThat(value, own)) return own
  const known = last.get(definition)
  if (known !== undefined && isThat(value, known)) {
    const same = new Precision(known.data, known.dimension, path)
    same.factors = known.factors
    return same
  }
  const precision = copyPrecision(value, path, definition.dimension)
  if (own !== undefined && sameNumbers(precision.data, own.data)) return own
  last.set(definition, precision)
  return precision
}

/** Whether it surely is the matrix that is known; where false, it may be all the same. */
function isThat(value: unknown, { data, dimension }: Precision): boolean {
  if (types.isFloat64Array(value)) {
    const { length } = data
    return (
      lengthOfView(value) === length && !types.isSharedArrayBuffer(value.buffer) && sameNumbers(value, data)
    )
  }
  if (!isArray(value) || value.length !== dimension) return false
  for (let i = 0; i < dimension; i++) if (!isRow(value[i], data, i * dimension, dimension)) return false
  return true
}

function isRow(row: unknown, data: Float64Array, begin: number, dimension: number): boolean {
  const numbers = isArray(row) || types.isFloat64Array(row) || types.isFloat32Array(row)
  if (!numbers || row.length !== dimension) return false
  for (let i = 0; i < dimension; i++) if (row[i] !== data[begin + i]) return false
  return true
}
