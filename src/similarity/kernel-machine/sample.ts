/*
 * Which examples a machine is trained on, and in which fold each is. All of it is drawn by a seed, label by label.
 */

/**
 * How many of each label's examples are taken, `most` in all where there are more: in proportion, but of none fewer than `least` or
 * all it has. Requires: labels · least ≤ most.
 */
export function quotas(counts: readonly number[], most: number, least: number): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total <= most) return [...counts]
  const quota = counts.map((count) => Math.min(count, Math.max(least, Math.floor((count * most) / total))))
  let left = most - quota.reduce((sum, each) => sum + each, 0)
  // What minima have taken too much, the largest give; what rounding has left, those get that have lost most.
  while (left < 0) {
    quota[placeOfLargest(quota)]!--
    left++
  }
  while (left > 0) {
    quota[
      placeOfLargest(
        counts.map((count, i) => Math.min(count - quota[i]!, (count * most) / total - quota[i]!)),
      )
    ]!++
    left--
  }
  return quota
}

function placeOfLargest(numbers: readonly number[]): number {
  return numbers.indexOf(Math.max(...numbers))
}

/**
 * So many items, in random order (Fisher and Yates); those that are given change places. `random` yields integers in [0, 2³²).
 * Takes time for what is drawn, not for what there is. Requires: count ≤ items.length.
 */
export function draw<T>(items: T[], count: number, random: () => number): T[] {
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor((random() / 2 ** 32) * (items.length - i))
    const item = items[i]!
    items[i] = items[j]!
    items[j] = item
  }
  return items.slice(0, count)
}

/**
 * The fold of each example: folds of equal size, over which each class is spread evenly. So each has an example of every class that
 * has as many as there are folds.
 */
export function foldsOf(classes: Int32Array, folds: number): Int32Array<ArrayBuffer> {
  const order = Uint32Array.from(classes.keys()).sort((a, b) => classes[a]! - classes[b]! || a - b)
  const result = new Int32Array(classes.length)
  order.forEach((example, place) => {
    result[example] = place % folds
  })
  return result
}
