import { SkalarError } from '../errors.ts'

/*
 * Memory for the vectors of calls, kept from one call to the next: fresh memory costs more than what is copied into it.
 */

/** Floats that are worth keeping: 8 MB. */
const MOST = 2 ** 21

let kept: Float32Array | undefined

/** At least `length` floats, with anything in them. @throws SkalarError `OUT_OF_MEMORY` */
export function takeRoom(length: number): Float32Array {
  if (kept === undefined || kept.length < length) return freshRoom(length)
  const room = kept
  kept = undefined
  return room
}

function freshRoom(length: number): Float32Array {
  try {
    return new Float32Array(length)
  } catch (cause) {
    const message = `there is no memory for ${length} numbers of vectors: ask fewer queries in one call`
    throw new SkalarError('OUT_OF_MEMORY', message, { cause })
  }
}

/** Nobody reads it any more, native code included. */
export function giveRoom(room: Float32Array): void {
  if (room.length <= MOST && (kept === undefined || kept.length < room.length)) kept = room
}
