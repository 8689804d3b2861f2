/*
 * Random numbers that are the same, bit for bit, on every machine and engine: nothing but integers, +, −, ×, ÷ and √, all of
 * which ECMAScript defines to the last bit. `Math.log`, whose last bits it leaves open, is not used.
 */

/**
 * xoshiro128** (Blackman & Vigna 2018, arXiv 1805.01407): integers in [0, 2³²). The state comes from splitmix64 (Steele, Lea &
 * Flood 2014), begun at `seed`, as its authors advise: two outputs, the lower half of each first.
 */
export function integers(seed: number): () => number {
  let [a, b, c, d] = stateOf(BigInt(seed))
  return () => {
    const result = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotated(d, 11)
    return result
  }
}

function rotated(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by))
}

function stateOf(seed: bigint): [number, number, number, number] {
  const words: number[] = []
  for (let i = 1n; i <= 2n; i++) {
    let z = BigInt.asUintN(64, seed + i * 0x9e3779b97f4a7c15n)
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n)
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn)
    z ^= z >> 31n
    words.push(Number(BigInt.asIntN(32, z)), Number(BigInt.asIntN(32, z >> 32n)))
  }
  return words as [number, number, number, number]
}

/** Standard normal numbers, by Marsaglia's polar method (1964): Box and Muller's without sine and cosine. */
export function normals(seed: number): () => number {
  const integer = integers(seed)
  /** Uniform in [−1, 1), in steps of 2⁻⁵². */
  const uniform = () => ((integer() >>> 5) * 2 ** 26 + (integer() >>> 6)) * 2 ** -52 - 1
  let spare: number | undefined
  return () => {
    if (spare !== undefined) {
      const value = spare
      spare = undefined
      return value
    }
    for (;;) {
      const u = uniform()
      const v = uniform()
      const square = u * u + v * v
      if (square >= 1 || square === 0) continue
      const scale = Math.sqrt((-2 * logarithm(square)) / square)
      spare = v * scale
      return u * scale
    }
  }
}

/**
 * ln x of a positive normal number, to a few units in the last place: x = m · 2ᵉ with m in [√½, √2), and
 * ln m = 2 artanh((m − 1) / (m + 1)) by its series.
 */
export function logarithm(x: number): number {
  let m = x
  let e = 0
  for (; m < Math.SQRT1_2; m *= 2) e--
  for (; m >= Math.SQRT2; m /= 2) e++
  const t = (m - 1) / (m + 1)
  const square = t * t
  let sum = t
  let power = t
  for (let n = 3; ; n += 2) {
    power *= square
    const next = sum + power / n
    if (next === sum) return e * Math.LN2 + 2 * sum
    sum = next
  }
}
