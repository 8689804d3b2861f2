import { describe, expect, it } from 'vitest'
import { SkalarError } from '../src/errors.ts'
import { MAX_FILTER_DEPTH, parseFilter } from '../src/query/filter.ts'

function refusal(filter: unknown): SkalarError {
  try {
    parseFilter(filter)
  } catch (error) {
    if (error instanceof SkalarError) return error
    throw error
  }
  throw new Error('the filter was accepted')
}

function expectRefused(filter: unknown, path: string, message: RegExp): void {
  const error = refusal(filter)
  expect(error.code).toBe('BAD_FILTER')
  expect(error.path).toBe(path)
  expect(error.message).toContain(path)
  expect(error.message).toMatch(message)
}

/** `levels` filters, one in another. */
function nested(levels: number): object {
  let filter: object = { a: 1 }
  for (let level = 1; level < levels; level++) filter = { $and: [filter] }
  return filter
}

const invalidDate = new Date(Number.NaN)

describe('refused operands', () => {
  it('refuses undefined, and says how to ask for a missing path', () => {
    expectRefused({ year: undefined }, 'filter.year', /undefined .*\$exists: false/)
    expectRefused({ year: { $eq: undefined } }, 'filter.year.$eq', /undefined/)
    expectRefused({ year: { $in: [1, undefined] } }, 'filter.year.$in[1]', /undefined/)
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
    expectRefused({ year: { $in: [1, , 2] } }, 'filter.year.$in[1]', /undefined/)
    expectRefused({ $and: undefined }, 'filter.$and', /array of filters, got undefined/)
  })

  it('refuses a plain object, and proposes a dotted path', () => {
    expectRefused({ author: { name: 'Ann' } }, 'filter.author.name', /'author\.name'/)
    expectRefused({ year: { $gt: 3, less: 5 } }, 'filter.year.less', /operators only/)
    expectRefused({ author: { $eq: { name: 'Ann' } } }, 'filter.author.$eq', /dotted paths/)
  })

  it('refuses an array, and proposes $in or $all', () => {
    expectRefused({ tags: ['x'] }, 'filter.tags', /\$in .*\$all/)
    expectRefused({ tags: { $ne: ['x'] } }, 'filter.tags.$ne', /\$in .*\$all/)
    expectRefused({ tags: { $in: [['x']] } }, 'filter.tags.$in[0]', /\$in .*\$all/)
  })

  it('refuses an empty condition', () => {
    expectRefused({ year: {} }, 'filter.year', /empty/)
    expectRefused({ year: { $not: {} } }, 'filter.year.$not', /empty/)
  })

  it.each([
    ['a function', () => 1, /a function/],
    ['a symbol', Symbol('x'), /a symbol/],
    ['an invalid date', invalidDate, /invalid/],
    ['a Map', new Map(), /instance of Map/],
    ['a Set', new Set(), /instance of Set/],
    ['a regular expression', /x/, /instance of RegExp/],
    ['an ArrayBuffer', new ArrayBuffer(1), /instance of ArrayBuffer/],
    ['an instance of a class', new (class Film {})(), /instance of Film/],
    [
      'an instance of a class of typed arrays',
      new (class Codes extends Uint8Array {})(2),
      /instance of Codes/,
    ],
    ['an object that poses as a date', Object.create(Date.prototype), /instance of Date/],
    ['an object of no named class', Object.create({ film: 1 }), /with a prototype of its own/],
  ])('refuses %s', (_title, operand, message) => {
    expectRefused({ a: operand }, 'filter.a', message)
    expectRefused({ a: { $in: [operand] } }, 'filter.a.$in[0]', message)
  })

  it.each(['$gt', '$gte', '$lt', '$lte'])('%s refuses what has no order', (operator) => {
    for (const [operand, message] of [
      [Number.NaN, /NaN/],
      [invalidDate, /invalid/],
      [null, /null has no order/],
      [undefined, /undefined has no order/],
      [true, /true has no order/],
      [[1], /an array has no order/],
      [{}, /a plain object has no order/],
      [new Uint8Array(1), /instance of Uint8Array has no order/],
    ] as const) {
      expectRefused({ year: { [operator]: operand } }, `filter.year.${operator}`, message)
    }
  })

  it.each(['$in', '$nin', '$all'])('%s takes only an array', (operator) => {
    for (const operand of ['x', null, new Set(['x']), new Float64Array(2), { 0: 'x', length: 1 }]) {
      expectRefused({ a: { [operator]: operand } }, `filter.a.${operator}`, /expected an array/)
    }
  })

  it('$all refuses null', () => {
    expectRefused({ a: { $all: ['x', null] } }, 'filter.a.$all[1]', /null/)
  })

  it('$exists takes only a boolean', () => {
    for (const operand of [1, 'true', null, undefined]) {
      expectRefused({ a: { $exists: operand } }, 'filter.a.$exists', /true or false/)
    }
  })

  it('$not of a condition takes only operators', () => {
    expectRefused({ a: { $not: 3 } }, 'filter.a.$not', /\$ne/)
    expectRefused({ a: { $not: [3] } }, 'filter.a.$not', /\$nin/)
  })
})

describe('refused filters', () => {
  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a string', 'year > 3'],
    ['an array', [{ a: 1 }]],
    ['a function', () => true],
    ['a Map', new Map()],
    ['an instance of a class', new (class Film {})()],
    ['an object with a prototype of its own', Object.create({ a: 1 })],
  ])('refuses %s as a filter', (_title, filter) => {
    expectRefused(filter, 'filter', /expected a plain object/)
    expectRefused({ $or: [{}, filter] }, 'filter.$or[1]', /expected a plain object/)
    expectRefused({ $not: filter }, 'filter.$not', /expected a plain object/)
  })

  it('$and and $or take only arrays', () => {
    expectRefused({ $and: { a: 1 } }, 'filter.$and', /array of filters/)
    expectRefused({ $or: new Set() }, 'filter.$or', /array of filters/)
    expectRefused({ $or: new Array(1) }, 'filter.$or[0]', /undefined/)
  })

  it.each(['$nor', '$regex', '$elemMatch', '$size', '$near', '$GT', '$'])(
    'refuses the unknown operator %s and lists the known ones',
    (operator) => {
      const known = ['$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$in', '$nin', '$exists', '$all']
      for (const filter of [{ a: { [operator]: 1 } }, { [operator]: [{ a: 1 }] }]) {
        const { code, message } = refusal(filter)
        expect(code).toBe('BAD_FILTER')
        expect(message).toContain(`unknown operator ${operator}:`)
        for (const name of [...known, '$and', '$or', '$not', '$id']) expect(message).toContain(name)
      }
    },
  )

  it('refuses an operator in the wrong place, and says which is the right one', () => {
    expectRefused({ $gt: 3 }, 'filter.$gt', /inside the condition of a field/)
    expectRefused({ year: { $or: [{ $gt: 3 }] } }, 'filter.year.$or', /beside the fields/)
    expectRefused({ year: { $id: 3 } }, 'filter.year.$id', /beside the fields/)
  })

  it('refuses path segments that start with $', () => {
    expectRefused({ 'year.$gt': 3 }, 'filter.year.$gt', /unknown operator \$gt/)
    expectRefused({ '$id.x': 3 }, 'filter.$id.x', /unknown operator \$id/)
  })

  it.each(['', '.', 'a.', '.a', 'a..b'])('refuses the path "%s", which has an empty segment', (path) => {
    expectRefused({ [path]: 1 }, `filter.${path}`, /empty segment/)
  })

  it('refuses symbols as keys', () => {
    expectRefused({ [Symbol('a')]: 1 }, 'filter', /symbol/)
    expectRefused({ a: { $gt: 1, [Symbol('a')]: 1 } }, 'filter.a', /symbol/)
  })

  it('names the place in a nested filter', () => {
    const filter = { $or: [{ a: 1 }, { $and: [{ tags: { $not: { $in: [1, []] } } }] }] }
    expect(refusal(filter).path).toBe('filter.$or[1].$and[0].tags.$not.$in[1]')
  })

  it('begins paths with the name that the caller gives', () => {
    expect(() => parseFilter({ a: undefined }, 'options.filter')).toThrow(
      expect.objectContaining({ code: 'BAD_FILTER', path: 'options.filter.a' }),
    )
  })
})

describe('depth', () => {
  it('takes 64 levels, and refuses one more', () => {
    expect(MAX_FILTER_DEPTH).toBe(64)
    expect(parseFilter(nested(64))).toEqual({ kind: 'eq', path: 'a', operand: 1 })
    expect(refusal(nested(65)).message).toMatch(/deeper than 64 levels/)
  })

  it('counts $not of conditions as levels', () => {
    let condition: object = { $gt: 1 }
    for (let level = 1; level < 64; level++) condition = { $not: condition }
    expect(parseFilter({ a: condition }).kind).toBe('not')
    expect(refusal({ a: { $not: condition } }).message).toMatch(/deeper than 64 levels/)
    expect(refusal({ $and: [{ a: condition }] }).code).toBe('BAD_FILTER')
  })

  it('refuses cycles instead of overflowing the stack', () => {
    const filter: { $or?: unknown } = {}
    filter.$or = [filter, filter]
    expect(refusal(filter).message).toMatch(/deeper than 64 levels/)
    const condition: { $not?: unknown } = {}
    condition.$not = condition
    expect(refusal({ a: condition }).message).toMatch(/deeper than 64 levels/)
  })

  it('refuses a filter of 100,000 levels', () => {
    expect(refusal(nested(100_000)).message).toMatch(/deeper than 64 levels/)
  })
})
