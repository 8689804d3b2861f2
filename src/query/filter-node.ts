/** A single value that metadata is compared with. Dates and views are private copies. */
export type Scalar = string | number | boolean | bigint | Date | ArrayBufferView | null

/** A value that has an order; only values of the same type are ever ordered. Never NaN, never an invalid date. */
export type Ordinal = string | number | bigint | Date

export type OrderOperator = 'gt' | 'gte' | 'lt' | 'lte'

/** The path whose single value is the record's id; no metadata path starts with `$`. */
export const ID_PATH = '$id'

/**
 * One question about the values of one path. Every leaf is positive: it holds when some value matches. `$ne`, `$nin`
 * and `$exists: false` are parsed into `not` over a leaf, `$all` into `and` over `eq` leaves.
 *
 * `path` is dotted as the user wrote it, so it can be looked up among the indexed fields, or is {@link ID_PATH}.
 */
export type FilterLeaf =
  /** Some value equals the operand; for null also a path that is missing. */
  | { readonly kind: 'eq'; readonly path: string; readonly operand: Scalar }
  /** `eq` with one of the operands, of which there is at least one. */
  | { readonly kind: 'in'; readonly path: string; readonly operands: readonly Scalar[] }
  /** Some value has the operand's type and stands in this order to it. */
  | { readonly kind: OrderOperator; readonly path: string; readonly operand: Ordinal }
  /** The path is not missing. */
  | { readonly kind: 'exists'; readonly path: string }

/**
 * A parsed filter. Constants are folded away, so `true` and `false` occur only as the whole filter; `and` and `or`
 * have at least two nodes, none of their own kind; `not` never holds another `not`.
 */
export type FilterNode =
  | { readonly kind: 'true' }
  | { readonly kind: 'false' }
  | { readonly kind: 'and'; readonly nodes: readonly FilterNode[] }
  | { readonly kind: 'or'; readonly nodes: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly node: FilterNode }
  | FilterLeaf

export const TRUE: FilterNode = { kind: 'true' }
export const FALSE: FilterNode = { kind: 'false' }

export function and(nodes: readonly FilterNode[]): FilterNode {
  return combine('and', nodes, TRUE, FALSE)
}

export function or(nodes: readonly FilterNode[]): FilterNode {
  return combine('or', nodes, FALSE, TRUE)
}

export function not(node: FilterNode): FilterNode {
  if (node.kind === 'true') return FALSE
  if (node.kind === 'false') return TRUE
  return node.kind === 'not' ? node.node : { kind: 'not', node }
}

/** `neutral` changes nothing and is the value of no nodes at all; one `dominant` node decides the whole. */
function combine(
  kind: 'and' | 'or',
  nodes: readonly FilterNode[],
  neutral: FilterNode,
  dominant: FilterNode,
): FilterNode {
  const flat = nodes.flatMap((node) => (node.kind === kind ? node.nodes : [node]))
  if (flat.some((node) => node.kind === dominant.kind)) return dominant
  const rest = flat.filter((node) => node.kind !== neutral.kind)
  if (rest.length === 0) return neutral
  return rest.length === 1 ? rest[0]! : { kind, nodes: rest }
}
