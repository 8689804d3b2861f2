import { booleanOption, checkOptions, integerOption, signalOption } from '../options.ts'
import type { Session, Source } from '../source.ts'
import { nextTurn } from '../turns.ts'
import type { Id } from '../types.ts'
import { validId } from '../validate.ts'
import type { RecordTest } from './match.ts'
import { type AnyRecord, type Include, readPage } from './read.ts'
import { parseTest } from './request.ts'

interface Options {
  readonly test: RecordTest | undefined
  readonly include: Include
  readonly after: Id | undefined
  readonly limit: number
  readonly signal: AbortSignal | undefined
}

const KNOWN = ['filter', 'includeVector', 'after', 'limit', 'signal'] as const

/**
 * The records of a collection in order of ids, for `for` and `for await`. Every page of an iteration sees the latest
 * commit; a record that is there throughout is seen exactly once.
 */
export class Records implements Iterable<AnyRecord>, AsyncIterable<AnyRecord> {
  readonly #session: Session
  readonly #source: Source
  readonly #options: Options

  /** @throws SkalarError `BAD_OPTION`, `BAD_FILTER`, `BAD_ID` */
  constructor(session: Session, source: Source, options: unknown) {
    this.#session = session
    this.#source = source
    this.#options = parse(options)
  }

  *[Symbol.iterator](): Iterator<AnyRecord> {
    for (const page of this.#pages()) yield* page
  }

  async *[Symbol.asyncIterator](): AsyncIterator<AnyRecord> {
    for (const page of this.#pages()) {
      yield* page
      await nextTurn()
    }
  }

  *#pages(): Generator<AnyRecord[]> {
    const { test, include, limit, signal } = this.#options
    let behind = this.#options.after
    let left = limit
    do {
      signal?.throwIfAborted()
      this.#session.assertOpen()
      const { records, last } = readPage(this.#source, behind, test, include)
      yield records.slice(0, left)
      left -= records.length
      behind = last
    } while (behind !== undefined && left > 0)
  }
}

function parse(input: unknown): Options {
  const { filter, includeVector, after, limit, signal } = checkOptions(input, KNOWN, 'options')
  return {
    test: parseTest(filter, 'options.filter'),
    include: { vector: booleanOption(includeVector, 'options.includeVector', false), version: false },
    after: after === undefined ? undefined : validId(after, 'options.after'),
    limit: integerOption(limit, 'options.limit', { min: 0, default: Number.POSITIVE_INFINITY }),
    signal: signalOption(signal, 'options.signal'),
  }
}
