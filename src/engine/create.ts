import type { NativePool } from '../native.ts'
import type { EngineName } from '../types.ts'
import type { Engine } from './engine.ts'
import { FlatEngine } from './flat.ts'

/** What `index.engine` may name; the first is the default. */
export const ENGINES = ['flat'] as const satisfies readonly EngineName[]

const constructors: { readonly [name in EngineName]: (pool: NativePool) => Engine } = {
  flat: (pool) => new FlatEngine(pool),
}

export function createEngine(name: EngineName, pool: NativePool): Engine {
  return constructors[name](pool)
}
