import type { Source } from '../source.ts'
import { parseRequests } from './request.ts'
import { giveRoom } from './room.ts'
import { run } from './run.ts'
import type { AnyMatch } from './shape.ts'

/** Several queries as one call. Throws as `run` and `parseRequests`. */
export async function queryMany(source: Source, queries: unknown, options: unknown): Promise<AnyMatch[][]> {
  const { requests, signal, vectors } = parseRequests(queries, options, source.definition)
  const outcomes = await run(source, requests, { signal })
  // Of a call that fails, threads may still be at it.
  giveRoom(vectors)
  return outcomes.map(({ matches }) => matches)
}
