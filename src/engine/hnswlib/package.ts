import { createRequire } from 'node:module'
import { SkalarError } from '../../errors.ts'

export type SpaceName = 'l2' | 'ip'

/** What is used of an index of hnswlib-node 3. Points are plain arrays of the index's dimension; labels are u32. */
export interface HnswlibIndex {
  initIndex(maxElements: number, m: number, efConstruction: number): void
  resizeIndex(maxElements: number): void
  addPoint(point: number[], label: number): void
  markDelete(label: number): void
  setEf(ef: number): void
  searchKnn(
    query: number[],
    k: number,
    filter?: (label: number) => boolean,
  ): {
    neighbors: number[]
    distances: number[]
  }
  getCurrentCount(): number
  getMaxElements(): number
  getNumDimensions(): number
  /** On a libuv thread; the index must not change meanwhile. */
  writeIndex(path: string): Promise<boolean>
  /** On a libuv thread. What it reads is trusted: a damaged file can end the process. */
  readIndex(path: string): Promise<boolean>
}

interface HnswlibPackage {
  readonly HierarchicalNSW: new (space: SpaceName, dimension: number) => HnswlibIndex
}

const require = createRequire(import.meta.url)

/** @throws SkalarError `ENGINE_UNAVAILABLE` when the package is not installed, or not compiled */
export function loadHnswlib(): HnswlibPackage {
  try {
    return require('hnswlib-node')
  } catch (error) {
    throw new SkalarError('ENGINE_UNAVAILABLE', explain(error), { cause: error })
  }
}

function explain(error: unknown): string {
  const missing = (error as { code?: unknown }).code === 'MODULE_NOT_FOUND'
  const problem = missing ? 'which is not installed' : 'which is installed but does not load'
  return (
    `engine 'hnswlib' needs the package hnswlib-node, ${problem}: run \`npm install hnswlib-node\`. It compiles when it ` +
    'is installed, so Python, make and a C++ compiler are needed; where npm asks for approval of install scripts, run ' +
    "`npm approve-scripts hnswlib-node` and `npm rebuild hnswlib-node`. Engine 'flat' needs no package"
  )
}
