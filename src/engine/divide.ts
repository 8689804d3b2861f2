import { Answers } from './answers.ts'
import type { EngineQuery } from './engine.ts'

/** Answers queries in one of two ways, each way in one call, and the answers in their order. */
export async function divide(
  queries: readonly EngineQuery[],
  suits: (query: EngineQuery) => boolean,
  walk: (queries: readonly EngineQuery[]) => Promise<Answers>,
  scan: (queries: readonly EngineQuery[]) => Promise<Answers>,
): Promise<Answers> {
  const walked = queries.filter(suits)
  if (walked.length === queries.length) return walk(queries)
  if (walked.length === 0) return scan(queries)
  const walks = new Set(walked)
  const scanned = queries.filter((query) => !walks.has(query))
  const parts = await Promise.all([walk(walked), scan(scanned)])
  const [found, read] = parts.map((answers) => answers.split())
  return Answers.join(queries.map((query) => (walks.has(query) ? found : read)!.shift()!))
}
