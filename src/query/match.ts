import type { Id } from '../types.ts'
import { isPlainObject } from '../validate/plain-object.ts'
import type { ValueTest } from './compare.ts'
import { equalTo, equalToAny, inOrder } from './compare.ts'
import type { FilterLeaf, FilterNode } from './filter-node.ts'
import { ID_PATH } from './filter-node.ts'

/** Whether the record with this id and this metadata, as it was decoded from the store, passes a filter. */
export type RecordTest = (id: Id, metadata: Readonly<Record<string, unknown>>) => boolean

/** Compiles a filter into closures: work that depends only on the filter is done here, once. */
export function compileFilter(node: FilterNode): RecordTest {
  switch (node.kind) {
    case 'true':
      return () => true
    case 'false':
      return () => false
    case 'and':
      return allOf(node.nodes.map(compileFilter))
    case 'or':
      return anyOf(node.nodes.map(compileFilter))
    case 'not':
      return noneOf(compileFilter(node.node))
    default:
      return compileLeaf(node)
  }
}

function allOf(tests: readonly RecordTest[]): RecordTest {
  return (id, metadata) => {
    for (const test of tests) if (!test(id, metadata)) return false
    return true
  }
}

function anyOf(tests: readonly RecordTest[]): RecordTest {
  return (id, metadata) => {
    for (const test of tests) if (test(id, metadata)) return true
    return false
  }
}

function noneOf(test: RecordTest): RecordTest {
  return (id, metadata) => !test(id, metadata)
}

/** What became of a path; a later one overrides an earlier one when several elements of an array are walked. */
type Outcome = typeof MISSING | typeof REACHED | typeof MATCHED
const MISSING = 0
/** Something is there, and none of its values matches. */
const REACHED = 1
const MATCHED = 2

function compileLeaf(leaf: FilterLeaf): RecordTest {
  const follow = outcomeOf(leaf.path, valueTestOf(leaf))
  if (leaf.kind === 'exists') return (id, metadata) => follow(id, metadata) !== MISSING
  if (holdsForMissing(leaf)) return (id, metadata) => follow(id, metadata) !== REACHED
  return (id, metadata) => follow(id, metadata) === MATCHED
}

function valueTestOf(leaf: FilterLeaf): ValueTest {
  switch (leaf.kind) {
    case 'eq':
      return equalTo(leaf.operand)
    case 'in':
      return equalToAny(leaf.operands)
    case 'exists':
      return () => true
    default:
      return inOrder(leaf.kind, leaf.operand)
  }
}

function holdsForMissing(leaf: FilterLeaf): boolean {
  return (leaf.kind === 'eq' && leaf.operand === null) || (leaf.kind === 'in' && leaf.operands.includes(null))
}

function outcomeOf(
  path: string,
  test: ValueTest,
): (id: Id, metadata: Readonly<Record<string, unknown>>) => Outcome {
  if (path === ID_PATH) return (id) => judge(id, test)
  const segments = path.split('.')
  return (_id, metadata) => walk(metadata, segments, 0, test)
}

/** Follows `segments` from the one at `start`, through own properties of plain objects and elements of arrays. */
function walk(from: unknown, segments: readonly string[], start: number, test: ValueTest): Outcome {
  let value = from
  for (let i = start; i < segments.length; i++) {
    if (Array.isArray(value)) return walkElements(value, segments, i, test)
    const segment = segments[i]!
    if (!isPlainObject(value) || !Object.hasOwn(value, segment)) return MISSING
    value = value[segment]
  }
  return judge(value, test)
}

function walkElements(
  elements: readonly unknown[],
  segments: readonly string[],
  start: number,
  test: ValueTest,
): Outcome {
  let outcome: Outcome = MISSING
  for (const element of elements) {
    if (Array.isArray(element)) continue
    const reached = walk(element, segments, start, test)
    if (reached === MATCHED) return MATCHED
    if (reached === REACHED) outcome = REACHED
  }
  return outcome
}

/** The value at the end of a path stands for itself, an array for its elements. */
function judge(value: unknown, test: ValueTest): Outcome {
  if (value === undefined) return MISSING
  if (!Array.isArray(value)) return test(value) ? MATCHED : REACHED
  for (const element of value) if (test(element)) return MATCHED
  return REACHED
}
