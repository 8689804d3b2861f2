/** Uniform numbers in [0, 1), the same for the same seed: 32 bits of a Weyl sequence, mixed. */
export function generator(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let bits = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32
  }
}

/** A normally distributed number (Box and Muller). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

export function randomVector(random: () => number, dimension: number, scale = 1): Float32Array {
  return Float32Array.from({ length: dimension }, () => scale * normal(random))
}

export function randomVectors(random: () => number, count: number, dimension: number): Float32Array[] {
  return Array.from({ length: count }, () => randomVector(random, dimension))
}

/** Vectors close around a few centres. */
export function clusteredVectors(random: () => number, count: number, dimension: number): Float32Array[] {
  const centres = randomVectors(random, 12, dimension)
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(random() * centres.length)]!
    return centre.map((component) => component + 0.01 * normal(random))
  })
}

/** Few distinct vectors, each many times, some of them doubled in length. */
export function repeatedVectors(random: () => number, count: number, dimension: number): Float32Array[] {
  const distinct = randomVectors(random, 12, dimension)
  return Array.from({ length: count }, () => {
    const scale = random() < 0.25 ? 2 : 1
    return distinct[Math.floor(random() * distinct.length)]!.map((component) => scale * component)
  })
}
