import type { Source } from '../source.ts'
import type { CollectionStats } from '../types.ts'

/** Brings the records into memory. */
export async function statsOf({ replica, engine, precisions, definition }: Source): Promise<CollectionStats> {
  await replica.catchUp()
  return {
    records: replica.state().live,
    dimension: definition.dimension,
    metric: definition.metric,
    engine: definition.index.engine,
    pending: engine.pending,
    index: engine.index,
    codes: engine.codes,
    memory: replica.vectors.memory() + precisions.memory,
  }
}
