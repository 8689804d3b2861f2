import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import {
  type Collection,
  type Database,
  type Id,
  type Metadata,
  type MetricName,
  open,
} from '../../src/index.ts'
import type { Transaction } from '../../src/transaction.ts'
import { DIMENSION } from './arbitraries.ts'
import { type Command, flawed, type Step, type Transact, type Update, type Upsert } from './commands.ts'
import { expectDelete, expectTransaction, expectUpdate, expectUpsert, targetsOf } from './expected.ts'
import { type Records, Refused } from './model.ts'

type Pair<T> = [T, T]

/** What a signal gives as its reason, or a transaction throws. */
class Reason extends Error {}

const NAMES = ['first', 'second'] as const

/** A database beside its model: runs commands on both and compares what the calls return. */
export class World {
  readonly metric: MetricName
  readonly folder = mkdtempSync(join(tmpdir(), 'skalar-model-'))
  readonly models: Pair<Records> = [new Map(), new Map()]
  handles!: Pair<Collection<Metadata, Id>>
  #database!: Database

  private constructor(metric: MetricName) {
    this.metric = metric
  }

  static async create(metric: MetricName): Promise<World> {
    const world = new World(metric)
    await world.#open()
    return world
  }

  async destroy(): Promise<void> {
    await this.#database.close()
    rmSync(this.folder, { recursive: true })
  }

  async run(command: Exclude<Command, { kind: 'query' }>): Promise<void> {
    switch (command.kind) {
      case 'upsert':
        return same(expectUpsert, this.models[command.on], command, () => this.#upsert(command))
      case 'update':
        return same(expectUpdate, this.models[command.on], command, () => this.#update(command))
      case 'delete': {
        const { on, target, aborted } = command
        const aim = typeof target === 'object' && 'test' in target ? { filter: target.filter } : target
        const signal = aborted ? AbortSignal.abort(new Reason()) : undefined
        return same(expectDelete, this.models[on], command, () => this.handles[on].delete(aim, { signal }))
      }
      case 'transaction':
        return same(expectTransaction, this.models, command, () => this.#transact(command))
      case 'clear':
        expect(await this.handles[command.on].clear()).toBe(this.models[command.on].size)
        this.models[command.on].clear()
        return
      case 'recreate':
        return this.#recreate(command.on)
      case 'reopen':
        await this.#database.close()
        return this.#open()
    }
  }

  async #open(): Promise<void> {
    this.#database = await open(this.folder, { threads: 2 })
    this.handles = [await this.#collection(0), await this.#collection(1)]
  }

  #collection(on: 0 | 1): Promise<Collection<Metadata, Id>> {
    return this.#database.collection<Metadata, Id>(NAMES[on], { dimension: DIMENSION, metric: this.metric })
  }

  async #recreate(on: 0 | 1): Promise<void> {
    const old = this.handles[on]
    expect(await this.#database.drop(NAMES[on])).toBe(true)
    this.models[on].clear()
    this.handles[on] = await this.#collection(on)
    await expect(old.upsert({ id: 'leak', vector: [1, 0, 0] })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(() => old.size).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
  }

  #upsert(command: Upsert): Promise<unknown> {
    const { on, mode, batchSize, skip, flaw, abortAt, as } = command
    const abort = new AbortController()
    const records = command.records.map((record, i) => (flaw?.at === i ? flawed(record, flaw.kind) : record))
    function* yielded() {
      for (const [i, record] of records.entries()) {
        if (i === abortAt) abort.abort(new Reason())
        yield record
      }
    }
    async function* yieldedLater() {
      yield* yielded()
    }
    if (abortAt === 0) abort.abort(new Reason())
    const inputs = { one: records[0], array: records, iterable: yielded(), async: yieldedLater() }
    const onInvalid = skip ? 'skip' : 'throw'
    return this.handles[on].upsert(inputs[as] as never, { mode, batchSize, onInvalid, signal: abort.signal })
  }

  async #update(command: Update): Promise<number> {
    const { on, target, patch, vector, version, aborted } = command
    const handle = this.handles[on]
    const [only, ...others] = targetsOf(this.models[on], target)
    let ifVersion = version === 'wrong' ? 2 ** 52 : undefined
    if (version === 'right' && only !== undefined && others.length === 0) {
      ifVersion = (handle.get(only, { includeVersion: true }) as unknown as { version: number }).version
    }
    const aim = typeof target === 'object' && 'test' in target ? { filter: target.filter } : target
    const signal = aborted ? AbortSignal.abort(new Reason()) : undefined
    return handle.update(aim, patch, { vector, ifVersion, signal })
  }

  #transact({ steps, throws }: Transact): Promise<unknown> {
    return this.#database.transaction((tx) => {
      const results = steps.map((step) => this.#step(tx, step))
      if (throws) throw new Reason()
      return results
    })
  }

  #step(tx: Transaction, step: Step): unknown {
    const handle = this.handles[step.on]
    switch (step.kind) {
      case 'upsert':
        try {
          return tx.upsert(handle, step.records, { mode: step.mode })
        } catch (error) {
          if (!step.caught) throw error
          return (error as { code: string }).code
        }
      case 'update':
        return tx.update(handle, step.ids, step.patch, { vector: step.vector })
      case 'delete':
        return tx.delete(handle, step.ids)
      case 'read':
        expect(tx.has(handle, step.id)).toBe(tx.get(handle, step.id) !== undefined)
        return tx.get(handle, step.id)
    }
  }
}

/** Runs a command on a model and on the database; both must return the same, or refuse with the same code. */
async function same<M, C>(
  expected: (model: M, command: C) => unknown,
  model: M,
  command: C,
  call: () => Promise<unknown>,
): Promise<void> {
  // The call comes first: it may look at the model.
  const settled = await call().then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  try {
    expect(settled).toEqual({ value: expected(model, command) })
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused
    expect(codeOf(settled)).toBe(refused.code)
    if (refused.committed !== undefined) expect(settled).toHaveProperty('error.committed', refused.committed)
  }
}

function codeOf(settled: { value: unknown } | { error: unknown }): string {
  if ('value' in settled) return 'nothing was refused'
  if (settled.error instanceof Reason) return 'REASON'
  return (settled.error as { code?: string }).code ?? String(settled.error)
}
