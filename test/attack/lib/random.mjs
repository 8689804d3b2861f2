/**
 * Numbers that follow from a seed, so that a round can be repeated: the 32 bits of a Weyl sequence, mixed.
 *
 * @param {number} seed
 */
export function randomFrom(seed) {
  let state = seed | 0
  const next = () => {
    state = (state + 0x9e3779b9) | 0
    let bits = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32
  }
  const below = (n) => Math.floor(next() * n)
  return {
    seed,
    /** In [0, 1). */
    next,
    /** An integer in [0, n). */
    below,
    /** An integer from least to greatest, both included. */
    between: (least, greatest) => least + below(greatest - least + 1),
    chance: (probability) => next() < probability,
    pick: (list) => list[below(list.length)],
    /** Some of a list, each once. */
    some(list, count) {
      const left = [...list]
      return Array.from({ length: Math.min(count, left.length) }, () => left.splice(below(left.length), 1)[0])
    },
  }
}

/** A number that depends on every one of the texts and numbers given. */
export function hashOf(...parts) {
  let hash = 0x811c9dc5
  for (const character of parts.join('\n')) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193)
  return hash >>> 0
}
