import { createEngine } from './engine/create.ts'
import type { Engine, EngineHost } from './engine/engine.ts'
import { FlatEngine } from './engine/flat.ts'
import { Precisions } from './engine/precisions.ts'
import type { NativePool, NativePrecision } from './native.ts'
import type { Definition } from './store/catalogue.ts'
import { changesSince } from './store/changes-since.ts'
import type { Environment } from './store/environment.ts'
import { indexFiles } from './store/index-files.ts'
import { Replica } from './store/replica.ts'
import { readState } from './store/state.ts'

/** What queries and writes of one collection run on; shared by all handles of a JavaScript thread on it. */
export interface Source {
  readonly name: string
  readonly definition: Definition
  readonly environment: Environment
  /** The database's threads. */
  readonly pool: NativePool
  readonly replica: Replica
  /** The engine the collection was created with. */
  readonly engine: Engine
  /** The exact scan; the same object as `engine` where that is it. */
  readonly flat: Engine
  /** The matrices of Mahalanobis distances that it was asked for. */
  readonly precisions: Precisions
}

/** One `open()` of a database: what its handles may do, and what is under way through them. */
export interface Session {
  /** @throws SkalarError `CLOSED` */
  assertOpen(): void
  /** Keeps the database from closing until the work is done. @throws SkalarError `CLOSED` */
  run<T>(work: () => Promise<T>): Promise<T>
  /** The same of work that writes; what it has committed, also where it fails, is as durable as `open` was asked for. */
  write<T>(work: () => Promise<T>): Promise<T>
}

/** What stands behind a collection that a caller has. */
export interface Handle {
  readonly source: Source
  readonly session: Session
}

/**
 * A collection in memory, still empty: the first `replica.catchUp()` loads it. Its matrix, if it has one, has factors. Unless it
 * `hasFiles`, what is derived from its records stays in memory.
 *
 * @throws SkalarError `ENGINE_UNAVAILABLE`
 */
export function createSource(
  environment: Environment,
  pool: NativePool,
  name: string,
  definition: Definition,
  hasFiles: boolean,
): Source {
  const precisions = new Precisions(definition.precision)
  const host = engineHost(environment, pool, name, definition, precisions.own, hasFiles)
  const flat = new FlatEngine(host)
  const engine = createEngine(definition.index.engine, host, flat)
  const listeners = [...new Set([flat, engine]), precisions]
  const replica = new Replica(environment, name, definition, listeners)
  return { name, definition, environment, pool, replica, engine, flat, precisions }
}

function engineHost(
  environment: Environment,
  pool: NativePool,
  name: string,
  definition: Definition,
  precision: NativePrecision | undefined,
  hasFiles: boolean,
): EngineHost {
  const { dimension, metric, index, identity } = definition
  return {
    options: {
      dimension,
      metric,
      precision,
      M: index.M,
      efConstruction: index.efConstruction,
      codes: index.codes,
    },
    pool,
    indexFiles: (number) => (hasFiles ? indexFiles(environment, { identity, name }, number) : undefined),
    changedSince: (number, position) => {
      environment.refresh()
      const state = readState(environment, identity, name)
      return state.number === number ? changesSince(environment, state, position)?.slots : undefined
    },
  }
}
