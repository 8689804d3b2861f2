/** |x|², in float64. In four sums, since each addition waits for the one before. */
export function squaredNorm(vector: Float32Array): number {
  const { length } = vector
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let i = 0
  for (; i + 3 < length; i += 4) {
    a += vector[i]! * vector[i]!
    b += vector[i + 1]! * vector[i + 1]!
    c += vector[i + 2]! * vector[i + 2]!
    d += vector[i + 3]! * vector[i + 3]!
  }
  for (; i < length; i++) a += vector[i]! * vector[i]!
  return a + b + c + d
}
