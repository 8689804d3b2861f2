import { describe, expect, it } from 'vitest'
import { cosine, dot, norm } from '../../src/similarity/index.ts'
import { fitsFloat32, matrixOperand } from '../../src/similarity/operand.ts'
import { expectThrow } from '../helpers/errors.ts'

describe('vectors', () => {
  it('may be of any numeric type, and two of different ones', () => {
    const vectors = [
      [3, 4],
      Float32Array.of(3, 4),
      Float64Array.of(3, 4),
      Int8Array.of(3, 4),
      Uint8Array.of(3, 4),
      Uint8ClampedArray.of(3, 4),
      Int16Array.of(3, 4),
      Uint16Array.of(3, 4),
      Int32Array.of(3, 4),
      Uint32Array.of(3, 4),
    ]
    for (const a of vectors) for (const b of vectors) expect(dot(a, b)).toBe(25)
  })

  it('are refused when they are no vectors of finite numbers', () => {
    const bad: [unknown, string][] = [
      [undefined, 'a'],
      ['12', 'a'],
      [{ 0: 1, length: 1 }, 'a'],
      [Buffer.of(1, 2), 'a'],
      [BigInt64Array.of(1n), 'a'],
      [[], 'a'],
      [new Float32Array(0), 'a'],
      [[1, NaN], 'a[1]'],
      [[Infinity, 1], 'a[0]'],
      [Float32Array.of(1, -Infinity), 'a[1]'],
      [[1, '2'], 'a[1]'],
      [[[1, 2]], 'a[0]'],
      [new Array(2 ** 32 - 1), `a[${2 ** 32 - 2}]`],
    ]
    for (const [vector, path] of bad) expectThrow(() => norm(vector as never), 'BAD_VECTOR', { path })
  })

  it('must be of one length', () => {
    const error = expectThrow(() => cosine([1, 2], [1, 2, 3]), 'DIMENSION_MISMATCH', { path: 'b' })
    expect(error.message).toMatch(/b has 3 elements, but a has 2/)
  })

  it('are read once, whatever they do meanwhile', () => {
    let length = 0
    const growing = new Proxy([1, 2], {
      get: (target, key) => (key === 'length' ? 2 + length++ : Reflect.get(target, key)),
    })
    expect(dot(growing, [3, 4])).toBe(11)
  })
})

describe('matrices', () => {
  it('are arrays of rows, or rows one behind the other', () => {
    const matrix = { data: Float64Array.of(1, 2, 3, 4, 5, 6), rows: 2, columns: 3 }
    expect(
      matrixOperand(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        undefined,
        'A',
      ),
    ).toEqual(matrix)
    expect(matrixOperand([Int8Array.of(1, 2, 3), [4, 5, 6]], 3, 'A')).toEqual(matrix)
    expect(matrixOperand([1, 2, 3, 4, 5, 6], 3, 'A')).toEqual(matrix)
    expect(matrixOperand(Float32Array.of(1, 2, 3, 4, 5, 6), 3, 'A')).toEqual(matrix)
    expect(matrixOperand(Float32Array.of(1, 2), 1, 'A', Float32Array).data).toEqual(Float32Array.of(1, 2))
  })

  it('are refused when rows do not fit', () => {
    expectThrow(() => matrixOperand([[1, 2], [3]], undefined, 'A'), 'DIMENSION_MISMATCH', { path: 'A[1]' })
    expectThrow(() => matrixOperand([[1, 2]], 3, 'A'), 'DIMENSION_MISMATCH', { path: 'A[0]' })
    expectThrow(() => matrixOperand([1, 2, 3], 2, 'A'), 'DIMENSION_MISMATCH', { path: 'A' })
    expectThrow(() => matrixOperand(Float32Array.of(1, 2), undefined, 'A'), 'BAD_OPTION', {
      path: 'options.columns',
    })
    expectThrow(() => matrixOperand([], 2, 'A'), 'BAD_VECTOR', { path: 'A' })
    expectThrow(() => matrixOperand([[]], undefined, 'A'), 'BAD_VECTOR', { path: 'A[0]' })
    expectThrow(() => matrixOperand([[1], [NaN]], undefined, 'A'), 'BAD_VECTOR', { path: 'A[1][0]' })
    expectThrow(() => matrixOperand([[1], 2], undefined, 'A'), 'BAD_VECTOR', { path: 'A[1]' })
    expectThrow(() => matrixOperand('rows', 2, 'A'), 'BAD_VECTOR', { path: 'A' })
    const beyond = expectThrow(() => matrixOperand([[1e39]], undefined, 'A', Float32Array), 'BAD_VECTOR', {
      path: 'A[0][0]',
    })
    expect(beyond.message).toMatch(/1e\+39, beyond the range of float32/)
  })

  it('fit float32 when their type does', () => {
    expect(fitsFloat32(Float32Array.of(1))).toBe(true)
    expect(fitsFloat32([Float32Array.of(1), Uint8Array.of(1)])).toBe(true)
    expect(fitsFloat32([Float32Array.of(1), [1]])).toBe(false)
    expect(fitsFloat32([1, 2])).toBe(false)
    expect(fitsFloat32(Int32Array.of(1))).toBe(false)
    expect(fitsFloat32([])).toBe(false)
  })
})
