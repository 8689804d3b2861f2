import fc from 'fast-check'
import type { Id, Metadata, MetricName } from '../../src/index.ts'
import { DIMENSION, filter, id, ids, type Judged, patch, record, vector } from './arbitraries.ts'
import type { Mode, ModelRecord } from './model.ts'

/** Which of the two collections. */
type On = 0 | 1

/** What is wrong with one record of an upsert. */
export type Flaw = 'id' | 'dimension' | 'component' | 'metadata' | 'nan'

export interface Upsert {
  readonly kind: 'upsert'
  readonly on: On
  readonly records: readonly ModelRecord[]
  readonly as: 'one' | 'array' | 'iterable' | 'async'
  readonly mode: Mode
  readonly batchSize: number
  readonly flaw: { readonly at: number; readonly kind: Flaw } | undefined
  readonly skip: boolean
  /** Index of the record before which the signal fires; 0 is before the call. */
  readonly abortAt: number | undefined
}

export interface Update {
  readonly kind: 'update'
  readonly on: On
  readonly target: Id | readonly Id[] | Judged
  readonly patch: Metadata
  readonly vector: Float32Array | undefined
  readonly version: 'any' | 'right' | 'wrong'
  readonly aborted: boolean
}

export interface Delete {
  readonly kind: 'delete'
  readonly on: On
  readonly target: Id | readonly Id[] | Judged
  readonly aborted: boolean
}

/** A step of a transaction; `caught` goes on after a failure. */
export type Step =
  | {
      readonly kind: 'upsert'
      readonly on: On
      readonly records: readonly ModelRecord[]
      readonly mode: Mode
      readonly caught: boolean
    }
  | {
      readonly kind: 'update'
      readonly on: On
      readonly ids: readonly Id[]
      readonly patch: Metadata
      readonly vector: Float32Array | undefined
    }
  | { readonly kind: 'delete'; readonly on: On; readonly ids: readonly Id[] }
  | { readonly kind: 'read'; readonly on: On; readonly id: Id }

export interface Transact {
  readonly kind: 'transaction'
  readonly steps: readonly Step[]
  readonly throws: boolean
}

export interface Query {
  readonly kind: 'query'
  readonly on: On
  readonly vector: Float32Array
  readonly id: Id
  readonly k: number
  readonly judged: Judged | undefined
}

export type Command =
  | Upsert
  | Update
  | Delete
  | Transact
  | Query
  | { readonly kind: 'clear'; readonly on: On }
  | { readonly kind: 'recreate'; readonly on: On }
  | { readonly kind: 'reopen' }

const on = fc.constantFrom<On>(0, 1)
const mode = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Mode>('upsert') },
  fc.constantFrom<Mode>('insert', 'update'),
)
const seldom = fc.integer({ min: 0, max: 9 }).map((n) => n === 9)
const target = fc.oneof(id, ids, filter)

function maybe<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: 3 })
}

function upsert(metric: MetricName): fc.Arbitrary<Upsert> {
  return fc
    .record({
      kind: fc.constant('upsert' as const),
      on,
      records: fc.array(record(metric), { minLength: 1, maxLength: 8 }),
      as: fc.constantFrom('one', 'array', 'iterable', 'async'),
      mode,
      batchSize: fc.integer({ min: 1, max: 4 }),
      flaw: fc.option(
        fc.record({
          at: fc.nat(7),
          kind: fc.constantFrom<Flaw>('id', 'dimension', 'component', 'metadata', 'nan'),
        }),
        { nil: undefined, freq: 4 },
      ),
      skip: fc.boolean(),
      abortAt: fc.option(fc.nat(7), { nil: undefined, freq: 6 }),
    })
    .map((command) => (command.as === 'one' ? { ...command, records: command.records.slice(0, 1) } : command))
}

function step(metric: MetricName): fc.Arbitrary<Step> {
  const records = fc.uniqueArray(record(metric), {
    minLength: 1,
    maxLength: 4,
    selector: (record) => record.id,
  })
  return fc.oneof(
    fc.record({ kind: fc.constant('upsert' as const), on, records, mode, caught: fc.boolean() }),
    fc.record({ kind: fc.constant('update' as const), on, ids, patch, vector: maybe(vector(metric)) }),
    fc.record({ kind: fc.constant('delete' as const), on, ids }),
    fc.record({ kind: fc.constant('read' as const), on, id }),
  )
}

export function commands(metric: MetricName): fc.Arbitrary<Command[]> {
  const update: fc.Arbitrary<Update> = fc.record({
    kind: fc.constant('update' as const),
    on,
    target,
    patch,
    vector: maybe(vector(metric)),
    version: fc.constantFrom('any', 'any', 'right', 'wrong'),
    aborted: seldom,
  })
  const remove: fc.Arbitrary<Delete> = fc.record({
    kind: fc.constant('delete' as const),
    on,
    target,
    aborted: seldom,
  })
  const transaction: fc.Arbitrary<Transact> = fc.record({
    kind: fc.constant('transaction' as const),
    steps: fc.array(step(metric), { maxLength: 5 }),
    throws: fc.boolean(),
  })
  const query: fc.Arbitrary<Query> = fc.record({
    kind: fc.constant('query' as const),
    on,
    vector: vector(metric),
    id,
    k: fc.integer({ min: 1, max: 12 }),
    judged: maybe(filter),
  })
  return fc.array(
    fc.oneof(
      { weight: 6, arbitrary: upsert(metric) },
      { weight: 3, arbitrary: update },
      { weight: 2, arbitrary: remove },
      { weight: 3, arbitrary: transaction },
      { weight: 4, arbitrary: query },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const), on }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('recreate' as const), on }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
    ),
    { minLength: 1, maxLength: 25, size: 'max' },
  )
}

/** A record with what makes it invalid; the id stays, so that it may collide with a good one. */
export function flawed({ id, vector, metadata }: ModelRecord, kind: Flaw): object {
  const components: unknown[] = Array.from(vector)
  switch (kind) {
    case 'id':
      return { id: '', vector, metadata }
    case 'metadata':
      return { id, vector, metadata: { ...metadata, call: () => 0 } }
    case 'dimension':
      return { id, vector: new Float32Array(DIMENSION + 1), metadata }
    case 'component':
      return { id, vector: [...components.slice(0, -1).map(() => 99), 'text'], metadata }
    case 'nan':
      return { id, vector: [...components.slice(0, -1).map(() => 99), Number.NaN], metadata }
  }
}

export const FLAW_CODES: Readonly<Record<Flaw, string>> = {
  id: 'BAD_ID',
  metadata: 'BAD_METADATA',
  dimension: 'DIMENSION_MISMATCH',
  component: 'BAD_VECTOR',
  nan: 'BAD_VECTOR',
}
