import { CODES } from '../native.ts'
import type { EngineName } from '../types.ts'
import type { Engine, EngineHost } from './engine.ts'
import { FlatEngine } from './flat.ts'
import { HnswEngine } from './hnsw/engine.ts'
import { HnswlibEngine } from './hnswlib/engine.ts'
import { loadHnswlib } from './hnswlib/package.ts'

/** What `index.engine` may name; the first is the default. */
export const ENGINES = ['hnsw', 'hnswlib', 'flat'] as const satisfies readonly EngineName[]

/** What `index.codes` may name. */
export const CODES_CHOICES = ['auto', ...CODES] as const

const constructors: { readonly [name in EngineName]: (host: EngineHost) => Engine } = {
  hnsw: (host) => new HnswEngine(host),
  flat: (host) => new FlatEngine(host),
  hnswlib: (host) => new HnswlibEngine(host),
}

/** @throws SkalarError `ENGINE_UNAVAILABLE` when the engine needs a package that is not installed */
export function createEngine(name: EngineName, host: EngineHost): Engine {
  return constructors[name](host)
}

/** Throws as `createEngine`, before anything is created. */
export function checkAvailable(name: EngineName): void {
  if (name === 'hnswlib') loadHnswlib()
}
