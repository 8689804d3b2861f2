/**
 * What `take` makes of each item of a caller's array, in order. The array may be a proxy, or change while its items are
 * looked at: its length is asked for once, and each item once. A hole is undefined.
 */
export function mapItems<T>(
  array: readonly unknown[],
  take: (item: unknown, index: number) => T,
  length = array.length,
): T[] {
  const taken: T[] = []
  for (let i = 0; i < length; i++) taken.push(take(array[i], i))
  return taken
}
