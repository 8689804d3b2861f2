import { SkalarError } from '../errors.ts'
import {
  checkOptions,
  enumOption,
  functionOption,
  integerOption,
  isFunction,
  signalOption,
} from '../options.ts'
import type { Session, Source } from '../source.ts'
import type { Batch } from '../store/batch.ts'
import { existing, type WriteMode } from '../store/conditions.ts'
import { MOST_RECORDS } from '../store/room.ts'
import { nextTurn, turnWhenBusy } from '../turns.ts'
import type { UpsertResult } from '../types.ts'
import { isArray } from '../validate/built-in.ts'
import { type AnyIterable, isStream } from '../validate/stream.ts'
import { BatchBuilder, type OnInvalid } from './builder.ts'
import { commit } from './commit.ts'

export const MODES = ['upsert', 'insert', 'update'] as const satisfies readonly WriteMode[]

const KNOWN = ['mode', 'batchSize', 'onInvalid', 'signal', 'onProgress'] as const

interface Options {
  readonly mode: WriteMode
  readonly batchSize: number
  readonly onInvalid: OnInvalid | undefined
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: { done: number }) => void) | undefined
}

/** Writes records: one, an array, or whatever an iterable or async iterable yields. */
export async function upsert(
  session: Session,
  source: Source,
  input: unknown,
  rawOptions: unknown,
): Promise<UpsertResult> {
  const options = parseOptions(rawOptions)
  const streamed = isStream(input)
  const records = isArray(input) ? input : [input]
  const { length } = records
  const run = new Run(session, source, options, streamed ? options.batchSize : length)
  try {
    if (streamed) await run.stream(input)
    else await run.whole(records, length)
  } catch (error) {
    throw error instanceof SkalarError ? error.with({ committed: run.committed }) : error
  }
  return run.result
}

/** Not skipped either: an array of nothing but holes is as long as any, and no one means it. */
function hole(recordIndex: number): SkalarError {
  return new SkalarError('BAD_RECORD', `records[${recordIndex}] is a hole in the array: leave it out`, {
    recordIndex,
  })
}

function parseOptions(raw: unknown): Options {
  const { mode, batchSize, onInvalid, signal, onProgress } = checkOptions(raw, KNOWN, 'options')
  return {
    mode: enumOption(mode, 'options.mode', MODES, 'upsert'),
    batchSize: integerOption(batchSize, 'options.batchSize', {
      min: 1,
      max: MOST_RECORDS,
      default: MOST_RECORDS,
    }),
    onInvalid: parseOnInvalid(onInvalid),
    signal: signalOption(signal, 'options.signal'),
    onProgress: functionOption(onProgress, 'options.onProgress'),
  }
}

function parseOnInvalid(value: unknown): OnInvalid | undefined {
  if (isFunction(value)) return value as OnInvalid
  const name = enumOption(value, 'options.onInvalid', ['throw', 'skip'], 'throw')
  return name === 'skip' ? () => {} : undefined
}

/** One call of upsert: its progress, and what it has committed. */
class Run {
  committed = 0
  result = { inserted: 0, updated: 0 }
  readonly #session: Session
  readonly #source: Source
  readonly #options: Options
  readonly #builder: BatchBuilder

  constructor(session: Session, source: Source, options: Options, expected: number) {
    this.#session = session
    this.#source = source
    this.#options = options
    this.#builder = new BatchBuilder(source.definition, expected, options.onInvalid)
  }

  /** All records are checked and copied before the first await: before the caller's code goes on. */
  async whole(records: readonly unknown[], length: number): Promise<void> {
    for (let i = 0; i < length; i++) {
      const record = records[i]
      if (record === undefined && !(i in records)) throw hole(i)
      this.#builder.add(record, i)
    }
    // What is one transaction takes its place among those of other calls at once.
    const { several } = this.#builder
    const batches = several ? await this.#builder.finishInTurns() : this.#builder.finish()
    this.#options.signal?.throwIfAborted()
    if (several) await this.#refuseEarly(batches)
    await this.#write(batches)
  }

  async stream(records: AnyIterable): Promise<void> {
    let index = 0
    for await (const record of records) {
      this.#options.signal?.throwIfAborted()
      this.#builder.add(record, index++)
      const due = this.#builder.length === this.#options.batchSize || this.#builder.full
      if (due) await this.#write(this.#builder.finish())
      // A generator gives its records without a pause.
      const turn = turnWhenBusy()
      if (turn !== undefined) await turn
    }
    await this.#write(this.#builder.finish())
  }

  /**
   * What the mode refuses is refused before the first of several transactions, as far as it can be known by then: each looks
   * again, since others may write between them.
   */
  async #refuseEarly(batches: readonly Batch[]): Promise<void> {
    const { mode, signal } = this.#options
    if (mode === 'upsert') return
    const { environment, replica } = this.#source
    for (const batch of batches) {
      await nextTurn()
      signal?.throwIfAborted()
      this.#session.assertOpen()
      environment.refresh()
      existing(environment, replica.currentNumber(), batch, mode)
    }
  }

  async #write(batches: readonly Batch[]): Promise<void> {
    const { signal, mode, onProgress } = this.#options
    for (const batch of batches) {
      signal?.throwIfAborted()
      const { inserted, updated } = await commit(this.#session, this.#source, batch.weight, (writer) =>
        writer.upsert([batch], mode),
      )
      this.result = { inserted: this.result.inserted + inserted, updated: this.result.updated + updated }
      this.committed += batch.length
      onProgress?.({ done: this.committed })
    }
  }
}
