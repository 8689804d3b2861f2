import { addon, type NativePrecision, type NativeStore, type NativeWhitening, told } from '../native.ts'
import type { Factored } from '../precision-matrix.ts'

/*
 * Matrices of Mahalanobis distances, and images by them, in native memory.
 */

export function createPrecision({ matrix, factor, exponents }: Factored): NativePrecision {
  const { Precision } = addon()
  return told(() => new Precision(matrix, factor, exponents))
}

/** The images of what a store holds, still to be made. */
export function createWhitening(store: NativeStore, precision: NativePrecision): NativeWhitening {
  const { Whitening } = addon()
  return told(() => new Whitening(store, precision))
}
