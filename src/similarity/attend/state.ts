import type { NativeStore } from '../../native.ts'
import type { Source } from '../../source.ts'
import type { Head } from './heads.ts'
import { checkValues, valueWindow } from './heads.ts'
import { MemberScan, type Members } from './members.ts'
import type { Pass } from './pass.ts'
import type { AttendRequest } from './request.ts'

/** A call, and the heads of all its queries: those of the first, then those of the second, and so on. */
export interface Call {
  readonly source: Source
  readonly request: AttendRequest
  readonly heads: readonly Omit<Head, 'values'>[]
}

/** What an attempt is based on: collections at one moment. */
export interface State {
  readonly since: number
  readonly vectors: NativeStore
  readonly live: number
  /** The records that take part; undefined for all. */
  readonly members: Members | undefined
  readonly heads: readonly Head[]
  readonly values: Exclude<Pass['values'], 'none'>
  /** Components of a value. */
  readonly components: number
  /** Whether all is still as it was. */
  holds(): boolean
}

/** Looks for those that take part; undefined where that needs no look at records. */
export function memberScan({ source, request: { test, values } }: Call): MemberScan | undefined {
  if (test === undefined && values.kind === 'own') return undefined
  return new MemberScan(source, test, values)
}

/** Brings in all commits that happened before, in slices. */
export async function catchUp({ source, request: { values } }: Call): Promise<void> {
  await source.replica.catchUp()
  if (values.kind === 'collection') await values.source.replica.catchUp()
}

/**
 * The state as it is now, without a pause. Undefined when it can not be told whether what a scan has found is of now.
 *
 * @throws SkalarError as `checkValues`
 */
export function settle({ source, request, heads }: Call, scan: MemberScan | undefined): State | undefined {
  const { values } = request
  const other = values.kind === 'collection' ? values.source : undefined
  other?.replica.catchUpSync()
  const { replica } = source
  const { live } = replica.catchUpSync()
  // Another commit may have come between.
  if (other !== undefined && other.replica.state().position !== other.replica.position) return undefined
  const members = scan?.settle()
  if (scan !== undefined && members === undefined) return undefined
  const components = componentsOf(source, request, scan)
  // Without any record there is nothing to be of the wrong size.
  if (components > 0) checkValues(request, components)
  const { vectors, position: since } = replica
  const others = other && { vectors: other.replica.vectors, position: other.replica.position }
  return {
    since,
    vectors,
    live,
    members,
    heads: heads.map((head, i) => ({
      ...head,
      values: valueWindow(request, i % request.heads, components),
    })),
    values: valuesOf(request, scan),
    components,
    holds: () =>
      replica.vectors === vectors &&
      replica.position === since &&
      (other === undefined ||
        (other.replica.vectors === others!.vectors && other.replica.position === others!.position)),
  }
}

function componentsOf(source: Source, { values }: AttendRequest, scan: MemberScan | undefined): number {
  if (values.kind === 'field') return scan!.fields!.components
  return (values.kind === 'own' ? source : values.source).definition.dimension
}

function valuesOf({ values }: AttendRequest, scan: MemberScan | undefined): State['values'] {
  if (values.kind === 'own') return 'own'
  if (values.kind === 'collection') return { from: values.source.replica.vectors, stride: 0 }
  return { from: scan!.fields!.rows, stride: scan!.fields!.stride }
}
