import type { Answers } from '../engine/answers.ts'
import type { AbortFlag, EngineQuery } from '../engine/engine.ts'
import type { Source } from '../source.ts'

/*
 * Pages behind a match, `after`, of a query that a graph answers without it, by itself or with candidates for another metric.
 *
 * What the graph answers, page one, need not be the beginning of the exact order: some records ahead of its last match may
 * be missing. Later pages are exact, and must make up for them. Nothing is kept from page to page: the graph answers
 * the query without `after` once more, with the same k, ef, filter, threshold and exclusion, which gives page one again, W.
 *
 *   the match to go on behind is   the page is, of the exact order, the first k
 *   the last of W                  from the top, without W: what the graph has missed comes first
 *   not in W                       behind the match, without W: it is from a later page
 *   in W, before its last          behind the match: it was chosen
 *
 * So all pages together show every record once, as long as neither the records nor the graph change. A match that is in W with
 * another score, or whose record is gone, has changed since: the page is what stands behind the score that is given,
 * and nothing is left out of it.
 *
 * W and the exact order speak of one state. Where a plan is exact without `after`, pages are stretches of one
 * order, and none of this is needed.
 */

/**
 * Answers queries with `after`; `searchFirst` answers them without, as page one was. Undefined when writes have come between.
 * Rejects as `Engine.search`.
 */
export async function searchPages(
  source: Source,
  searchFirst: (queries: readonly EngineQuery[]) => Promise<Answers | undefined>,
  queries: readonly EngineQuery[],
  since: number,
  abort: AbortFlag | undefined,
): Promise<Answers | undefined> {
  const { flat, replica } = source
  const { vectors } = replica
  const first = await searchFirst(queries.map(withoutAfter))
  if (first === undefined || replica.vectors !== vectors || replica.position !== since) return undefined
  const pages = toPages(queries, first)
  return choose(pages, await flat.search(pages.map(toScan), since, abort))
}

/** The same on the calling thread. The answers last. */
export function searchPagesSync(
  source: Source,
  searchFirst: (queries: readonly EngineQuery[]) => Answers,
  queries: readonly EngineQuery[],
  since: number,
): Answers {
  const pages = toPages(queries, searchFirst(queries.map(withoutAfter)))
  return choose(pages, source.flat.searchSync(pages.map(toScan), since))
}

interface Page {
  readonly query: EngineQuery
  readonly after: EngineQuery['after']
  /** The slots of W. */
  readonly shown: ReadonlySet<number>
}

const NOTHING: ReadonlySet<number> = new Set()

function withoutAfter(query: EngineQuery): EngineQuery {
  return { ...query, after: undefined }
}

function toPages(queries: readonly EngineQuery[], first: Answers): Page[] {
  let end = 0
  return queries.map((query, i) => {
    const begin = end
    end += first.hitsOf(i)
    return toPage(query, first, begin, end)
  })
}

function toPage(query: EngineQuery, first: Answers, begin: number, end: number): Page {
  const { score, slot } = query.after!
  const behind: Page = { query, after: query.after, shown: NOTHING }
  if (slot === undefined) return behind
  const shown = new Set<number>()
  const last = end - 1
  for (let hit = begin; hit < end; hit++) {
    if (first.slot(hit) === slot && (hit < last || first.score(hit) !== score)) return behind
    shown.add(first.slot(hit))
  }
  const fromTop = last >= begin && first.slot(last) === slot
  return { query, after: fromTop ? undefined : query.after, shown }
}

function toScan({ query, after, shown }: Page): EngineQuery {
  return { ...query, after, k: query.k + shown.size }
}

function choose(pages: readonly Page[], answers: Answers): Answers {
  return answers.choose(
    (slot, i) => !pages[i]!.shown.has(slot),
    (i) => pages[i]!.query.k,
  )
}
