import type { Source } from '../../source.ts'
import { decodeId } from '../../store/keys.ts'
import { idsBehind, knownRecordAt } from '../../store/records.ts'
import { SLICE_MS } from '../../turns.ts'
import type { Id } from '../../types.ts'

/** A record that takes part, at one moment. */
export interface Member {
  readonly id: Id
  readonly slot: number
}

export interface MemberPage {
  readonly members: readonly Member[]
  /** The id to go on behind; undefined at the end. */
  readonly last: Id | undefined
}

/**
 * The next records behind an id in order of ids, up to `limit` or for a slice, as far as their slots are allowed (ascending;
 * undefined: all are). LMDB and the replica must show one state.
 */
export function membersBehind(
  { environment, replica }: Source,
  behind: Id | undefined,
  allowed: Uint32Array | undefined,
  limit: number,
): MemberPage {
  const entries = idsBehind(environment, replica.number, behind, limit)
  const members: Member[] = []
  const end = performance.now() + SLICE_MS
  for (const [i, { id: bytes, ordinal }] of entries.entries()) {
    const id = decodeId(bytes)
    const { slot } = knownRecordAt(environment, replica.number, ordinal)
    if (allowed === undefined || holds(allowed, slot)) members.push({ id, slot })
    const more = i + 1 < entries.length || entries.length === limit
    if (more && performance.now() >= end) return { members, last: id }
  }
  return { members, last: entries.length < limit ? undefined : decodeId(entries.at(-1)!.id) }
}

/** Whether an ascending array has a number. */
function holds(ascending: Uint32Array, number: number): boolean {
  let begin = 0
  let end = ascending.length
  while (begin < end) {
    const middle = (begin + end) >> 1
    if (ascending[middle]! < number) begin = middle + 1
    else end = middle
  }
  return ascending[begin] === number
}
