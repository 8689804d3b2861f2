import { createRequire } from 'node:module'
import { setTimeout } from 'node:timers/promises'
import type { Collection, Id, Metadata } from '../../src/index.ts'
import { idsOf } from './database.ts'

const require = createRequire(import.meta.url)

/** What tests use of hnswlib-node. */
interface Index {
  initIndex(maxElements: number, m?: number, efConstruction?: number): void
  addPoint(point: number[], label: number): void
  markDelete(label: number): void
  writeIndexSync(path: string): void
}

export const { HierarchicalNSW } = require('hnswlib-node') as {
  HierarchicalNSW: new (space: string, dimension: number) => Index
}

/** With fewer records there is no graph. */
export const LEAST = 2_100

const PATIENCE = 60_000

/** The engines that have a graph. */
export const GRAPHS = ['hnsw', 'hnswlib'] as const

export type GraphEngine = (typeof GRAPHS)[number]

/** Resolves once every record is in the graph. */
export async function untilBuilt(collection: Pick<Collection, 'stats'>): Promise<void> {
  const end = performance.now() + PATIENCE
  for (;;) {
    const { pending } = await collection.stats()
    if (pending === 0) return
    if (performance.now() > end) throw new Error(`the graph is not built: ${pending} records wait`)
    await setTimeout(5)
  }
}

/** The share of the exact answers that the engine finds. */
export async function recall(
  collection: Collection<Metadata, Id>,
  vectors: readonly Float32Array[],
  options: object = {},
): Promise<number> {
  let found = 0
  let wanted = 0
  for (const vector of vectors) {
    const exact = new Set(idsOf(await collection.query({ vector, ...options, exact: true })))
    const matches = await collection.query({ vector, ...options })
    found += matches.filter(({ id }) => exact.has(id)).length
    wanted += exact.size
  }
  return found / wanted
}
