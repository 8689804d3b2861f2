import { types } from 'node:util'
import { SkalarError } from '../errors.ts'
import { firstBadRow } from '../native/matrices.ts'
import { Precision } from '../precision-matrix.ts'
import { checkRow, uncheckedMatrix } from '../similarity/operand.ts'
import { factorInSteps } from '../similarity/precision.ts'
import { nextTurn, SLICE_MS } from '../turns.ts'
import { isArray, lengthOfView } from '../validate/built-in.ts'

/**
 * The matrix of a Mahalanobis distance, copied. Whether it is symmetric and positive definite takes too long to be found out at once:
 * `factorInTurns` does.
 *
 * @throws SkalarError `BAD_VECTOR` for what is no matrix of finite numbers, `DIMENSION_MISMATCH` where it is not dimension × dimension
 */
export function copyPrecision(value: unknown, path: string, dimension: number): Precision {
  const matrix = uncheckedMatrix<Float64Array<ArrayBuffer>>(value, dimension, path, Float64Array)
  const bad = firstBadRow(matrix.data, dimension, false)
  if (bad < matrix.rows) checkRow(matrix, bad, value, path)
  if (matrix.rows !== dimension) {
    const message = `${path} has ${matrix.rows} rows, but vectors have ${dimension} components: pass a matrix of ${dimension} × ${dimension}`
    throw new SkalarError('DIMENSION_MISMATCH', message, { path })
  }
  return new Precision(matrix.data, dimension, path)
}

/** How many rows a square matrix has, as far as can be told before it is checked; at least 1. */
export function sideOf(value: unknown): number {
  if (isArray(value) && typeof value[0] !== 'number') return Math.max(1, value.length)
  const length = isArray(value) ? value.length : types.isTypedArray(value) ? lengthOfView(value) : 0
  return Math.max(1, Math.round(Math.sqrt(length)))
}

/**
 * Sees to it that a matrix has its factors, in slices. `check` throws to end it.
 *
 * @throws SkalarError `BAD_OPTION` when it is not symmetric and positive definite
 */
export async function factorInTurns(precision: Precision, check: () => void): Promise<void> {
  if (precision.factors !== undefined) return
  const steps = factorInSteps(precision.data, precision.dimension, precision.path)
  for (;;) {
    const end = performance.now() + SLICE_MS
    while (performance.now() < end) {
      const { done, value } = steps.next()
      if (!done) continue
      precision.factors = value
      return
    }
    await nextTurn()
    check()
  }
}
