import { join } from 'node:path'
import { MAPPED } from '../generation.ts'
import { type NativeGeneration, openGeneration } from '../native.ts'
import type { Environment } from './environment.ts'
import { spaceFolder } from './garbage.ts'
import { indexInForce } from './index-files.ts'
import type { State } from './rows.ts'

/** The only one there is so far. */
const SPACE = 0

/** Another process may remove the file between looking for its name and opening it. */
const ATTEMPTS = 3

/** A saved generation of the rows under a number, and the log position it speaks of. */
export interface SavedGeneration {
  readonly name: string
  readonly position: number
  readonly native: NativeGeneration
}

/**
 * The generation in force, mapped; undefined when there is none, it is not whole as far as that can be told, or
 * the log does not reach back to it. `refused` is a name that is not wanted.
 */
export function openSaved(
  environment: Environment,
  state: State,
  refused: string | undefined,
): SavedGeneration | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = indexInForce(environment, state.number)
    if (found?.kind !== MAPPED.kind || found.name === refused) return undefined
    const { name, crc, position } = found
    // One that is ahead belongs to another history of the rows.
    if (position > state.position || position + 1 < state.firstPosition) return undefined
    try {
      const path = join(spaceFolder(environment, state.number, SPACE), name + MAPPED.suffix)
      return { name, position, native: openGeneration(path, crc) }
    } catch {
      // If another one is in force by now, that one is wanted.
      environment.refresh()
    }
  }
  return undefined
}
