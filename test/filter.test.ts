import { describe, expect, it } from 'vitest'
import { isEmptyFilter, parseFilter } from '../src/query/filter.ts'
import { compileFilter } from '../src/query/match.ts'
import type { Id } from '../src/types.ts'

function matches(filter: unknown, metadata: Record<string, unknown>, id: Id = 'a'): boolean {
  return compileFilter(parseFilter(filter))(id, metadata)
}

const invalidDate = new Date(Number.NaN)

describe('equality', () => {
  it('takes a bare value as $eq', () => {
    expect(matches({ year: 1999 }, { year: 1999 })).toBe(true)
    expect(matches({ year: { $eq: 1999 } }, { year: 1999 })).toBe(true)
    expect(matches({ year: 1999 }, { year: 2000 })).toBe(false)
  })

  it('never holds between values of different types', () => {
    const values = [1, 1n, '1', true, new Date(1), new Uint8Array([1]), null]
    for (const [i, operand] of values.entries()) {
      for (const [j, value] of values.entries()) {
        expect(matches({ a: operand }, { a: value })).toBe(i === j)
        expect(matches({ a: { $in: [operand] } }, { a: value })).toBe(i === j)
      }
    }
  })

  it.each([
    ['NaN and NaN', Number.NaN, Number.NaN],
    ['0 and −0', 0, -0],
    ['−0 and 0', -0, 0],
    ['Infinity and Infinity', Infinity, Infinity],
  ])('holds between %s', (_title, operand, value) => {
    expect(matches({ a: operand }, { a: value })).toBe(true)
    expect(matches({ a: { $in: [operand] } }, { a: value })).toBe(true)
  })

  it('compares dates by time', () => {
    expect(matches({ seen: new Date(5) }, { seen: new Date(5) })).toBe(true)
    expect(matches({ seen: new Date(5) }, { seen: new Date(6) })).toBe(false)
    expect(matches({ seen: new Date(5) }, { seen: invalidDate })).toBe(false)
  })

  it('compares typed arrays by constructor and bytes', () => {
    const view = new Uint8Array([9, 1, 2, 9]).subarray(1, 3)
    expect(matches({ a: new Uint8Array([1, 2]) }, { a: view })).toBe(true)
    expect(matches({ a: { $in: [view] } }, { a: new Uint8Array([1, 2]) })).toBe(true)
    expect(matches({ a: new Uint8Array([1, 2]) }, { a: new Uint8Array([1, 3]) })).toBe(false)
    expect(matches({ a: new Uint8Array([1, 2]) }, { a: new Uint8Array([1]) })).toBe(false)
    expect(matches({ a: new Uint8Array([1, 2]) }, { a: new Int8Array([1, 2]) })).toBe(false)
    expect(matches({ a: new Uint8Array([1, 2]) }, { a: Buffer.from([1, 2]) })).toBe(false)
    expect(matches({ a: Buffer.from([1, 2]) }, { a: Buffer.from([1, 2]) })).toBe(true)
    expect(matches({ a: new Float64Array([0]) }, { a: new Float64Array([-0]) })).toBe(false)
    expect(matches({ a: new DataView(new ArrayBuffer(2)) }, { a: new DataView(new ArrayBuffer(2)) })).toBe(
      true,
    )
  })

  it('no operand equals a plain object, a Map or a Set', () => {
    for (const value of [{ b: 1 }, new Map([['b', 1]]), new Set([1])]) {
      expect(matches({ a: { $in: [1, 'b', null] } }, { a: value })).toBe(false)
      expect(matches({ a: { $exists: true } }, { a: value })).toBe(true)
    }
  })
})

describe('order', () => {
  it.each([
    ['numbers', 1, 2],
    ['numbers up to the infinities', Number.MAX_VALUE, Infinity],
    ['bigints', -3n, 2n ** 70n],
    ['strings', 'ab', 'b'],
    ['strings of which one begins the other', 'ab', 'abc'],
    ['strings by code point, not by UTF-16 unit', '\uffff', '😀'],
    ['strings beyond the basic plane', '😀', '😁'],
    ['dates', new Date(1), new Date(2)],
  ])('compares %s', (_title, less, more) => {
    const holds = (operator: string, value: unknown, operand: unknown) =>
      matches({ a: { [operator]: operand } }, { a: value })
    for (const [value, operand, order] of [
      [less, more, -1],
      [more, less, 1],
      [more, more, 0],
    ] as const) {
      expect(holds('$lt', value, operand)).toBe(order < 0)
      expect(holds('$lte', value, operand)).toBe(order <= 0)
      expect(holds('$gt', value, operand)).toBe(order > 0)
      expect(holds('$gte', value, operand)).toBe(order >= 0)
    }
  })

  it('never matches between values of different types', () => {
    for (const operand of [5, 5n, '5', '😀', new Date(5)]) {
      for (const value of [0, 9, 0n, 9n, '', '~', '😁', new Date(0), new Date(9), true, false, null]) {
        if (typeof value === typeof operand && value !== null) continue
        const decided = ['$gt', '$gte', '$lt', '$lte'].filter((operator) =>
          matches({ a: { [operator]: operand } }, { a: value }),
        )
        expect(decided).toEqual([])
      }
    }
  })

  it('never matches NaN or an invalid date', () => {
    expect(matches({ $or: [{ a: { $gte: 0 } }, { a: { $lt: 0 } }] }, { a: Number.NaN })).toBe(false)
    const early = new Date(0)
    expect(matches({ $or: [{ a: { $gte: early } }, { a: { $lt: early } }] }, { a: invalidDate })).toBe(false)
  })
})

describe('operators over several values', () => {
  it('$in matches one of the operands, $nin none', () => {
    expect(matches({ a: { $in: [1, 'x', new Date(3)] } }, { a: new Date(3) })).toBe(true)
    expect(matches({ a: { $in: [1, 'x', new Date(3)] } }, { a: new Date(4) })).toBe(false)
    expect(matches({ a: { $nin: [1, 'x'] } }, { a: 'x' })).toBe(false)
    expect(matches({ a: { $nin: [1, 'x'] } }, { a: 'y' })).toBe(true)
  })

  it('$in: [] matches nothing, $nin: [] everything, $all: [] nothing', () => {
    for (const metadata of [{}, { a: 1 }, { a: [] }, { a: null }]) {
      expect(matches({ a: { $in: [] } }, metadata)).toBe(false)
      expect(matches({ a: { $nin: [] } }, metadata)).toBe(true)
      expect(matches({ a: { $all: [] } }, metadata)).toBe(false)
    }
  })

  it('$all needs every operand among the values', () => {
    expect(matches({ tags: { $all: ['x', 'y'] } }, { tags: ['y', 'z', 'x'] })).toBe(true)
    expect(matches({ tags: { $all: ['x', 'y'] } }, { tags: ['y', 'z'] })).toBe(false)
    expect(matches({ tags: { $all: ['x'] } }, { tags: 'x' })).toBe(true)
    expect(matches({ tags: { $all: ['x', 'x'] } }, { tags: ['x'] })).toBe(true)
  })
})

describe('null and missing', () => {
  it('$eq: null matches null and a missing path', () => {
    for (const filter of [{ a: null }, { a: { $eq: null } }, { a: { $in: [null, 7] } }]) {
      expect(matches(filter, {})).toBe(true)
      expect(matches(filter, { a: null })).toBe(true)
      expect(matches(filter, { a: undefined })).toBe(true)
      expect(matches(filter, { a: [1, null] })).toBe(true)
      expect(matches(filter, { a: 0 })).toBe(false)
      expect(matches(filter, { a: [] })).toBe(false)
    }
  })

  it('$exists: true includes null and an empty array, and $exists: false is its complement', () => {
    for (const [metadata, exists] of [
      [{ a: 1 }, true],
      [{ a: null }, true],
      [{ a: [] }, true],
      [{ a: [undefined] }, true],
      [{}, false],
      [{ a: undefined }, false],
    ] as const) {
      expect(matches({ a: { $exists: true } }, metadata)).toBe(exists)
      expect(matches({ a: { $exists: false } }, metadata)).toBe(!exists)
    }
  })

  it('a missing path matches $ne, $nin and $not', () => {
    expect(matches({ a: { $ne: 1 } }, {})).toBe(true)
    expect(matches({ a: { $nin: [1] } }, {})).toBe(true)
    expect(matches({ a: { $not: { $gt: 1 } } }, {})).toBe(true)
  })

  it('a missing path matches neither $ne: null nor $nin with null', () => {
    expect(matches({ a: { $ne: null } }, {})).toBe(false)
    expect(matches({ a: { $nin: [null] } }, {})).toBe(false)
    expect(matches({ a: { $ne: null } }, { a: 1 })).toBe(true)
  })
})

describe('arrays', () => {
  it('a positive operator needs one matching element', () => {
    expect(matches({ tags: 'x' }, { tags: ['w', 'x'] })).toBe(true)
    expect(matches({ tags: 'x' }, { tags: ['w'] })).toBe(false)
    expect(matches({ years: { $gt: 5 } }, { years: [1, 9] })).toBe(true)
  })

  it('each operator of a condition is judged separately', () => {
    expect(matches({ a: { $gt: 1, $lt: 5 } }, { a: [0, 10] })).toBe(true)
    expect(matches({ a: { $not: { $gt: 1, $lt: 5 } } }, { a: [0, 10] })).toBe(false)
  })

  it('$ne, $nin and $not let no element match', () => {
    expect(matches({ tags: { $ne: 'x' } }, { tags: ['w', 'x'] })).toBe(false)
    expect(matches({ tags: { $nin: ['x', 'y'] } }, { tags: ['w', 'x'] })).toBe(false)
    expect(matches({ years: { $not: { $gt: 5 } } }, { years: [1, 9] })).toBe(false)
    expect(matches({ years: { $not: { $gt: 5 } } }, { years: [1, 2] })).toBe(true)
    expect(matches({ tags: { $ne: 'x' } }, { tags: [] })).toBe(true)
  })

  it('elements that are arrays are values which nothing equals', () => {
    expect(matches({ a: 1 }, { a: [[1]] })).toBe(false)
    expect(matches({ a: 2 }, { a: [[1], 2] })).toBe(true)
  })
})

describe('paths', () => {
  it('dots lead into plain objects', () => {
    expect(matches({ 'a.b.c': 1 }, { a: { b: { c: 1 } } })).toBe(true)
    expect(matches({ 'a.b.c': 1 }, { a: { b: 1 } })).toBe(false)
    expect(matches({ 'a.b': 1 }, { a: Object.assign(Object.create(null), { b: 1 }) })).toBe(true)
  })

  it('dots lead through the elements of arrays', () => {
    const metadata = { cast: [{ name: 'Ann', roles: ['x'] }, 'nobody', { name: 'Bob', roles: ['y', 'z'] }] }
    expect(matches({ 'cast.name': 'Bob' }, metadata)).toBe(true)
    expect(matches({ 'cast.name': { $ne: 'Bob' } }, metadata)).toBe(false)
    expect(matches({ 'cast.roles': { $all: ['x', 'z'] } }, metadata)).toBe(true)
    expect(matches({ 'a.b.c': 2 }, { a: [{ b: [{ c: 1 }] }, { b: [{ c: 2 }] }] })).toBe(true)
  })

  it('dots do not lead through arrays in arrays', () => {
    expect(matches({ 'a.b': 1 }, { a: [[{ b: 1 }]] })).toBe(false)
    expect(matches({ 'a.b': { $exists: false } }, { a: [[{ b: 1 }]] })).toBe(true)
  })

  it('a path through an array is missing only when no element has it', () => {
    expect(matches({ 'a.b': null }, { a: [{ b: 1 }, {}] })).toBe(false)
    expect(matches({ 'a.b': null }, { a: [{ c: 1 }, {}] })).toBe(true)
    expect(matches({ 'a.b': null }, { a: [] })).toBe(true)
    expect(matches({ 'a.b': { $exists: true } }, { a: [{ b: [] }, {}] })).toBe(true)
  })

  it('an array has no positions and no length', () => {
    expect(matches({ 'a.0': { $exists: true } }, { a: ['x'] })).toBe(false)
    expect(matches({ 'a.length': { $exists: true } }, { a: ['x'] })).toBe(false)
    expect(matches({ 'a.0': 'x' }, { a: [{ 0: 'x' }] })).toBe(true)
  })

  it('only own properties are reached', () => {
    for (const path of ['constructor.name', 'constructor', 'toString', '__proto__', 'a.constructor.name']) {
      expect(matches(JSON.parse(`{ "${path}": { "$exists": true } }`), { a: {} })).toBe(false)
    }
    expect(matches({ constructor: 'x' }, { constructor: 'x' })).toBe(true)
  })

  it('strings, dates, typed arrays, Maps and Sets are single values without paths into them', () => {
    const view = new Uint8Array([1])
    for (const value of ['x', new Date(0), view, Buffer.from('x'), new Map([['0', 1]]), new Set([1])]) {
      for (const path of ['a.0', 'a.length', 'a.size']) {
        expect(matches({ [path]: { $exists: true } }, { a: value })).toBe(false)
      }
    }
  })

  it('`id` is a key of the metadata like any other', () => {
    expect(matches({ id: 'a' }, {}, 'a')).toBe(false)
    expect(matches({ id: 'b' }, { id: 'b' }, 'a')).toBe(true)
  })
})

describe('$id', () => {
  it('filters the id with a condition like that of a field', () => {
    expect(matches({ $id: 'a' }, {}, 'a')).toBe(true)
    expect(matches({ $id: { $in: ['b', 'c'] } }, {}, 'c')).toBe(true)
    expect(matches({ $id: { $gte: 'b', $lt: 'd' } }, {}, 'c')).toBe(true)
    expect(matches({ $id: { $not: { $gt: 5 } } }, {}, 7)).toBe(false)
    expect(matches({ $or: [{ $id: 1 }, { a: 1 }] }, {}, 1)).toBe(true)
  })

  it('keeps 1 and "1" apart', () => {
    expect(matches({ $id: 1 }, {}, '1')).toBe(false)
    expect(matches({ $id: '1' }, {}, 1)).toBe(false)
  })

  it('is never null or missing', () => {
    expect(matches({ $id: null }, {})).toBe(false)
    expect(matches({ $id: { $exists: true } }, {})).toBe(true)
  })

  it('does not see metadata', () => {
    expect(matches({ $id: 'x' }, { $id: 'x', id: 'x' }, 'a')).toBe(false)
  })
})

describe('logic', () => {
  it('fields of one filter must all match', () => {
    expect(matches({ a: 1, b: 2 }, { a: 1, b: 2 })).toBe(true)
    expect(matches({ a: 1, b: 2 }, { a: 1, b: 3 })).toBe(false)
    expect(matches({ a: 1, $or: [{ b: 1 }, { b: 2 }], $not: { c: 1 } }, { a: 1, b: 2, c: 2 })).toBe(true)
    expect(matches({ a: 1, $or: [{ b: 1 }, { b: 2 }], $not: { c: 1 } }, { a: 1, b: 2, c: 1 })).toBe(false)
  })

  it('$and needs every filter, $or one', () => {
    expect(matches({ $and: [{ a: 1 }, { b: 2 }] }, { a: 1, b: 2 })).toBe(true)
    expect(matches({ $and: [{ a: 1 }, { b: 2 }] }, { a: 1 })).toBe(false)
    expect(matches({ $or: [{ a: 1 }, { b: 2 }] }, { b: 2 })).toBe(true)
    expect(matches({ $or: [{ a: 1 }, { b: 2 }] }, { b: 3 })).toBe(false)
  })

  it('$not of a filter is its complement', () => {
    expect(matches({ $not: { a: 1, b: 2 } }, { a: 1, b: 3 })).toBe(true)
    expect(matches({ $not: { a: 1, b: 2 } }, { a: 1, b: 2 })).toBe(false)
    expect(matches({ $not: { $not: { a: 1 } } }, { a: 1 })).toBe(true)
  })

  it('$not of a condition may hold several operators and another $not', () => {
    expect(matches({ a: { $not: { $gt: 3, $lt: 5 } } }, { a: 4 })).toBe(false)
    expect(matches({ a: { $not: { $gt: 3, $lt: 5 } } }, { a: 5 })).toBe(true)
    expect(matches({ a: { $not: { $not: { $gt: 3 } } } }, { a: 4 })).toBe(true)
  })

  it('$and: [] is true, $or: [] is false', () => {
    expect(matches({ $and: [] }, {})).toBe(true)
    expect(matches({ $or: [] }, {})).toBe(false)
    expect(matches({ $not: {} }, {})).toBe(false)
  })
})

describe('isEmptyFilter', () => {
  it.each([
    [{}],
    [{ $and: [] }],
    [{ $and: [{}] }],
    [{ $or: [{ a: 1 }, {}] }],
    [{ $not: { $or: [] } }],
    [{ a: { $nin: [] } }],
    [{ a: { $not: { $in: [] } } }],
    [Object.create(null)],
  ])('holds for %j, which matches every record', (filter) => {
    expect(isEmptyFilter(parseFilter(filter))).toBe(true)
  })

  it.each([[{ a: 1 }], [{ $or: [] }], [{ $or: [{ a: 1 }] }], [{ $not: {} }], [{ $and: [{}, { $id: 'a' }] }]])(
    'does not hold for %j',
    (filter) => {
      expect(isEmptyFilter(parseFilter(filter))).toBe(false)
    },
  )
})

describe('the parsed filter', () => {
  it('reduces negative operators to `not` over one positive leaf for each operator', () => {
    expect(parseFilter({ 'a.b': { $gt: 1, $ne: 2, $exists: false }, $id: { $nin: ['x'] } })).toEqual({
      kind: 'and',
      nodes: [
        { kind: 'gt', path: 'a.b', operand: 1 },
        { kind: 'not', node: { kind: 'eq', path: 'a.b', operand: 2 } },
        { kind: 'not', node: { kind: 'exists', path: 'a.b' } },
        { kind: 'not', node: { kind: 'in', path: '$id', operands: ['x'] } },
      ],
    })
  })

  it('flattens nested $and and $or, and drops constants', () => {
    expect(parseFilter({ $and: [{ a: 1, b: { $all: [2, 3] } }, {}] })).toEqual({
      kind: 'and',
      nodes: [
        { kind: 'eq', path: 'a', operand: 1 },
        { kind: 'eq', path: 'b', operand: 2 },
        { kind: 'eq', path: 'b', operand: 3 },
      ],
    })
    expect(
      parseFilter({ $or: [{ $or: [{ a: 1 }, { a: 2 }] }, { $or: [] }, { a: { $not: { $ne: 3 } } }] }),
    ).toEqual({
      kind: 'or',
      nodes: [1, 2, 3].map((operand) => ({ kind: 'eq', path: 'a', operand })),
    })
  })

  it('keeps copies of its operands', () => {
    const date = new Date(5)
    const bytes = new Uint8Array([1, 2])
    const buffer = Buffer.from([3])
    const list = ['x']
    const filter = { date, bytes, buffer, list: { $in: list } }
    const metadata = { date: new Date(5), bytes: bytes.slice(), buffer: Buffer.from([3]), list: 'x' }
    const parsed = parseFilter(filter)
    date.setTime(6)
    bytes[0] = 9
    buffer[0] = 9
    list[0] = 'y'
    expect(compileFilter(parsed)('a', metadata)).toBe(true)
  })
})
