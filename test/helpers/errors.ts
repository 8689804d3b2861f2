import { expect } from 'vitest'
import { SkalarError, type SkalarErrorCode } from '../../src/index.ts'

/** Where an error happened: exactly what `SkalarError` promises to tell, no more and no less. */
interface Where {
  path?: string
  recordIndex?: number
  id?: string | number
  committed?: number
}

/** What a function throws. */
export function thrownBy(run: () => unknown): unknown {
  let result: unknown
  try {
    result = run()
  } catch (error) {
    return error
  }
  throw new Error(`nothing was thrown, got ${String(result)}`)
}

/** What a promise is rejected with. */
export function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`the promise was not rejected, got ${String(value)}`)
    },
    (error: unknown) => error,
  )
}

/** Checks the code of an error and everything it tells of its place; `where` names all there is. */
export function expectError(error: unknown, code: SkalarErrorCode, where: Where = {}): SkalarError {
  expect(error).toBeInstanceOf(SkalarError)
  const { path, recordIndex, id, committed, ...rest } = error as SkalarError
  expect({ code: rest.code, path, recordIndex, id, committed }).toEqual({ code, ...where })
  expect((error as SkalarError).message.length).toBeGreaterThan(10)
  return error as SkalarError
}

export async function expectRejection(
  promise: Promise<unknown>,
  code: SkalarErrorCode,
  where?: Where,
): Promise<SkalarError> {
  return expectError(await rejectionOf(promise), code, where)
}

export function expectThrow(run: () => unknown, code: SkalarErrorCode, where?: Where): SkalarError {
  return expectError(thrownBy(run), code, where)
}
