import { isArray, isRevoked } from './built-in.ts'

export type AnyIterable = Iterable<unknown> | AsyncIterable<unknown>

/** Whether items come one by one. Arrays are iterable too, but are taken as a whole; typed arrays yield none. */
export function isStream(input: unknown): input is AnyIterable {
  if (typeof input !== 'object' || input === null || isRevoked(input)) return false
  if (isArray(input) || ArrayBuffer.isView(input)) return false
  const { [Symbol.asyncIterator]: asynchronous, [Symbol.iterator]: synchronous } = input as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >
  return typeof (asynchronous ?? synchronous) === 'function'
}
