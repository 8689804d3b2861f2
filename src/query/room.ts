/*
 * Memory for the vectors of calls, kept from one call to the next: fresh memory costs more than what is copied into it.
 */

/** Floats that are worth keeping: 8 MB. */
const MOST = 2 ** 21

let kept: Float32Array | undefined

/** At least `length` floats, with anything in them. */
export function takeRoom(length: number): Float32Array {
  if (kept === undefined || kept.length < length) return new Float32Array(length)
  const room = kept
  kept = undefined
  return room
}

/** Nobody reads it any more, native code included. */
export function giveRoom(room: Float32Array): void {
  if (room.length <= MOST && (kept === undefined || kept.length < room.length)) kept = room
}
