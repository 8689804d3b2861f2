import { describe, expectTypeOf, it } from 'vitest'
import { dense, type Transform } from '../../src/index.ts'

declare const transform: Transform
type Vector = Float32Array<ArrayBuffer>

describe('the types of transforms', () => {
  it('tell one vector from several', () => {
    expectTypeOf(transform.apply([1, 2])).toEqualTypeOf<Vector>()
    expectTypeOf(transform.apply(new Float64Array(2))).toEqualTypeOf<Vector>()
    expectTypeOf(transform.apply([[1, 2]])).toEqualTypeOf<Vector[]>()
    expectTypeOf(transform.apply([new Float32Array(2), [1, 2]])).toEqualTypeOf<Vector[]>()
    expectTypeOf(transform.toBytes()).toEqualTypeOf<Uint8Array<ArrayBuffer>>()
  })

  it('refuse a Buffer, which holds bytes, and activations that there are not', () => {
    // @ts-expect-error
    transform.apply(Buffer.alloc(2))
    // @ts-expect-error
    dense([{ weights: [[1]], activation: 'sigmoid' }])
    // @ts-expect-error
    dense([{ bias: [1] }])
  })
})
