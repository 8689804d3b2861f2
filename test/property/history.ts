import type { Id } from '../../src/index.ts'

type Answer = { readonly id: Id; readonly score: number }

/** One state of a record, with ticks of the calls that made and ended it. */
interface Version {
  readonly score: number
  /** When the call that made it began, and when it ended. */
  readonly begun: number
  settled: number
  /** When a call to delete it began. */
  deleting: number
  /** When the call that replaced or deleted it ended. */
  gone: number
}

const NEVER = Number.POSITIVE_INFINITY

/**
 * What was written when, while calls overlap, for one query vector. A query may see any state between its call and its
 * answer, and every state is a whole one. Each id is written by one caller at a time.
 */
export class History {
  readonly #versions = new Map<Id, Version[]>()
  #now = 0

  tick(): number {
    return ++this.#now
  }

  /** Follows a write: `scores` are those of the records it leaves, undefined for none. */
  async write(scores: ReadonlyMap<Id, number | undefined>, call: () => Promise<unknown>): Promise<void> {
    const begun = this.tick()
    const ending: Version[] = []
    const beginning: Version[] = []
    for (const [id, score] of scores) {
      const versions = this.#versions.get(id) ?? []
      this.#versions.set(id, versions)
      const last = versions.at(-1)
      if (last?.gone === NEVER) {
        ending.push(last)
        if (score === undefined) last.deleting = begun
      }
      if (score === undefined) continue
      const version = { score, begun, settled: NEVER, deleting: NEVER, gone: NEVER }
      versions.push(version)
      beginning.push(version)
    }
    await call()
    const ended = this.tick()
    for (const version of ending) version.gone = ended
    for (const version of beginning) version.settled = ended
  }

  /** Checks the answer of a dot query for `k` that was called at `from`. @throws Error when no state explains it */
  check(
    from: number,
    k: number,
    matches: readonly Answer[],
    allowed: (id: Id) => boolean = () => true,
  ): void {
    const to = this.tick()
    for (const [i, { id, score }] of matches.entries()) {
      const known = this.#between(id, from, to).some((version) => near(version.score, score))
      if (!known || !allowed(id)) throw new Error(`${id} never had score ${score} while the query ran`)
      if (i > 0 && score > matches[i - 1]!.score) throw new Error(`${id} stands behind a farther match`)
    }
    const found = new Set(matches.map(({ id }) => id))
    if (found.size < matches.length) throw new Error('an id is answered twice')
    if (matches.length > k) throw new Error(`${matches.length} matches for k ${k}`)
    const worst = matches.length < k ? Number.NEGATIVE_INFINITY : matches.at(-1)!.score
    for (const id of this.#versions.keys()) {
      if (found.has(id) || !allowed(id) || !this.#existedThroughout(id, from, to)) continue
      if (this.#between(id, from, to).every(({ score }) => score > worst && !near(score, worst)))
        throw new Error(`${id} was there and among the nearest throughout, and is missing`)
    }
  }

  /** The scores of what is there when nothing is under way. */
  current(): Map<Id, number> {
    const scores = new Map<Id, number>()
    for (const [id, versions] of this.#versions) {
      const last = versions.at(-1)
      if (last?.gone === NEVER) scores.set(id, last.score)
    }
    return scores
  }

  #between(id: Id, from: number, to: number): Version[] {
    return this.#versions.get(id)?.filter(({ begun, gone }) => begun < to && gone > from) ?? []
  }

  #existedThroughout(id: Id, from: number, to: number): boolean {
    const versions = this.#versions.get(id)!
    const first = versions.findLast(({ settled }) => settled < from)
    return (
      first !== undefined && versions.slice(versions.indexOf(first)).every(({ deleting }) => deleting > to)
    )
  }
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), 1)
}
