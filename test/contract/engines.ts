import { describe, it } from 'vitest'
import { checkAvailable, ENGINES } from '../../src/engine/create.ts'
import type { Collection, CollectionMetricName, EngineName, SkalarError } from '../../src/index.ts'
import { openDatabase } from '../helpers/database.ts'
import { metricOption, type Row } from '../helpers/reference.ts'

/** `topic: title` of cases that do not hold for an engine, each with the reason. */
const EXCEPTIONS: { readonly [engine in EngineName]?: Readonly<Record<string, string>> } = {}

export const METRICS: readonly CollectionMetricName[] = ['cosine', 'dot', 'euclidean', 'mahalanobis']

/** Registers a case of the contract; a title stands for one case of its topic. */
export type DefineCase = (title: string, run: () => Promise<void>, timeout?: number) => void

/** The contract of `src/engine/engine.ts`, topic by topic, through the public API, for every engine there is. */
export function contract(topic: string, define: (engine: EngineName, test: DefineCase) => void): void {
  for (const engine of ENGINES) {
    const lack = lackOf(engine)
    const title = `${topic}, engine ${engine}`
    if (lack === undefined) describe(title, () => defineFor(engine, topic, define))
    // Left out in plain sight: hnswlib-node is optional, and the title says what is missing.
    else describe.skip(`${title} (${lack})`, () => defineFor(engine, topic, define))
  }
}

/** Why an engine cannot be tested here; undefined when it can. */
function lackOf(engine: EngineName): string | undefined {
  try {
    checkAvailable(engine)
    return undefined
  } catch (error) {
    if ((error as Partial<SkalarError>).code !== 'ENGINE_UNAVAILABLE') throw error
    return 'needs a package that is not installed'
  }
}

function defineFor(
  engine: EngineName,
  topic: string,
  define: (engine: EngineName, test: DefineCase) => void,
): void {
  const unused = new Map(
    Object.entries(EXCEPTIONS[engine] ?? {}).filter(([name]) => name.startsWith(`${topic}: `)),
  )
  define(engine, (title, run, timeout) => {
    const name = `${topic}: ${title}`
    const reason = unused.get(name)
    unused.delete(name)
    if (reason === undefined) it(title, run, timeout)
    // What the package cannot do is a stated exception, and the title says why.
    else it.skip(`${title} (${reason})`, run)
  })
  if (unused.size > 0) throw new Error(`exceptions for cases that do not exist: ${[...unused.keys()]}`)
}

/** Vectors as rows with ids `r0`, `r1`, … */
export function toRows(vectors: readonly Float32Array[]): { id: string; vector: Float32Array }[] {
  return vectors.map((vector, i) => ({ id: `r${i}`, vector }))
}

/** Settings that make the answer of every engine exact. */
export function exactSettings(size: number) {
  return [{ exact: true }, { ef: Math.max(size, 1) }] as const
}

/** A fresh collection that holds rows in slots of their order; metadata `n` is the place of the row. */
export async function collectionOf(
  engine: EngineName,
  metric: CollectionMetricName,
  rows: readonly Row[],
  dimension = rows[0]!.vector.length,
): Promise<Collection<{ n: number }, string | number>> {
  const db = await openDatabase()
  const collection = await db.collection<{ n: number }, string | number>('rows', {
    dimension,
    metric: metricOption(metric, dimension),
    index: { engine },
  })
  await collection.upsert(rows.map(({ id, vector }, n) => ({ id, vector, metadata: { n } })))
  return collection
}
