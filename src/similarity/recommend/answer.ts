import { Answers } from '../../engine/answers.ts'
import { imagesFor } from '../../query/plan.ts'
import type { Source } from '../../source.ts'
import type { Step } from '../step.ts'
import { type Choice, chooseDiverse } from './diverse.ts'
import { type Pauses, Pursuit, type Tools } from './pursuit.ts'
import type { Recommendation } from './request.ts'

/** Queries of one search. */
const AT_ONCE = 256

/** Work of native code, whose result is handed back; and pauses (undefined) in which others may have their turn. */
export type Steps<T> = Generator<Step<unknown> | undefined, T, unknown>

/**
 * Finds what requests are to be answered with, as of the replica's position; without a pause until the first search has
 * begun. Ends with undefined where writes have come between its steps.
 */
export function* answer(
  source: Source,
  requests: readonly Recommendation[],
  tools: Tools,
): Steps<Answers | undefined> {
  const { replica } = source
  const { position, vectors } = replica
  const moved = () => replica.position !== position || replica.vectors !== vectors
  // Side by side, as native code takes the vectors of a call.
  const { dimension } = source.definition
  const rooms = new Float32Array(dimension * requests.length)
  const pursuits = requests.map((request, i) => {
    const room = rooms.subarray(i * dimension, (i + 1) * dimension)
    return new Pursuit(source, request, tools, room)
  })
  let stale = false
  for (let open = pursuits; open.length > 0; ) {
    const waiting = open.flatMap((pursuit) => pursuit.queries().map((query) => ({ pursuit, query })))
    for (const engine of new Set(open.map((pursuit) => pursuit.engine))) {
      const own = waiting.filter(({ pursuit }) => pursuit.engine === engine)
      for (let begin = 0; begin < own.length; begin += AT_ONCE) {
        if (begin > 0 && moved()) return undefined
        const part = own.slice(begin, begin + AT_ONCE)
        const queries = part.map(({ query }) => query)
        const images = imagesFor(engine, queries)
        if (images?.lacking) {
          yield* done({
            later: (flag) => images.complete(source.pool, flag),
            now: () => images.completeSync(),
          })
          if (moved()) return undefined
        }
        const answers = yield* done({
          later: (flag) => engine.search(queries, position, flag),
          now: () => engine.searchSync(queries, position),
        })
        stale ||= answers.stale
        let hit = 0
        for (const [i, { pursuit, query }] of part.entries()) {
          const end = hit + answers.hitsOf(i)
          pursuit.take(query, answers, hit, end)
          hit = end
        }
      }
    }
    for (const pursuit of open) {
      if (pursuit.looksAtRecords && moved()) return undefined
      const ranking = pursuit.rank()
      if (ranking && (yield* unlessMoved(ranking, moved)) === MOVED) return undefined
    }
    for (let choosing = open; choosing.length > 0; ) {
      const choices: Choice[] = []
      const choosers: Pursuit[] = []
      for (const pursuit of choosing) {
        if (pursuit.looksAtRecords && moved()) return undefined
        const choosing = pursuit.choose()
        const choice = choosing && (yield* unlessMoved(choosing, moved))
        if (choice === MOVED) return undefined
        if (choice === undefined) continue
        choices.push(choice)
        choosers.push(pursuit)
      }
      if (choices.length > 0) {
        if (moved()) return undefined
        const chosen = yield* done(chooseDiverse(source, choices))
        for (const [i, pursuit] of choosers.entries()) pursuit.settle(chosen[i]!)
      }
      choosing = choosing.filter((pursuit) => pursuit.choosing)
    }
    open = open.filter((pursuit) => pursuit.open)
    if (open.length > 0 && moved()) return undefined
  }
  return Answers.of(
    pursuits.map(({ chosen }) => chosen),
    stale,
  )
}

function* done<T>(step: Step<T>): Steps<T> {
  return (yield step) as T
}

const MOVED = Symbol('moved')

/** What steps come to, or that something has changed in one of their pauses. */
function* unlessMoved<T>(steps: Pauses<T>, moved: () => boolean): Pauses<T | typeof MOVED> {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    yield
    if (moved()) return MOVED
  }
}
