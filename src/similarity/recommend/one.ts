import type { AnyMatch } from '../../query/shape.ts'
import type { Source } from '../../source.ts'
import { Lookups } from './lookups.ts'
import { parseRecommendation } from './request.ts'
import { recommend } from './run.ts'

/** What one call of `recommend` answers. Throws as `recommend` and `parseRecommendation`. */
export async function recommendOne(source: Source, options: unknown): Promise<AnyMatch[]> {
  const { request, signal } = parseRecommendation(options, source.definition)
  const lookups = new Lookups(source, undefined, undefined)
  const lists = await recommend(source, [request], lookups, signal)
  return lists[0]!
}
