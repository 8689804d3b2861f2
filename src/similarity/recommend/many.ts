import { SkalarError } from '../../errors.ts'
import type { AnyMatch } from '../../query/shape.ts'
import type { Session, Source } from '../../source.ts'
import { isArray } from '../../validate/built-in.ts'
import { describe } from '../../validate/describe.ts'
import { mapItems } from '../../validate/items.ts'
import { type AnyIterable, isStream } from '../../validate/stream.ts'
import { Lookups } from './lookups.ts'
import { type Recommendation, type UserParser, userParser } from './request.ts'
import { recommend } from './run.ts'

/** Users that are answered together. */
const AT_ONCE = 128

/** Batches under way while the caller looks at the one before: they keep all threads busy. */
const AHEAD = 2

/**
 * Recommendations for many users, in their order, for `for await`. An array is checked and copied whole by the constructor;
 * of an iterable no more users are held than are being answered, and each is checked as it comes.
 */
export class Recommendations implements AsyncIterable<AnyMatch[]> {
  readonly #session: Session
  readonly #source: Source
  readonly #parser: UserParser | undefined
  readonly #users: AnyIterable = []
  /** What the first step rejects with. */
  readonly #refused: { readonly error: unknown } | undefined

  constructor(session: Session, source: Source, users: unknown, options: unknown) {
    this.#session = session
    this.#source = source
    try {
      session.assertOpen()
      const parser = userParser(options, source.definition)
      this.#parser = parser
      this.#users = isArray(users) ? mapItems(users, (user, i) => parser.parse(user, i)) : iterable(users)
    } catch (error) {
      this.#refused = { error }
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AnyMatch[], void, undefined> {
    if (this.#refused !== undefined) throw this.#refused.error
    const { manner, signal } = this.#parser!
    const lookups = new Lookups(this.#source, manner.settings.test, manner.perGroup)
    const ahead: Promise<AnyMatch[][]>[] = []
    let failure: { readonly error: unknown } | undefined
    const batches = this.#batches()
    try {
      for (let isFirst = true; ; isFirst = false) {
        signal?.throwIfAborted()
        const next = await batches.next().catch((error: unknown) => {
          failure = { error }
        })
        if (!next || next.done) break
        const batch = this.#session.run(() => recommend(this.#source, next.value, lookups, signal))
        // It is looked at when it is its turn.
        batch.catch(() => {})
        ahead.push(batch)
        // What all users share is read once, for the first of them.
        if (isFirst) await batch
        if (ahead.length > AHEAD) yield* await ahead.shift()!
      }
      for (const batch of ahead) yield* await batch
    } finally {
      // Whoever gave the users hears that no more are wanted.
      await batches.return()
    }
    if (failure !== undefined) throw failure.error
  }

  /** Users before one that is refused are still answered. */
  async *#batches(): AsyncGenerator<Recommendation[], void, undefined> {
    if (isArray(this.#users)) {
      const users = this.#users as Recommendation[]
      for (let i = 0; i < users.length; i += AT_ONCE) yield users.slice(i, i + AT_ONCE)
      return
    }
    let batch: Recommendation[] = []
    let failure: { readonly error: unknown } | undefined
    try {
      let index = 0
      for await (const user of this.#users) {
        batch.push(this.#parser!.parse(user, index++))
        if (batch.length < AT_ONCE) continue
        yield batch
        batch = []
      }
    } catch (error) {
      failure = { error }
    }
    if (batch.length > 0) yield batch
    if (failure !== undefined) throw failure.error
  }
}

function iterable(users: unknown): AnyIterable {
  if (isStream(users)) return users
  const message = `users must be an array, an iterable or an async iterable of { positive }, got ${describe(users)}`
  throw new SkalarError('BAD_OPTION', message, { path: 'users' })
}
