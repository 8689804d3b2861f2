/** Native code reads vectors by so many components at a time (`native/simd/kernels.h`). */
export const LANES = 16

/** Components up to whole lanes. */
export function padded(components: number): number {
  return Math.ceil(components / LANES) * LANES
}
