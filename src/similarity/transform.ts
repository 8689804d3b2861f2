import { SkalarError } from '../errors.ts'
import type { VectorInput } from '../types.ts'
import { isArray } from '../validate/built-in.ts'
import { applyLayers, type Layer, outputsOf } from './layers.ts'
import { type Matrix, matrixOperand } from './operand.ts'
import { decodeTransform, encodeTransform, type Parts, type TransformKind } from './transform-bytes.ts'

export type { TransformKind } from './transform-bytes.ts'

/**
 * A fixed map from vectors to vectors: what is done to them before they are compared by dot product or cosine. Made by
 * `randomFourierFeatures`, `dense`, `align` and `transformFromBytes`; it never changes.
 */
export interface Transform {
  /** The function that made it. */
  readonly kind: TransformKind
  /** Components of a vector that it takes. */
  readonly inputDimension: number
  /** Components of a vector that it gives. */
  readonly outputDimension: number

  /**
   * What becomes of a vector, as a new Float32Array of `outputDimension` numbers. Several vectors may lie one behind the
   * other in a typed array or array of numbers; then so do the results. Sums are float64, weights and results float32.
   * Synchronous, a multiplication for each weight: 0.25 ms for a vector and 512 × 512 weights. Pass large sets in parts where
   * the event loop must stay free.
   *
   * @throws SkalarError `BAD_VECTOR` for what is no vector of finite numbers, and where a result is beyond the range of float32;
   * `DIMENSION_MISMATCH` for any other length than (whole multiples of) `inputDimension`
   */
  apply(vector: VectorInput): Float32Array<ArrayBuffer>
  /** The same of each vector of an array; an array of new Float32Arrays, in the same order. `[]` for `[]`. */
  apply(vectors: readonly VectorInput[]): Float32Array<ArrayBuffer>[]

  /**
   * All there is of it, under a checksum (docs/format.md), for `transformFromBytes`. The weights are in it, bit for bit: the
   * transform that is made of it gives the same results on any machine, to the last bit where it has no more than sums and
   * `relu`; `tanh`, `exp`, `cos` and `sin` are those of the JavaScript engine, which may differ in the last bits of a
   * float64, so that now and then a float32 is rounded the other way.
   */
  toBytes(): Uint8Array<ArrayBuffer>
}

/**
 * The transform that `toBytes` was called of. The bytes are copied.
 *
 * @throws SkalarError `CORRUPTED` for bytes that are damaged, cut off or of something else, `UNSUPPORTED_VERSION`, `BAD_OPTION`
 * for what is no Uint8Array
 */
export function transformFromBytes(bytes: Uint8Array): Transform {
  return new LayeredTransform(decodeTransform(bytes))
}

/** The transform of layers that are the caller's no longer. There is one at least, and each takes what the last one gives. */
export function transformOf(kind: TransformKind, layers: readonly Layer[]): Transform {
  return new LayeredTransform({ kind, layers })
}

/** Whether a value is a transform that one of the functions here has made: such a one never changes. */
export function isTransform(value: unknown): value is Transform {
  return LayeredTransform.made(value)
}

class LayeredTransform implements Transform {
  readonly kind: TransformKind
  readonly inputDimension: number
  readonly outputDimension: number
  readonly #layers: readonly Layer[]

  constructor({ kind, layers }: Parts) {
    this.kind = kind
    this.inputDimension = layers[0]!.inputs
    this.outputDimension = outputsOf(layers.at(-1)!)
    this.#layers = layers
  }

  /** Unlike instanceof, it runs no code of a Proxy. */
  static made(value: unknown): value is LayeredTransform {
    return typeof value === 'object' && value !== null && #layers in value
  }

  apply(vector: VectorInput): Float32Array<ArrayBuffer>
  apply(vectors: readonly VectorInput[]): Float32Array<ArrayBuffer>[]
  apply(
    given: VectorInput | readonly VectorInput[],
  ): Float32Array<ArrayBuffer> | Float32Array<ArrayBuffer>[] {
    if (!isArray(given) || typeof given[0] === 'number') return this.#applyFlat(given)
    if (given.length === 0) return []
    const matrix = matrixOperand(given, this.inputDimension, 'vectors')
    return Array.from({ length: matrix.rows }, (_, i) => {
      const result = new Float32Array(this.outputDimension)
      this.#put(matrix, i, result, 0, `vectors[${i}]`)
      return result
    })
  }

  #applyFlat(given: unknown): Float32Array<ArrayBuffer> {
    const matrix = matrixOperand(given, this.inputDimension, 'vector')
    const results = new Float32Array(matrix.rows * this.outputDimension)
    for (let i = 0; i < matrix.rows; i++) this.#put(matrix, i, results, i * this.outputDimension, 'vector')
    return results
  }

  /** Puts what becomes of row `i` into `target`. */
  #put({ data, columns }: Matrix, i: number, target: Float32Array, offset: number, path: string): void {
    target.set(applyLayers(this.#layers, data.subarray(i * columns, (i + 1) * columns)), offset)
    for (let j = 0; j < this.outputDimension; j++) {
      if (!Number.isFinite(target[offset + j])) throw tooLarge(path, j)
    }
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return encodeTransform({ kind: this.kind, layers: this.#layers })
  }
}

function tooLarge(path: string, component: number): SkalarError {
  const message = `what becomes of ${path} is beyond the range of float32 in component ${component}: scale the vector, or the weights, down`
  return new SkalarError('BAD_VECTOR', message, { path })
}
