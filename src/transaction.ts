import { type Collection, sourceOf } from './collection.ts'
import { SkalarError } from './errors.ts'
import { checkOptions, enumOption } from './options.ts'
import { parseInclude, readRecord } from './query/read.ts'
import type { Session, Source } from './source.ts'
import type { Environment } from './store/environment.ts'
import { recordOf } from './store/records.ts'
import { MOST_RECORDS } from './store/room.ts'
import { type Changes, Writer } from './store/writer.ts'
import type {
  GetOptions,
  Id,
  Patch,
  RecordInput,
  StoredRecord,
  UpdateOptions,
  UpsertOptions,
  UpsertResult,
} from './types.ts'
import { isArray } from './validate/built-in.ts'
import { validId } from './validate.ts'
import { BatchBuilder } from './write/builder.ts'
import { applyUpdate, parseTarget, parseUpdate } from './write/change.ts'
import { applyChanges } from './write/commit.ts'
import { MODES } from './write/upsert.ts'

/**
 * Changes to several collections that are committed together, or not at all. Valid only while the function passed to
 * `db.transaction` runs. Reads see what the transaction has written so far: those of `tx`, and those of its collections
 * that are synchronous (`get`, `getMany`, `has`, `size`, `records` with `for`).
 *
 * Each call is a statement: one that throws has changed nothing, and the function may catch what it throws and go on. The
 * exception is a failure amid writing, for want of room for example: after that every call throws it again, and the
 * transaction is not committed.
 */
export class Transaction {
  readonly #environment: Environment
  readonly #writers = new Map<Source, Writer>()
  #open = true

  /** @internal */
  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** Writes one record or an array. Throws as `collection.upsert` rejects. */
  upsert<M extends object, I extends Id>(
    collection: Collection<M, I>,
    records: RecordInput<M, I> | readonly RecordInput<M, I>[],
    options?: Pick<UpsertOptions, 'mode'>,
  ): UpsertResult {
    const { writer, source } = this.#on(collection)
    const checked = checkOptions(options, ['mode'], 'options')
    const mode = enumOption(checked.mode, 'options.mode', MODES, 'upsert')
    const inputs: readonly unknown[] = isArray(records) ? records : [records]
    const { length } = inputs
    const builder = new BatchBuilder(source.definition, length)
    for (let i = 0; i < length; i++) builder.add(inputs[i], i)
    const result = writer.upsert(builder.finish(), mode)
    writer.showState()
    return result
  }

  /** Changes records by id as `collection.update`; returns how many there were. */
  update<M extends object, I extends Id>(
    collection: Collection<M, I>,
    ids: I | readonly I[],
    patch: Patch<M>,
    options?: Pick<UpdateOptions, 'vector' | 'ifVersion'>,
  ): number {
    const { writer, source } = this.#on(collection)
    const checked = checkOptions(options, ['vector', 'ifVersion'], 'options')
    const change = parseUpdate(source.definition, patch, checked)
    const changed = applyUpdate(writer, idsOf(ids), change)
    writer.showState()
    return changed
  }

  /** Deletes records by id; returns how many there were. */
  delete<M extends object, I extends Id>(collection: Collection<M, I>, ids: I | readonly I[]): number {
    const { writer } = this.#on(collection)
    const deleted = writer.delete(idsOf(ids))
    writer.showState()
    return deleted
  }

  /** The record with an id, or undefined. */
  get<M extends object, I extends Id, V extends boolean = false, N extends boolean = false>(
    collection: Collection<M, I>,
    id: I,
    options?: GetOptions<V, N>,
  ): StoredRecord<M, I, V, N> | undefined {
    const { source } = this.#on(collection)
    return readRecord(source, validId(id), parseInclude(options)) as StoredRecord<M, I, V, N> | undefined
  }

  /** Whether there is a record with this id. */
  has<M extends object, I extends Id>(collection: Collection<M, I>, id: I): boolean {
    const { source } = this.#on(collection)
    return recordOf(this.#environment, source.replica.currentNumber(), validId(id)) !== undefined
  }

  /** @internal Writes what is left to write, and tells what was changed. */
  finish(): Map<Source, Changes> {
    return new Map([...this.#writers].map(([source, writer]) => [source, writer.finish()]))
  }

  /** @internal */
  end(): void {
    this.#open = false
  }

  #on(collection: unknown): { source: Source; writer: Writer } {
    if (!this.#open)
      throw new SkalarError('TRANSACTION', 'the transaction is over: use tx only within its function')
    this.#environment.assertSound()
    const source = sourceOf(collection)
    if (source.environment !== this.#environment) {
      throw new SkalarError('BAD_OPTION', `collection '${source.name}' belongs to another database`)
    }
    let writer = this.#writers.get(source)
    if (writer === undefined) {
      writer = new Writer(this.#environment, source.definition.identity, source.name)
      this.#writers.set(source, writer)
    }
    return { source, writer }
  }
}

function idsOf(ids: unknown): readonly Id[] {
  const target = parseTarget(ids)
  if ('ids' in target) return target.ids
  throw new SkalarError('BAD_OPTION', 'a transaction takes ids, not filters: find the ids before it', {
    path: 'ids',
  })
}

/** Runs `action` in one write transaction and brings its changes into memory. */
export async function transact<T>(
  session: Session,
  environment: Environment,
  action: (transaction: Transaction) => T,
): Promise<T> {
  session.assertOpen()
  const { result, changes } = await environment.write(MOST_RECORDS, () => {
    const transaction = new Transaction(environment)
    try {
      const result = action(transaction)
      refusePromise(result)
      return { result, changes: transaction.finish() }
    } finally {
      transaction.end()
    }
  })
  for (const [source, change] of changes) applyChanges(source, change)
  return result
}

function refusePromise(result: unknown): void {
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== 'function') return
  // It is not awaited, and its failure would be reported as unhandled.
  Promise.resolve(result).catch(() => {})
  throw new SkalarError(
    'TRANSACTION',
    'the function of a transaction must not be async: await before it, and write in it; nothing was written',
  )
}
