import { isArray } from '../validate/built-in.ts'
import { describe } from '../validate/describe.ts'
import { mapItems } from '../validate/items.ts'
import { isPlainObject } from '../validate/plain-object.ts'
import type { FilterNode } from './filter-node.ts'
import { and, FALSE, ID_PATH, not, or } from './filter-node.ts'
import { ordinal, refuse, scalar, scalars } from './operand.ts'

export type { FilterLeaf, FilterNode, OrderOperator, Ordinal, Scalar } from './filter-node.ts'

/** Levels of `$and`, `$or` and `$not` that may stand one in another, the whole filter being the first. */
export const MAX_FILTER_DEPTH = 64

/**
 * Checks a filter and turns it into nodes. Operands are copied: changing the argument afterwards has no effect.
 *
 * @param path what error paths begin with
 * @throws SkalarError `BAD_FILTER`, with the `path` of the offending place, for example `filter.$or[1].year.$gt`
 */
export function parseFilter(filter: unknown, path = 'filter'): FilterNode {
  return parseLevel(filter, path, 1)
}

/**
 * Whether the filter is constant: every record matches, whatever its id and metadata. So are `{}`, `{ $and: [] }`,
 * `{ $and: [{}] }`, and a condition on nothing such as `{ year: { $nin: [] } }`.
 */
export function isEmptyFilter(node: FilterNode): boolean {
  return node.kind === 'true'
}

/** Where an operand stands: the path it is compared with, and its place in the filter for messages. */
interface Place {
  readonly field: string
  readonly path: string
  readonly depth: number
}

type FilterParser = (operand: unknown, path: string, depth: number) => FilterNode
type ConditionParser = (operand: unknown, place: Place) => FilterNode

const FILTER_OPERATORS: ReadonlyMap<string, FilterParser> = new Map<string, FilterParser>([
  ['$and', (operand, path, depth) => and(parseBranches(operand, path, depth))],
  ['$or', (operand, path, depth) => or(parseBranches(operand, path, depth))],
  ['$not', (operand, path, depth) => not(parseLevel(operand, path, depth + 1))],
  [ID_PATH, (operand, path, depth) => parseCondition(operand, { field: ID_PATH, path, depth })],
])

const CONDITION_OPERATORS: ReadonlyMap<string, ConditionParser> = new Map<string, ConditionParser>([
  ['$eq', parseEqual],
  ['$ne', (operand, place) => not(parseEqual(operand, place))],
  ['$gt', (operand, { field, path }) => ({ kind: 'gt', path: field, operand: ordinal(operand, path) })],
  ['$gte', (operand, { field, path }) => ({ kind: 'gte', path: field, operand: ordinal(operand, path) })],
  ['$lt', (operand, { field, path }) => ({ kind: 'lt', path: field, operand: ordinal(operand, path) })],
  ['$lte', (operand, { field, path }) => ({ kind: 'lte', path: field, operand: ordinal(operand, path) })],
  ['$in', parseIn],
  ['$nin', (operand, place) => not(parseIn(operand, place))],
  ['$all', parseAll],
  ['$exists', parseExists],
  ['$not', parseNotCondition],
])

const IN_CONDITION = [...CONDITION_OPERATORS.keys()].join(' ')
const BESIDE_FIELDS = [...FILTER_OPERATORS.keys()].join(' ')

function parseLevel(filter: unknown, path: string, depth: number): FilterNode {
  checkDepth(depth, path)
  if (!isPlainObject(filter)) {
    refuse(path, `expected a plain object such as { year: 1999 }, got ${describe(filter)}`)
  }
  return and(
    keysOf(filter, path).map((key) => {
      const operand = filter[key]
      const place = `${path}.${key}`
      const parse = FILTER_OPERATORS.get(key)
      if (parse !== undefined) return parse(operand, place, depth)
      checkField(key, place)
      return parseCondition(operand, { field: key, path: place, depth })
    }),
  )
}

function parseBranches(operand: unknown, path: string, depth: number): FilterNode[] {
  if (!isArray(operand)) refuse(path, `expected an array of filters, got ${describe(operand)}`)
  return mapItems(operand, (branch, i) => parseLevel(branch, `${path}[${i}]`, depth + 1))
}

function checkDepth(depth: number, path: string): void {
  if (depth > MAX_FILTER_DEPTH) {
    refuse(path, `nested deeper than ${MAX_FILTER_DEPTH} levels: flatten $and and $or, and look for a cycle`)
  }
}

function checkField(field: string, path: string): void {
  if (CONDITION_OPERATORS.has(field)) {
    refuse(path, `${field} belongs inside the condition of a field, as in { year: { ${field}: … } }`)
  }
  for (const segment of field.split('.')) {
    if (segment === '') refuse(path, `"${field}" has an empty segment: part names by single dots`)
    if (segment.startsWith('$')) refuseUnknown(segment, path)
  }
}

/** A bare operand means `$eq`; an object holds operators, each judged by itself. */
function parseCondition(condition: unknown, place: Place): FilterNode {
  if (!isPlainObject(condition)) return parseEqual(condition, place)
  const { field, path, depth } = place
  const keys = keysOf(condition, path)
  if (keys.length === 0) refuse(path, 'the condition is empty: give a value, or operators such as { $gt: 3 }')
  return and(
    keys.map((key) => {
      const parse = CONDITION_OPERATORS.get(key) ?? refuseOperator(key, place)
      return parse(condition[key], { field, path: `${path}.${key}`, depth })
    }),
  )
}

function refuseOperator(key: string, place: Place): never {
  const { field } = place
  const path = `${place.path}.${key}`
  if (!key.startsWith('$')) {
    refuse(
      path,
      `a plain object is no operand: use the dotted path { '${field}.${key}': … }, or operators only`,
    )
  }
  if (FILTER_OPERATORS.has(key)) refuse(path, `${key} belongs beside the fields, not in the condition of one`)
  return refuseUnknown(key, path)
}

function refuseUnknown(operator: string, path: string): never {
  return refuse(
    path,
    `unknown operator ${operator}: in a condition stand ${IN_CONDITION}; beside fields ${BESIDE_FIELDS}`,
  )
}

function parseEqual(operand: unknown, { field, path }: Place): FilterNode {
  return { kind: 'eq', path: field, operand: scalar(operand, path) }
}

function parseIn(operand: unknown, { field, path }: Place): FilterNode {
  const operands = scalars(operand, path)
  return operands.length === 0 ? FALSE : { kind: 'in', path: field, operands }
}

function parseAll(operand: unknown, { field, path }: Place): FilterNode {
  const operands = scalars(operand, path)
  const empty = operands.indexOf(null)
  if (empty !== -1) refuse(`${path}[${empty}]`, 'null is no operand of $all: add $eq: null to the condition')
  return operands.length === 0
    ? FALSE
    : and(operands.map((each) => ({ kind: 'eq', path: field, operand: each })))
}

function parseExists(operand: unknown, { field, path }: Place): FilterNode {
  if (typeof operand !== 'boolean') refuse(path, `expected true or false, got ${describe(operand)}`)
  const exists: FilterNode = { kind: 'exists', path: field }
  return operand ? exists : not(exists)
}

function parseNotCondition(operand: unknown, { field, path, depth }: Place): FilterNode {
  if (!isPlainObject(operand)) {
    refuse(
      path,
      `expected operators such as { $gt: 3 }, got ${describe(operand)}: use $ne or $nin to exclude values`,
    )
  }
  checkDepth(depth + 1, path)
  return not(parseCondition(operand, { field, path, depth: depth + 1 }))
}

function keysOf(object: object, path: string): string[] {
  if (Object.getOwnPropertySymbols(object).length > 0)
    refuse(path, 'a symbol is no key of a filter: use strings')
  return Object.keys(object)
}
