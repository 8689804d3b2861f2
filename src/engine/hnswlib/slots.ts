/*
 * Sets of slots as arrays in ascending order, no slot twice.
 */

export function hasSlot(slots: Uint32Array, slot: number): boolean {
  let low = 0
  let high = slots.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (slots[middle]! < slot) low = middle + 1
    else high = middle
  }
  return slots[low] === slot
}

export function union(a: Uint32Array, b: Uint32Array): Uint32Array {
  if (b.length === 0) return a
  const merged = new Uint32Array(a.length + b.length)
  let count = 0
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const slot = Math.min(a[i] ?? Infinity, b[j] ?? Infinity)
    if (a[i] === slot) i++
    if (b[j] === slot) j++
    merged[count++] = slot
  }
  return merged.subarray(0, count)
}
