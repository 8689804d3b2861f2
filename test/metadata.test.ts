import assert from 'node:assert/strict'
import fc from 'fast-check'
import { unpack as foreignUnpack, Packr } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { SkalarError } from '../src/errors.ts'
import { packMetadata, unpackMetadata } from '../src/store/metadata.ts'
import { validMetadata } from '../src/validate.ts'

type Metadata = ReturnType<typeof validMetadata>

/** Through the codec as a row does it: packed, copied between other bytes, unpacked from there. */
function roundTrip(metadata: Metadata): Metadata {
  const packed = packMetadata(validMetadata(metadata))
  const row = Buffer.concat([Buffer.alloc(37, 0xc1), packed, Buffer.alloc(5, 0xc1)])
  return unpackMetadata(row, 37, 37 + packed.length)
}

function expectRoundTrip(metadata: Metadata): void {
  assert.deepStrictEqual(roundTrip(metadata), metadata)
}

const text = fc.string({ unit: 'binary', maxLength: 300 })
const key = fc
  .oneof(
    text,
    fc.constantFrom('constructor', 'toJSON', 'hasOwnProperty', '__keys__', '', '__proto', '🍏', '0', '-1'),
  )
  .filter((name) => !/^[$\uFEFF]/.test(name) && !name.includes('.') && name !== '__proto__')
const number = fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger())
const scalar = fc.oneof(
  fc.constantFrom(null, undefined),
  fc.boolean(),
  number,
  text,
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
)
const bytes = fc.uint8Array({ maxLength: 300 })
const binary = fc.oneof(
  bytes,
  bytes.map((b) => Buffer.from(b)),
  bytes.map((b) => b.buffer.slice(0)),
  bytes.map((b) => new DataView(b.buffer)),
  fc.int8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
)
const { object } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.date({ noInvalidDate: true }),
    binary,
    fc.array(tie('value')),
    tie('object'),
    fc.array(fc.tuple(scalar, tie('value'))).map((entries) => new Map(entries)),
    fc.array(tie('value')).map((items) => new Set(items)),
  ),
  object: fc.dictionary(key, tie('value'), { noNullPrototype: true, maxKeys: 12 }),
}))

describe('everything that validMetadata accepts comes back equal', () => {
  it('for any nesting of any types', () => {
    fc.assert(
      fc.property(object as fc.Arbitrary<Metadata>, (metadata) => expectRoundTrip(metadata)),
      { numRuns: 1000 },
    )
  })

  it('for bigints of any size', () => {
    const edges = [63n, 64n, 65n, 127n, 128n, 4096n, 70_000n].map((bits) => 2n ** bits)
    for (const edge of edges) {
      expectRoundTrip({ list: [edge - 1n, edge, edge + 1n, 1n - edge, -edge, -1n - edge] })
    }
    expectRoundTrip({ small: [0n, 1n, -1n, 255n] })
  })

  it('for dates to the millisecond, before 1970 and in the far future', () => {
    const times = [
      0,
      1,
      -1,
      999,
      -999,
      1000,
      2 ** 32 * 1000 - 1,
      2 ** 32 * 1000,
      2 ** 34 * 1000,
      8.64e15,
      -8.64e15,
    ]
    for (const time of times) expectRoundTrip({ when: new Date(time) })
  })

  it('for integers at the edges of every width, as numbers', () => {
    const edges = [5, 6, 7, 8, 15, 16, 31, 32, 52, 53, 63, 64].map((bits) => 2 ** bits)
    expectRoundTrip({ list: edges.flatMap((edge) => [edge - 1, edge, edge + 1, -edge - 1, -edge, 1 - edge]) })
  })

  it('for −0, which differs from 0', () => {
    expectRoundTrip({ zero: -0, positive: 0, list: [-0, 0, new Set([1])], map: new Map([['a', -0]]) })
    expectRoundTrip({ deep: { deeper: [{ zero: -0 }] } })
  })

  it('for NaN, the infinities and the extremes of float64', () => {
    expectRoundTrip({ list: [NaN, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE, 0.1] })
  })

  it('for strings at the edges of every length header, in one, two, three and four byte characters', () => {
    for (const character of ['a', 'é', '€', '🍏']) {
      for (const length of [0, 1, 15, 16, 31, 32, 63, 64, 255, 256, 65_535, 65_536, 200_000]) {
        const string = character.repeat(length)
        expectRoundTrip({ string, list: [string, 'after'] })
      }
    }
  })

  it('for NUL characters and leading byte order marks', () => {
    const long = `\uFEFF${'é'.repeat(100)}`
    const map = new Map([[long, long]])
    expectRoundTrip({ 'key\0': '\uFEFFvalue\0', alone: '\uFEFF', long, list: [long, new Set([long])], map })
  })

  it('for objects of more keys and arrays of more items than 16 bits can count', () => {
    expectRoundTrip(Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`key ${i}`, i])))
    expectRoundTrip({ list: Array.from({ length: 70_000 }, (_, i) => i) })
  })

  it('for typed arrays and Buffers of a megabyte', () => {
    expectRoundTrip({ floats: new Float32Array(300_000).fill(0.5), buffer: Buffer.alloc(1_000_000, 7) })
  })

  it('for views of a part of a larger ArrayBuffer, of which only that part is stored', () => {
    const whole = new Uint8Array(64).map((_, i) => i)
    const view = new Float64Array(whole.buffer, 8, 2)
    expect(roundTrip({ view }).view).toEqual(view)
    const { data } = roundTrip({ data: new DataView(whole.buffer, 3, 5) }) as { data: DataView }
    expect([data.byteLength, data.getUint8(0)]).toEqual([5, 3])
    expect(packMetadata({ view }).length).toBeLessThan(32)
  })

  it('for Maps within Maps, Sets, arrays and objects, next to plain objects', () => {
    const map = new Map<unknown, unknown>([['a', new Map([[1, { b: new Map() }]])]])
    expectRoundTrip({
      map,
      set: new Set([map]),
      list: [[map]],
      plain: { map },
      'not a map': { map: ['a', 1] },
    })
  })

  it('for Map keys of different types that read the same', () => {
    const keys = [1, '1', 1n, true, 'true', null, 'null', undefined, 'undefined', NaN, 65]
    expectRoundTrip({ map: new Map(keys.map((name, i) => [name, i])) })
  })

  it('for keys that objects and the codec use themselves', () => {
    const names = [
      'constructor',
      'toJSON',
      'hasOwnProperty',
      'prototype',
      '__keys__',
      'valueOf',
      'length',
      '',
    ]
    const odd = Object.fromEntries(names.map((name) => [name, name]))
    expectRoundTrip({ ...odd, nested: [odd, {}, odd], map: new Map([['constructor', odd]]) })
  })

  it('for the greatest depth allowed', () => {
    let value: unknown = 1
    for (let level = 1; level < 64; level++) value = level % 2 ? [value] : { value }
    expectRoundTrip({ value })
  })
})

describe('what validMetadata refuses', () => {
  it('never reaches the codec, whatever lies around it', () => {
    class Film {}
    const refused = fc.constantFrom<unknown>(
      () => 1,
      Symbol('a'),
      new Film(),
      /a/,
      new Date(NaN),
      '\uDC00',
      new Array(1),
      { $map: [] },
      { $bom: '' },
    )
    const wrap = fc.constantFrom<(value: unknown) => unknown>(
      (value) => value,
      (value) => [1, value],
      (value) => new Set([value]),
      (value) => new Map([['k', value]]),
    )
    fc.assert(
      fc.property(object as fc.Arbitrary<Metadata>, refused, wrap, (metadata, value, around) => {
        const bad = { ...metadata, deep: [{ value: around(value) }] }
        expect(() => roundTrip(bad)).toThrow(expect.objectContaining({ code: 'BAD_METADATA' }))
      }),
    )
  })
})

describe('what comes back is normalized', () => {
  it('to plain objects from objects without a prototype', () => {
    const bare = Object.assign(Object.create(null), { a: Object.assign(Object.create(null), { b: 1 }) })
    assert.deepStrictEqual(roundTrip(bare), { a: { b: 1 } })
  })

  it('to own enumerable properties with string keys', () => {
    const metadata = Object.defineProperty({ a: 1, [Symbol('b')]: 2 }, 'hidden', { value: 3 })
    assert.deepStrictEqual(roundTrip(metadata), { a: 1 })
  })
})

/** Checked by hand against the MessagePack specification, a line per property; rows on disk depend on it. */
const GOLDEN = [
  '8a',
  'a173a2c3a9',
  'a16e9401ffcd012ccb3fe0000000000000',
  'a175d40000',
  'a17ac0',
  'a174c3',
  'a162d30000000000000002',
  'a164d7ff7735940000000001',
  'a166c70574070000803f',
  'a179c40107',
  'a165d4730091a178',
].join('')

describe('the bytes of a row', () => {
  it('are none for the empty object', () => {
    expect(packMetadata({}).length).toBe(0)
    expect(unpackMetadata(new Uint8Array())).toEqual({})
    expect(unpackMetadata(Buffer.alloc(9), 4, 4)).toEqual({})
  })

  it('are MessagePack that any reader understands', () => {
    const metadata = {
      title: 'Alien',
      year: 1979,
      genres: ['horror', 'sf'],
      rating: 8.5,
      seen: null,
      good: true,
    }
    expect(foreignUnpack(packMetadata(metadata))).toEqual(metadata)
  })

  it('are the same for the same metadata, whatever was packed before', () => {
    const metadata = { a: 1, list: [{ b: 'x' }, { b: 'y' }], map: new Map([['k', { b: 1 }]]) }
    const before = Buffer.from(packMetadata(metadata))
    for (let i = 0; i < 200; i++) packMetadata({ [`shape ${i}`]: { b: i }, map: new Map() })
    expect(packMetadata(metadata)).toEqual(before)
  })

  it('have not changed since format 1', () => {
    const metadata = {
      s: 'é',
      n: [1, -1, 300, 0.5],
      u: undefined,
      z: null,
      t: true,
      b: 2n,
      d: new Date(1500),
      f: new Float32Array([1]),
      y: Buffer.from([7]),
      e: new Set(['x']),
    }
    expect(packMetadata(metadata).toString('hex')).toBe(GOLDEN)
    expect(packMetadata({ m: new Map([[1, 'a']]) }).toString('hex')).toBe('9181a16d81a4246d61709201a161')
  })

  it('are whole after a pack that throws half way', () => {
    const earlier = packMetadata({ a: 'kept' })
    const trap = {
      list: ['x'.repeat(100), { y: 1 }],
      get late() {
        throw new Error('trap')
      },
    }
    expect(() => packMetadata(trap)).toThrow('trap')
    expect(unpackMetadata(packMetadata({ b: { c: [1] } }))).toEqual({ b: { c: [1] } })
    expect(unpackMetadata(earlier)).toEqual({ a: 'kept' })
  })
})

describe('reading a row', () => {
  const metadata = {
    bytes: Buffer.from('abcdefgh'),
    floats: new Float32Array([1, 2, 3]),
    text: 'x'.repeat(200),
  }

  it('copies everything out of it', () => {
    const row = Buffer.from(packMetadata(metadata))
    const read = unpackMetadata(row)
    row.fill(0xff)
    assert.deepStrictEqual(read, metadata)
  })

  it('gives a Buffer for a Buffer from a Uint8Array too', () => {
    const row = new Uint8Array(packMetadata(metadata))
    assert.deepStrictEqual(unpackMetadata(row), metadata)
  })

  it('never reaches a prototype through a key', () => {
    const foreign = new Packr({ useRecords: false })
    const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')
    const read = unpackMetadata(foreign.pack(hostile))
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
    expect(({} as Metadata).polluted).toBeUndefined()
  })

  it('reports bytes cut off anywhere as CORRUPTED', () => {
    const row = Buffer.from(packMetadata({ ...metadata, map: new Map([['k', [1, 2n]]]), when: new Date() }))
    for (let end = 1; end < row.length; end++) {
      expect(() => unpackMetadata(row, 0, end)).toThrow(expect.objectContaining({ code: 'CORRUPTED' }))
    }
  })

  it('reports any bytes as CORRUPTED or reads an object, and goes on working', () => {
    const garbage = fc.oneof(fc.uint8Array({ minLength: 1 }), flippedRow())
    fc.assert(
      fc.property(garbage, (row) => {
        try {
          expect(unpackMetadata(row)).toBeTypeOf('object')
        } catch (error) {
          expect(error).toBeInstanceOf(SkalarError)
          expect(error).toHaveProperty('code', 'CORRUPTED')
        }
        expect(unpackMetadata(packMetadata({ a: 1 }))).toEqual({ a: 1 })
      }),
      { numRuns: 2000 },
    )
  })

  function flippedRow(): fc.Arbitrary<Uint8Array> {
    const row = Buffer.from(
      packMetadata({ ...metadata, map: new Map([[1, { a: new Set([1n]) }]]), when: new Date(5) }),
    )
    return fc.tuple(fc.nat(row.length - 1), fc.nat(255)).map(([at, byte]) => {
      const copy = Uint8Array.from(row)
      copy[at] = byte
      return copy
    })
  }
})
