/*
 * A second embedding space, which has nothing in common with that of a sentence encoder: it knows how words are spelled, and nothing of what
 * they mean. A text is a sum over its words and over the stretches of two and three characters in them, each a few random components,
 * weighted by how rare it is.
 */

/** Components of a vector. */
export const dimension = 256

const lengths = [2, 3]
const componentsOfEach = 4

/** Makes the embedding of texts like these: how rare a stretch is, is counted in them. */
export function gramsOf(texts) {
  const counts = new Map()
  for (const text of texts) {
    for (const gram of new Set(split(text))) counts.set(gram, (counts.get(gram) ?? 0) + 1)
  }
  /** The vector of a text. */
  return (text) => {
    const vector = new Float32Array(dimension)
    for (const gram of split(text)) {
      const weight = Math.log(texts.length / (counts.get(gram) ?? 1))
      for (let i = 0; i < componentsOfEach; i++) {
        const bits = hash(`${i}${gram}`)
        vector[bits % dimension] += bits & 0x10000 ? weight : -weight
      }
    }
    return vector
  }
}

/** `film` is ^film$, ^f, fi, il, lm, m$, ^fi, fil, ilm, lm$. */
function split(text) {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return words.flatMap((word) => {
    const whole = `^${word}$`
    const parts = lengths.flatMap((length) =>
      Array.from({ length: whole.length - length + 1 }, (_, i) => whole.slice(i, i + length)),
    )
    return [whole, ...parts]
  })
}

/** 32 bits of a text (FNV-1a, and mixed). */
function hash(text) {
  let bits = 2_166_136_261
  for (const byte of Buffer.from(text)) bits = Math.imul(bits ^ byte, 16_777_619)
  bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b_3c6d)
  return (bits ^ (bits >>> 12)) >>> 0
}
