import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareStrings } from '../src/query/compare.ts'
import type { FilterNode } from '../src/query/filter.ts'
import { isEmptyFilter, parseFilter } from '../src/query/filter.ts'
import { compileFilter } from '../src/query/match.ts'
import type { Id } from '../src/types.ts'

type Filter = Record<string, unknown>
type Metadata = Record<string, unknown>

const RUNS = 8_000

function matches(filter: Filter, id: Id, metadata: Metadata): boolean {
  return compileFilter(parseFilter(filter))(id, metadata)
}

// The reference: docs/filters.md sentence by sentence, without a thought for speed.

function expectedMatch(filter: Filter, id: Id, metadata: Metadata): boolean {
  return Object.entries(filter).every(([key, operand]) => {
    const branches = () => (operand as Filter[]).map((branch) => expectedMatch(branch, id, metadata))
    if (key === '$and') return !branches().includes(false)
    if (key === '$or') return branches().includes(true)
    if (key === '$not') return !expectedMatch(operand as Filter, id, metadata)
    return expectedCondition(operand, key === '$id' ? [id] : reached(metadata, key.split('.')))
  })
}

/** Everything at the end of the path, arrays whole; empty when the path is missing. */
function reached(value: unknown, segments: readonly string[]): unknown[] {
  const [segment, ...rest] = segments
  if (segment === undefined) return value === undefined ? [] : [value]
  if (Array.isArray(value)) {
    return value.flatMap((element) => (Array.isArray(element) ? [] : reached(element, segments)))
  }
  if (!isObject(value) || !Object.keys(value).includes(segment)) return []
  return reached(value[segment], rest)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]'
}

function expectedCondition(condition: unknown, ends: readonly unknown[]): boolean {
  if (!isObject(condition)) return expectedOperator('$eq', condition, ends)
  return Object.entries(condition).every(([operator, operand]) => expectedOperator(operator, operand, ends))
}

function expectedOperator(operator: string, operand: unknown, ends: readonly unknown[]): boolean {
  const operands = operand as unknown[]
  const equal = (to: unknown) => expectedOperator('$eq', to, ends)
  const values = ends.flat()
  switch (operator) {
    case '$eq':
      return (operand === null && ends.length === 0) || values.some((value) => expectedEqual(value, operand))
    case '$in':
      return operands.some(equal)
    case '$all':
      return operands.length > 0 && operands.every(equal)
    case '$exists':
      return ends.length > 0 === operand
    case '$ne':
      return !equal(operand)
    case '$nin':
      return !operands.some(equal)
    case '$not':
      return !expectedCondition(operand, ends)
    default:
      return values.some((value) => expectedOrder(operator, value, operand))
  }
}

function expectedEqual(a: unknown, b: unknown): boolean {
  if (isObject(a) || a instanceof Map || a instanceof Set || Array.isArray(a)) return false
  if (a === 0 && b === 0) return true
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) {
    return a.constructor === b.constructor && bytesOf(a).equals(bytesOf(b))
  }
  return isDeepStrictEqual(a, b)
}

function bytesOf(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength)
}

function expectedOrder(operator: string, value: unknown, operand: unknown): boolean {
  const order = orderOf(value, operand)
  if (order === undefined) return false
  return { $gt: order > 0, $gte: order >= 0, $lt: order < 0, $lte: order <= 0 }[operator]!
}

function orderOf(a: unknown, b: unknown): number | undefined {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  if (a instanceof Date && b instanceof Date) return orderOf(a.getTime(), b.getTime())
  const numeric =
    (typeof a === 'number' && typeof b === 'number') || (typeof a === 'bigint' && typeof b === 'bigint')
  if (!numeric) return undefined
  if (a < b) return -1
  if (a > b) return 1
  return a === b ? 0 : undefined
}

// Generators: few keys and few values, so that conditions meet values often.

const text = fc.constantFrom('', 'a', 'b', 'ab', '\ue000', '\uffff', '😀', '😁', 'a😀', 'a\uffff')
const finite = fc.constantFrom(-0, 0, 1, 2, 2.5, Infinity)
const bigints = fc.constantFrom(0n, 1n, 2n)
const date = fc.constantFrom(0, 1, 2).map((time) => new Date(time))
const view = fc
  .constantFrom([], [0], [1])
  .chain((bytes) =>
    fc.constantFrom<ArrayBufferView>(Uint8Array.from(bytes), Int8Array.from(bytes), Buffer.from(bytes)),
  )
const ordered = fc.oneof(text, finite, bigints, date)
const present = fc.oneof(ordered, ordered, fc.boolean(), fc.constant(Number.NaN), view)
const operand = fc.oneof({ weight: 5, arbitrary: present }, { weight: 1, arbitrary: fc.constant(null) })
const key = fc.constantFrom('a', 'b', 'c', 'constructor')
const field = fc.constantFrom(
  'a',
  'b',
  'c',
  'a.b',
  'b.c',
  'a.b.c',
  'c.c',
  'a.0',
  'constructor',
  'a.constructor.name',
)
const id = fc.oneof(fc.constantFrom('a', 'b', '😀'), fc.constantFrom(0, 1, 2))

const { metadata } = fc.letrec<{ value: unknown; metadata: Metadata }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 4, arbitrary: operand },
    {
      weight: 1,
      arbitrary: fc.constantFrom(undefined, new Map([['b', 1]]), new Set([1]), new Date(Number.NaN)),
    },
    { weight: 3, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
    { weight: 4, arbitrary: tie('metadata') },
  ),
  metadata: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: false }),
}))

const { condition } = fc.letrec<{ operators: Filter; condition: unknown }>((tie) => ({
  operators: fc
    .record(
      {
        $eq: operand,
        $ne: operand,
        $gt: ordered,
        $gte: ordered,
        $lt: ordered,
        $lte: ordered,
        $in: fc.array(operand, { maxLength: 4 }),
        $nin: fc.array(operand, { maxLength: 4 }),
        $all: fc.array(present, { maxLength: 2 }),
        $exists: fc.boolean(),
        $not: fc.oneof({ maxDepth: 2 }, fc.constant({ $gt: 1 }), tie('operators')),
      },
      { requiredKeys: [] },
    )
    .chain((all) => fc.subarray(Object.entries(all), { maxLength: 2 }))
    .map((entries) => (entries.length === 0 ? { $exists: true } : Object.fromEntries(entries))),
  condition: fc.oneof(operand, tie('operators'), tie('operators')),
}))

const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: fc.dictionary(field, condition, { minKeys: 0, maxKeys: 2 }) },
    { weight: 1, arbitrary: fc.record({ $id: condition }) },
    { weight: 1, arbitrary: fc.record({ $not: tie('filter') }) },
    { weight: 1, arbitrary: fc.record({ $and: fc.array(tie('filter'), { maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ $or: fc.array(tie('filter'), { maxLength: 3 }) }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(field, condition, fc.array(tie('filter'), { maxLength: 2 }))
        .map(([path, one, branches]) => ({
          [path]: one,
          $or: branches,
        })),
    },
  ),
}))

function check<T extends [unknown, ...unknown[]]>(
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  law: (...values: T) => void,
  numRuns = RUNS / 4,
): void {
  fc.assert(fc.property(...arbitraries, law), { numRuns })
}

describe('a compiled filter', () => {
  it('decides as the naive reference does, with both outcomes common', () => {
    let matched = 0
    check(
      [filter, id, metadata],
      (f, i, m) => {
        const expected = expectedMatch(f, i, m)
        expect(matches(f, i, m)).toBe(expected)
        if (expected) matched++
      },
      RUNS,
    )
    expect(matched).toBeGreaterThan(RUNS / 5)
    expect(matched).toBeLessThan((RUNS * 4) / 5)
  })

  it('decides single conditions as the naive reference does', () => {
    check(
      [field, condition, metadata],
      (path, c, m) => {
        expect(matches({ [path]: c }, 'a', m)).toBe(expectedMatch({ [path]: c }, 'a', m))
      },
      RUNS,
    )
  })

  it('of $not is the exact complement', () => {
    check([filter, id, metadata], (f, i, m) => {
      expect(matches({ $not: f }, i, m)).toBe(!matches(f, i, m))
    })
  })

  it('of $ne, $nin, $exists: false and $not in a condition is the exact complement', () => {
    check([field, operand, fc.array(operand), metadata], (path, one, list, m) => {
      const holds = (c: unknown) => matches({ [path]: c }, 'a', m)
      expect(holds({ $ne: one })).toBe(!holds(one))
      expect(holds({ $nin: list })).toBe(!holds({ $in: list }))
      expect(holds({ $exists: false })).toBe(!holds({ $exists: true }))
      expect(holds({ $not: { $eq: one, $in: list } })).toBe(!holds({ $eq: one, $in: list }))
    })
  })

  it('obeys the laws of De Morgan', () => {
    check([fc.array(filter, { maxLength: 4 }), id, metadata], (branches, i, m) => {
      const negated = branches.map((branch) => ({ $not: branch }))
      expect(matches({ $not: { $and: branches } }, i, m)).toBe(matches({ $or: negated }, i, m))
      expect(matches({ $not: { $or: branches } }, i, m)).toBe(matches({ $and: negated }, i, m))
    })
  })

  it('of $in is the $or of $eq, and of $all the $and, unless there are no operands', () => {
    check([field, fc.array(present, { minLength: 1, maxLength: 4 }), metadata], (path, list, m) => {
      const each = list.map((one) => ({ [path]: one }))
      expect(matches({ [path]: { $in: list } }, 'a', m)).toBe(matches({ $or: each }, 'a', m))
      expect(matches({ [path]: { $all: list } }, 'a', m)).toBe(matches({ $and: each }, 'a', m))
    })
  })
})

describe('a parsed filter', () => {
  function expectNormal(node: FilterNode, parent?: FilterNode['kind']): void {
    if (parent !== undefined)
      expect(['true', 'false', parent === 'in' ? '' : parent]).not.toContain(node.kind)
    if (node.kind === 'not') expectNormal(node.node, 'not')
    if (node.kind !== 'and' && node.kind !== 'or') return
    expect(node.nodes.length).toBeGreaterThan(1)
    for (const each of node.nodes) expectNormal(each, node.kind)
  }

  it('is folded: no inner constants, no `not` of `not`, no node directly in one of its kind', () => {
    check([filter], (f) => expectNormal(parseFilter(f)))
  })

  it('that is empty matches every record', () => {
    check([filter.filter((f) => isEmptyFilter(parseFilter(f))), id, metadata], (f, i, m) => {
      expect(expectedMatch(f, i, m)).toBe(true)
    })
  })
})

describe('the order of strings', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom('a', '\u07ff', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}'),
      maxLength: 4,
    }),
  )

  it('is the order of their UTF-8 bytes', () => {
    check([anyText, anyText], (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b))
      expect(Math.sign(compareStrings(a, b))).toBe(expected)
      expect(matches({ s: { $lt: b } }, 'a', { s: a })).toBe(expected < 0)
      expect(matches({ s: { $gte: b } }, 'a', { s: a })).toBe(expected >= 0)
    })
  })

  it('is total for ill-formed strings too: zero only for equal ones, and antisymmetric', () => {
    const units = fc.string({
      unit: fc.constantFrom('a', '\ud83d', '\ude00', '\ue000', '\uffff'),
      maxLength: 4,
    })
    check([units, units], (a, b) => {
      expect(compareStrings(a, b) === 0).toBe(a === b)
      expect(Math.sign(compareStrings(a, b)) + Math.sign(compareStrings(b, a))).toBe(0)
    })
  })
})
