import { isDate } from 'node:util/types'
import type { Id } from '../types.ts'
import { viewName } from '../validate/built-in.ts'
import type { OrderOperator, Ordinal, Scalar } from './filter-node.ts'

/** Whether one metadata value matches; values of any type may be passed. */
export type ValueTest = (value: unknown) => boolean

/**
 * Equality of type and value: NaN equals NaN, 0 equals −0, 1 differs from 1n; dates by time; typed arrays and DataViews
 * by constructor and bytes.
 */
export function equalTo(operand: Scalar): ValueTest {
  if (isDate(operand)) {
    const time = operand.getTime()
    return (value) => isDate(value) && value.getTime() === time
  }
  if (isView(operand)) return (value) => isView(value) && sameBytes(operand, value)
  if (Number.isNaN(operand)) return Number.isNaN
  return (value) => value === operand
}

/** {@link equalTo} any one of the operands, in time independent of the number of primitives and dates among them. */
export function equalToAny(operands: readonly Scalar[]): ValueTest {
  // Set members are compared by SameValueZero, which is our equality of primitives.
  const primitives = new Set<unknown>()
  const times = new Set<number>()
  const views: ArrayBufferView[] = []
  for (const operand of operands) {
    if (isDate(operand)) times.add(operand.getTime())
    else if (isView(operand)) views.push(operand)
    else primitives.add(operand)
  }
  return (value) => {
    if (typeof value !== 'object' || value === null) return primitives.has(value)
    if (isDate(value)) return times.has(value.getTime())
    return isView(value) && views.some((view) => sameBytes(view, value))
  }
}

/** Order within one type: numbers and bigints by value, dates by time, strings by {@link compareStrings}. */
export function inOrder(operator: OrderOperator, operand: Ordinal): ValueTest {
  const holds: Relation = RELATIONS[operator]
  if (isDate(operand)) {
    const time = operand.getTime()
    return (value) => isDate(value) && holds(value.getTime(), time)
  }
  if (typeof operand === 'number') return (value) => typeof value === 'number' && holds(value, operand)
  if (typeof operand === 'bigint') return (value) => typeof value === 'bigint' && holds(value, operand)
  if (ORDERED_DIFFERENTLY.test(operand)) {
    return (value) => typeof value === 'string' && holds(compareStrings(value, operand), 0)
  }
  return (value) => typeof value === 'string' && holds(value, operand)
}

/**
 * Orders well-formed strings by code point, which is the order of their UTF-8 bytes: negative, zero or positive as
 * `a` stands before, at or after `b`. A lone surrogate stands where the pairs do, after U+FFFF.
 */
export function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const unitOfA = a.charCodeAt(i)
    const unitOfB = b.charCodeAt(i)
    if (unitOfA !== unitOfB) return rankOfUnit(unitOfA) - rankOfUnit(unitOfB)
  }
  return a.length - b.length
}

/** The order of ids: integers by value, before strings by {@link compareStrings}. */
export function compareIds(a: Id, b: Id): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1
  return typeof b === 'number' ? 1 : compareStrings(a, b)
}

/** Moves surrogates (U+D800–U+DFFF), halves of code points above U+FFFF, behind U+E000–U+FFFF. */
function rankOfUnit(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

/** Without such a unit in the operand the built-in order, by UTF-16 units, agrees with ours and is faster. */
const ORDERED_DIFFERENTLY = /[\ud800-\uffff]/

type Relation = <T extends number | bigint | string>(a: T, b: T) => boolean

const RELATIONS: Readonly<Record<OrderOperator, Relation>> = {
  gt: (a, b) => a > b,
  gte: (a, b) => a >= b,
  lt: (a, b) => a < b,
  lte: (a, b) => a <= b,
}

function isView(value: unknown): value is ArrayBufferView {
  return ArrayBuffer.isView(value)
}

function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return (
    viewName(a) === viewName(b) &&
    Buffer.isBuffer(a) === Buffer.isBuffer(b) &&
    a.byteLength === b.byteLength &&
    Buffer.compare(bytesOf(a), bytesOf(b)) === 0
  )
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}
