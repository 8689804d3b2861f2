import { CODES } from '../native.ts'
import type { EngineName } from '../types.ts'
import type { Engine, EngineHost } from './engine.ts'
import { HnswEngine } from './hnsw/engine.ts'
import { HnswlibEngine } from './hnswlib/engine.ts'
import { loadHnswlib } from './hnswlib/package.ts'

/** What `index.engine` may name; the first is the default. */
export const ENGINES = ['hnsw', 'hnswlib', 'flat'] as const satisfies readonly EngineName[]

/** What `index.codes` may name. */
export const CODES_CHOICES = ['auto', ...CODES] as const

/**
 * The engine of this name; `flat`, the exact scan, where that is its name, or it has no graph by the metric.
 *
 * @throws SkalarError `ENGINE_UNAVAILABLE` when the engine needs a package that is not installed
 */
export function createEngine(name: EngineName, host: EngineHost, flat: Engine): Engine {
  const { metric } = host.options
  if (name === 'hnsw') return new HnswEngine(host)
  return name === 'flat' || metric === 'mahalanobis' ? flat : new HnswlibEngine(host, metric)
}

/** Throws as the engine's constructor, before anything is created. */
export function checkAvailable(name: EngineName): void {
  if (name === 'hnswlib') loadHnswlib()
}
