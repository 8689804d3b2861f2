import { types } from 'node:util'
import { Precision, sameNumbers } from '../engine/precisions.ts'
import { SkalarError } from '../errors.ts'
import { firstBadRow } from '../native/matrices.ts'
import { checkRow, uncheckedMatrix } from '../similarity/operand.ts'
import type { Definition } from '../store/catalogue.ts'
import { isArray, lengthOfView } from '../validate/built-in.ts'

/** The last one of each collection: most queries have the matrix of the one before, which then is compared rather than copied. */
const last = new WeakMap<Definition, Precision>()

/**
 * The matrix of a Mahalanobis distance, copied. Whether it is symmetric and positive definite takes too long to be found out at once:
 * `Precisions.check` does.
 *
 * @throws SkalarError `BAD_VECTOR` for what is no matrix of finite numbers, `DIMENSION_MISMATCH` where it is not dimension × dimension
 */
export function parsePrecision(value: unknown, path: string, definition: Definition): Precision {
  const known = last.get(definition)
  if (known !== undefined && isThat(value, known)) {
    const same = new Precision(known.data, known.dimension, path)
    same.factors = known.factors
    return same
  }
  const { dimension } = definition
  const matrix = uncheckedMatrix<Float64Array<ArrayBuffer>>(value, dimension, path, Float64Array)
  const bad = firstBadRow(matrix.data, dimension, false)
  if (bad < matrix.rows) checkRow(matrix, bad, value, path)
  if (matrix.rows !== dimension) {
    const message = `${path} has ${matrix.rows} rows, but vectors have ${dimension} components: pass a matrix of ${dimension} × ${dimension}`
    throw new SkalarError('DIMENSION_MISMATCH', message, { path })
  }
  const precision = new Precision(matrix.data, dimension, path)
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
