import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nonFinite, validId, validMetadata, writeVector } from '../src/validate.ts'

type Details = { code: string; path: string; message?: string }

function refusal(run: () => unknown): Details {
  try {
    run()
  } catch (error) {
    return error as Details
  }
  throw new Error('nothing was thrown')
}

describe('an id', () => {
  it('may be any safe integer', () => {
    for (const id of [0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])
      expect(validId(id)).toBe(id)
  })

  it('is 0 when it is −0', () => {
    expect(validId(-0)).toBe(0)
  })

  it('may be any well-formed string of up to 1,024 bytes of UTF-8', () => {
    for (const id of [
      'a',
      '1',
      ' ',
      'ü',
      '🍏',
      'a'.repeat(1024),
      'é'.repeat(512),
      '€'.repeat(341),
      '🍏'.repeat(256),
    ]) {
      expect(validId(id)).toBe(id)
    }
  })

  it('is refused beyond 1,024 bytes, with its size', () => {
    for (const [id, bytes] of [
      ['a'.repeat(1025), 1025],
      [`${'€'.repeat(341)}éé`, 1027],
    ] as const) {
      expect(() => validId(id)).toThrow(
        expect.objectContaining({ code: 'BAD_ID', message: expect.stringContaining(`${bytes} bytes`) }),
      )
    }
  })

  it('is judged by its bytes, not by its length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 300, maxLength: 1200 }), (id) => {
        fc.pre(!id.includes('\0'))
        if (Buffer.byteLength(id) <= 1024) expect(validId(id)).toBe(id)
        else expect(refusal(() => validId(id)).code).toBe('BAD_ID')
      }),
    )
  })

  it.each([
    ['empty', '', 'empty string'],
    ['with NUL', 'a\0b', 'NUL'],
    ['with NUL and long', `${'a'.repeat(400)}\0`, 'NUL'],
    ['with a lone surrogate', 'a\uD800', 'lone surrogate'],
    ['with a lone surrogate and long', `${'a'.repeat(400)}\uDC00`, 'lone surrogate'],
    ['a fraction', 1.5, 'store it as a string'],
    ['NaN', NaN, 'store it as a string'],
    ['an unsafe integer', 2 ** 53, 'store it as a string'],
    ['a bigint', 1n, 'store it as a string'],
    ['missing', undefined, 'every record needs an id'],
    ['null', null, 'every record needs an id'],
    ['an object', { a: 1 }, 'got a plain object'],
    ['a boxed string', new String('a'), 'an instance of String'],
    ['a symbol', Symbol('a'), 'got a symbol'],
  ])('is refused when it is %s', (_, id, part) => {
    expect(refusal(() => validId(id))).toMatchObject({
      code: 'BAD_ID',
      path: 'id',
      message: expect.stringContaining(part),
    })
  })

  it('is reported under the path it is given', () => {
    expect(refusal(() => validId('', 'query.id'))).toMatchObject({
      path: 'query.id',
      message: expect.stringMatching(/^query\.id /),
    })
  })
})

describe('a vector', () => {
  it.each([
    ['an array', [1, 2.5, -3]],
    ['a Float32Array', new Float32Array([1, 2.5, -3])],
    ['a Float64Array', new Float64Array([1, 2.5, -3])],
  ])('is copied to its place from %s', (_, vector) => {
    const target = new Float32Array(9).fill(7)
    writeVector(vector, target, 3, 3)
    expect([...target]).toEqual([7, 7, 7, 1, 2.5, -3, 7, 7, 7])
  })

  it.each([Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array])(
    'may be a %o',
    (TypedArray) => {
      const target = new Float32Array(2)
      writeVector(new TypedArray([1, 127]), target, 0, 2)
      expect([...target]).toEqual([1, 127])
    },
  )

  it('may be a part of a larger ArrayBuffer', () => {
    const target = new Float32Array(2)
    writeVector(new Float32Array([1, 2, 3, 4]).subarray(1, 3), target, 0, 2)
    expect([...target]).toEqual([2, 3])
  })

  it('is rounded to float32', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), (vector) => {
        const target = new Float32Array(vector.length)
        writeVector(vector, target, 0, vector.length)
        expect([...target]).toEqual(vector.map(Math.fround))
      }),
    )
  })

  it.each([
    ['array', [1, 2]],
    ['Float32Array', new Float32Array(2)],
    ['Int8Array', new Int8Array(2)],
    ['empty array', []],
  ])('of another length is a DIMENSION_MISMATCH that names both numbers: %s', (_, vector) => {
    const details = refusal(() => writeVector(vector, new Float32Array(3), 0, 3, 'query.vector'))
    expect(details).toMatchObject({ code: 'DIMENSION_MISMATCH', path: 'query.vector' })
    expect(details.message).toMatch(new RegExp(`has ${vector.length} elements.* is 3\\b`))
  })

  it.each([
    ['a string', '1', '"1"'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a bigint', 1n, 'bigint 1n'],
    ['a boxed number', new Number(1), 'instance of Number'],
    ['an array', [1], 'not a list of vectors'],
  ])('with %s among its elements is refused with the path of the element', (_, element, part) => {
    const details = refusal(() => writeVector([0, 1, 2, element], new Float32Array(4), 0, 4))
    expect(details).toMatchObject({
      code: 'BAD_VECTOR',
      path: 'vector[3]',
      message: expect.stringContaining(part),
    })
  })

  it('with a hole is refused with the path of the hole', () => {
    const vector = [0, 1, 2]
    delete vector[1]
    expect(refusal(() => writeVector(vector, new Float32Array(3), 0, 3))).toMatchObject({
      code: 'BAD_VECTOR',
      path: 'vector[1]',
      message: expect.stringContaining('a hole'),
    })
  })

  it.each([
    ['a Buffer', Buffer.alloc(12), 'new Float32Array(buf.buffer, buf.byteOffset, buf.byteLength / 4)'],
    ['a BigInt64Array', new BigInt64Array(3), 'Array.from(vector, Number)'],
    ['a BigUint64Array', new BigUint64Array(3), 'Array.from(vector, Number)'],
    ['a DataView', new DataView(new ArrayBuffer(12)), 'instance of DataView'],
    ['an ArrayBuffer', new ArrayBuffer(12), 'instance of ArrayBuffer'],
    ['an array-like', { length: 3, 0: 1, 1: 2, 2: 3 }, 'Array.from()'],
    ['a Set', new Set([1, 2, 3]), 'Array.from()'],
    ['a tensor', { data: new Float32Array(3), dims: [1, 3] }, 'pass its .data'],
    ['a promise', Promise.resolve([1, 2, 3]), 'await it first'],
    ['a string', '[1,2,3]', 'got "[1,2,3]"'],
    ['a number', 3, 'got 3'],
    ['null', null, 'got null'],
    ['undefined', undefined, 'got undefined'],
    ['a function', () => [1, 2, 3], 'got a function'],
  ])('is refused when it is %s', (_, vector, part) => {
    expect(refusal(() => writeVector(vector, new Float32Array(3), 0, 3))).toMatchObject({
      code: 'BAD_VECTOR',
      path: 'vector',
      message: expect.stringContaining(part),
    })
  })

  it('that is not finite is reported with the element and the reason', () => {
    expect(nonFinite('vector', 2, NaN)).toMatchObject({ code: 'BAD_VECTOR', path: 'vector[2]' })
    expect(nonFinite('vector', 2, NaN).message).toContain('vector[2] is NaN')
    expect(nonFinite('query.vector', 0, -Infinity).message).toContain('must be a finite number')
    expect(nonFinite('vector', 0, 1e39).message).toContain('range of float32')
  })
})

describe('metadata', () => {
  it('is the object that was given, and {} when none was', () => {
    const metadata = { a: 1 }
    expect(validMetadata(metadata)).toBe(metadata)
    expect(validMetadata(undefined)).toEqual({})
  })

  it.each([
    ['null', null, 'null'],
    ['an array', [1], 'an array'],
    ['a string', 'a', '"a"'],
    ['a Map', new Map(), 'an instance of Map'],
    ['a Date', new Date(), 'an instance of Date'],
    ['an instance of a class', new (class Film {})(), 'an instance of Film'],
    ['a function', () => 1, 'a function'],
  ])('is refused when it is %s', (_, value, part) => {
    expect(refusal(() => validMetadata(value))).toMatchObject({
      code: 'BAD_METADATA',
      path: 'metadata',
      message: expect.stringContaining(part),
    })
  })

  class Film {}
  class Names extends Array {}
  class Numbers extends Float32Array {}
  const transferred = new ArrayBuffer(8)
  const transferredView = new Uint8Array(8)
  structuredClone(0, { transfer: [transferred, transferredView.buffer] })

  it.each([
    ['a function', () => 1, 'is a function'],
    ['a symbol', Symbol('a'), 'is a symbol'],
    ['an instance of a class', new Film(), 'an instance of Film'],
    ['an instance of a class without a name', new (class {})(), 'a prototype of its own'],
    ['an object made from another', Object.create({ a: 1 }), 'a prototype of its own'],
    ['a subclass of Array', new Names(), 'an instance of Names'],
    ['a subclass of a typed array', new Numbers(1), 'an instance of Numbers'],
    ['a RegExp', /a/, 'an instance of RegExp'],
    ['an Error', new TypeError('a'), 'an instance of TypeError'],
    ['a Promise', Promise.resolve(1), 'an instance of Promise'],
    ['a WeakMap', new WeakMap(), 'an instance of WeakMap'],
    ['a URL', new URL('file:///a'), 'an instance of URL'],
    ['a boxed number', new Number(1), 'an instance of Number'],
    ['a boxed string', new String('a'), 'an instance of String'],
    ['a boxed boolean', new Boolean(true), 'an instance of Boolean'],
    ['a SharedArrayBuffer', new SharedArrayBuffer(1), 'an instance of SharedArrayBuffer'],
    ['an impostor of a Date', Object.create(Date.prototype), 'an instance of Date'],
    ['an impostor of a Map', Object.create(Map.prototype), 'an instance of Map'],
    ['an impostor of an array', Object.create(Array.prototype), 'is an array'],
    ['an invalid Date', new Date(NaN), 'an invalid Date'],
    ['a lone surrogate', 'a\uD800', 'lone surrogate'],
    ['an ArrayBuffer that was transferred', transferred, 'transferred away'],
    ['a view of an ArrayBuffer that was transferred', transferredView, 'transferred away'],
    ['a Map with an object as key', new Map([[{}, 1]]), 'key is an object'],
    ['a Map with a symbol as key', new Map([[Symbol('a'), 1]]), 'is a symbol'],
  ])('with %s is refused wherever it lies', (_, value, part) => {
    const places: [unknown, string][] = [
      [{ value }, 'metadata.value'],
      [{ tags: ['x', 1, { name: value }] }, 'metadata.tags[2].name'],
      [{ 'release date': new Map([['a b', value]]) }, 'metadata["release date"].get("a b")'],
      [{ set: new Set([1, [value]]) }, 'metadata.set[1][0]'],
    ]
    for (const [metadata, path] of places) {
      const details = refusal(() => validMetadata(metadata))
      expect(details.code).toBe('BAD_METADATA')
      expect(details.path.startsWith(path)).toBe(true)
      expect(details.message).toContain(part)
    }
  })

  it('with a hole in an array is refused, with undefined it is not', () => {
    expect(validMetadata({ list: [undefined] })).toEqual({ list: [undefined] })
    const list = new Array(3).fill(1)
    delete list[2]
    expect(refusal(() => validMetadata({ list }))).toMatchObject({ path: 'metadata.list[2]' })
  })

  it.each([
    [JSON.parse('{"__proto__":1}'), '__proto__', 'not safe'],
    [{ $set: 1 }, '$set', 'starts with "$"'],
    [{ 'a.b': 1 }, '["a.b"]', 'contains "."'],
    [{ 'a\uD800': 1 }, '["a\\ud800"]', 'lone surrogate'],
    [{ '\uFEFFa': 1 }, '["\uFEFFa"]', 'byte order mark'],
  ])('with a key that filters or the codec cannot take is refused: %j', (object, key, part) => {
    const step = key.startsWith('[') ? key : `.${key}`
    for (const [metadata, path] of [
      [object, 'metadata'],
      [{ list: [object] }, 'metadata.list[0]'],
    ]) {
      expect(refusal(() => validMetadata(metadata))).toMatchObject({
        code: 'BAD_METADATA',
        path: path + step,
        message: expect.stringContaining(part),
      })
    }
  })

  it('may have other unusual keys', () => {
    const metadata = { '': 1, 'a b': 1, a$: 1, constructor: 1, prototype: 1, '\0': 1, '🍏': 1 }
    expect(validMetadata(metadata)).toBe(metadata)
    expect(validMetadata({ map: new Map([['$a.b', 1]]) })).toHaveProperty('map')
  })

  it('with a method toJSON is refused, with a value of that name it is not', () => {
    expect(refusal(() => validMetadata({ a: 1, toJSON: () => 1 }))).toMatchObject({ path: 'metadata.toJSON' })
    expect(validMetadata({ toJSON: 'a' })).toEqual({ toJSON: 'a' })
  })

  it('may be 64 levels deep, and not 65', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) })
    expect(validMetadata(nested(64))).toBeTypeOf('object')
    expect(refusal(() => validMetadata(nested(65)))).toMatchObject({
      code: 'BAD_METADATA',
      path: `metadata${'.a'.repeat(64)}`,
      message: expect.stringContaining('deeper than 64 levels'),
    })
  })

  it('with a cycle is refused, with the path where it closes and what it refers back to', () => {
    const root: Record<string, unknown> = { a: { list: [1] } }
    root.self = root
    expect(refusal(() => validMetadata(root))).toMatchObject({
      path: 'metadata.self',
      message: expect.stringContaining('refers back to metadata,'),
    })
    const inner: Record<string, unknown> = { x: 1 }
    inner.map = new Map([['k', new Set([[inner]])]])
    expect(refusal(() => validMetadata({ a: { inner } }))).toMatchObject({
      path: 'metadata.a.inner.map.get("k")[0][0]',
      message: expect.stringContaining('refers back to metadata.a.inner,'),
    })
  })

  it('may hold the same object twice', () => {
    const shared = { a: [1] }
    expect(validMetadata({ x: shared, y: [shared, shared] })).toBeTypeOf('object')
  })

  it('is reported under the path it is given', () => {
    expect(refusal(() => validMetadata({ a: () => 1 }, 'patch')).path).toBe('patch.a')
  })
})
