import type { Source } from '../source.ts'
import type { Explanation } from '../types.ts'
import { parseRequest } from './request.ts'
import { run } from './run.ts'

/** Runs a query and tells how it was answered. Throws as `run` and `parseRequest`. */
export async function explain(source: Source, options: unknown): Promise<Explanation> {
  const start = performance.now()
  const request = parseRequest(options, source.definition)
  const phases = { filter: 0, search: 0, read: 0 }
  const [outcome] = await run(source, [request], request.settings, phases)
  const { plan, reason, visited, distances, candidates, reranked } = outcome!
  const ms = performance.now() - start
  const looked = plan === 'scan' ? distances : visited
  return { plan, reason, visited: looked, distances, candidates, reranked, ms, phases }
}
